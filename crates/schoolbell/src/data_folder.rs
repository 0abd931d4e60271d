//! The folder that holds all that a platform keeps: its database and the key that its secrets are sealed under.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use domain::random::Random;
use store::Store;
use store::keyring::{KEY_BYTES, Keyring};
use store_sqlite::SqliteStore;

const DATABASE: &str = "schoolbell.db";
const KEY: &str = "schoolbell.key";
const LOCK: &str = "schoolbell.lock";
const OPENING: &str = "schoolbell.opening";
/// Holds the keys instead of the file, where a secret store hands them to the process.
const KEY_VARIABLE: &str = "SCHOOLBELL_KEY";

/// An opened data folder.
pub(crate) struct DataFolder {
    /// The database in it.
    pub(crate) store: Arc<dyn Store>,
    /// The key in it, or in the environment.
    pub(crate) keyring: Arc<Keyring>,
}

/// Held by the one process that serves from a folder; others may still look at it and change it.
#[derive(Debug)]
pub(crate) struct ServeLock {
    _file: File,
}

impl DataFolder {
    /// Opens the folder; makes it, its key and its database if they are not there.
    pub(crate) fn open(folder: &Path, random: &dyn Random) -> Result<Self> {
        make(folder)?;
        let _opening = opening(folder)?;
        let keyring = Arc::new(keyring(folder, random)?);
        let path = folder.join(DATABASE);
        let store = SqliteStore::open(&path, keyring.clone())
            .with_context(|| format!("opening the database {}", path.display()))?;
        Ok(DataFolder { store: Arc::new(store), keyring })
    }

    /// Opens a folder that must be there already, so that a mistyped name does not make a new platform.
    pub(crate) fn open_existing(folder: &Path, random: &dyn Random) -> Result<Self> {
        if !database(folder).exists() {
            bail!(
                "there is no platform in {}: make one with `schoolbell serve --data {0}` or `schoolbell sandbox --data {0}`",
                folder.display()
            );
        }
        DataFolder::open(folder, random)
    }
}

/// Where the database of a folder is.
pub(crate) fn database(folder: &Path) -> PathBuf {
    folder.join(DATABASE)
}

/// Claims the folder for serving.
pub(crate) fn lock(folder: &Path) -> Result<ServeLock> {
    make(folder)?;
    let path = folder.join(LOCK);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.with_context(|| format!("opening {}", path.display()))?;
    if file.try_lock().is_err() {
        bail!("another schoolbell serves from {} already; one data folder is for one node", folder.display());
    }
    Ok(ServeLock { _file: file })
}

fn keyring(folder: &Path, random: &dyn Random) -> Result<Keyring> {
    if let Ok(text) = std::env::var(KEY_VARIABLE) {
        return Keyring::read(&text).with_context(|| format!("reading the key in {KEY_VARIABLE}"));
    }
    let path = folder.join(KEY);
    if !path.exists() {
        // A new key for an old database would leave its secrets unreadable, and nobody would notice at once.
        if database(folder).exists() {
            bail!("the key {} is gone, and the secrets in the database cannot be read without it", path.display());
        }
        write_key(&path, random).with_context(|| format!("writing the key {}", path.display()))?;
    }
    let text = fs::read_to_string(&path).with_context(|| format!("reading the key {}", path.display()))?;
    Keyring::read(&text).with_context(|| format!("reading the key {}", path.display()))
}

/// Written whole and synced under another name, and then renamed: a crash leaves a whole key or none. Nobody else writes one at
/// the same time, see [`opening`].
fn write_key(path: &Path, random: &dyn Random) -> std::io::Result<()> {
    let mut key = [0; KEY_BYTES];
    random.fill(&mut key);
    let unfinished = path.with_extension("key.new");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&unfinished)?;
    file.write_all(Keyring::write(1, &key).as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// Held while a folder is opened, so that of processes that start together the first makes what the others find.
fn opening(folder: &Path) -> Result<File> {
    let path = folder.join(OPENING);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.with_context(|| format!("opening {}", path.display()))?;
    file.lock().with_context(|| format!("locking {}", path.display()))?;
    Ok(file)
}

/// Makes a folder for what concerns people: it is for its owner only.
pub(crate) fn make(folder: &Path) -> Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("making the data folder {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::SystemRandom;

    #[test]
    fn a_folder_keeps_its_key_and_guards_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let first = DataFolder::open(folder.path(), &SystemRandom).unwrap().keyring.digest("a", "b");
        assert!(DataFolder::open(folder.path(), &SystemRandom).unwrap().keyring.digest("a", "b") == first);
        let mode = fs::metadata(folder.path().join(KEY)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn processes_that_start_together_agree_on_one_key() {
        for _ in 0..50 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("new");
            let open = || DataFolder::open(&path, &SystemRandom).unwrap().keyring.digest("a", "b");
            let digests = std::thread::scope(|scope| {
                let starts: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
                starts.into_iter().map(|start| start.join().unwrap()).collect::<Vec<_>>()
            });
            assert!(digests.iter().all(|digest| *digest == open()));
        }
    }

    #[test]
    fn a_database_without_its_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        DataFolder::open(folder.path(), &SystemRandom).unwrap();
        fs::remove_file(folder.path().join(KEY)).unwrap();
        let error = DataFolder::open(folder.path(), &SystemRandom).err().unwrap().to_string();
        assert!(error.contains("is gone"), "{error}");
    }

    #[test]
    fn a_folder_is_served_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let held = lock(folder.path()).unwrap();
        assert!(lock(folder.path()).unwrap_err().to_string().contains("already"));
        drop(held);
        lock(folder.path()).unwrap();
    }

    #[test]
    fn an_empty_folder_is_no_platform() {
        let folder = tempfile::tempdir().unwrap();
        let error = DataFolder::open_existing(folder.path(), &SystemRandom).err().unwrap().to_string();
        assert!(error.contains("there is no platform"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
