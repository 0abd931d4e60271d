//! An empty store in a folder of its own, for the tests of other crates.

pub mod history;

use std::sync::Arc;

use sqlite::Durability;
use store::Store;
use store::keyring::{KEY_BYTES, Keyring};
use tempfile::TempDir;

use crate::SqliteStore;

/// The keyring of the stores that [`open`] makes.
pub fn keyring() -> Arc<Keyring> {
    Arc::new(Keyring::read(&Keyring::write(1, &[7; KEY_BYTES])).expect("what is written can be read"))
}

/// An empty store; its folder is gone when the second value is dropped. It survives its process, but no power cut.
pub fn open() -> (Arc<dyn Store>, TempDir) {
    let folder = TempDir::new().expect("a temporary folder can be made");
    (reopen(&folder), folder)
}

/// The same store once more, as another process would open it.
pub fn reopen(folder: &TempDir) -> Arc<dyn Store> {
    reopen_with(folder, keyring())
}

/// The same with other keys.
pub fn reopen_with(folder: &TempDir, keyring: Arc<Keyring>) -> Arc<dyn Store> {
    let path = folder.path().join("schoolbell.db");
    Arc::new(SqliteStore::open_with(&path, keyring, Durability::Off).expect("the store can be opened"))
}
