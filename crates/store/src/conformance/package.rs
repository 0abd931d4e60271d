//! Uploaded packages.

use std::sync::Arc;

use domain::change::Change;
use domain::id::{LearningObjectId, PackageId};
use domain::learning_object::{Content, LearningObject};
use domain::package::{CHUNK_BYTES_MAX, Package, PackageEdition, PackageFile, PackagePiece};
use domain::random::Random;

use super::world::{World, at};
use crate::Store;
use crate::error::StoreError;
use crate::learning_object::LearningObjectRef;

/// More than all packages of a case.
const BYTES_MAX: u64 = 1 << 30;
/// The files of the packages of these cases: an empty one, one of a chunk, and one of a chunk and a little.
const FILES: [(&str, usize); 3] =
    [("index.html", CHUNK_BYTES_MAX), ("a b/ü.mp4", CHUNK_BYTES_MAX + 3), ("empty.txt", 0)];
const BYTES: u64 = 2 * CHUNK_BYTES_MAX as u64 + 3;

impl World {
    async fn content(&self, lo_id: LearningObjectId) -> LearningObject {
        let reference = LearningObjectRef::Id(lo_id);
        self.store.find_learning_object(self.partner, &reference).await.unwrap().unwrap()
    }

    /// A package for the course that is not stored yet.
    fn package(&self) -> Package {
        Package {
            id: PackageId::draw(&self.random as &dyn Random),
            portal_id: self.partner,
            lo_id: self.lo,
            edition: PackageEdition::Scorm2004Third,
            title: "Fire safety".to_owned(),
            entry: "index.html?a=1".to_owned(),
            launch_data: Some("lo=1".to_owned()),
            mastery_score: Some("80".to_owned()),
            files: FILES.len() as u32,
            bytes: BYTES,
            created_at: at(0),
        }
    }

    /// Begins a package and stores all its files.
    async fn add_files(&self, package: &Package) {
        self.store.save_package(package.clone(), BYTES_MAX).await.unwrap();
        for (path, length) in FILES {
            for n in 0..length.div_ceil(CHUNK_BYTES_MAX).max(1) {
                let bytes = vec![n as u8 + 1; (length - n * CHUNK_BYTES_MAX).min(CHUNK_BYTES_MAX)];
                self.store.save_package_pieces(&package.id, vec![piece(path, length, n as u32, bytes)]).await.unwrap();
            }
        }
    }

    /// Makes a package the content of the course at this second.
    async fn play(&self, package: &Package, second: i64) -> Result<(), StoreError> {
        let mut lo = self.content(package.lo_id).await;
        lo.content = Some(Content::Package(package.id.clone()));
        lo.updated_at = at(second);
        self.store.save_package_content(&package.id, Change::silent(lo)).await
    }

    async fn is_found(&self, id: &PackageId) -> bool {
        let package = self.store.find_package(id).await.unwrap().is_some();
        let file = self.store.find_package_file(id, FILES[0].0).await.unwrap().is_some();
        let chunk = self.store.read_package_chunk(id, FILES[0].0, 0).await.unwrap().is_some();
        assert!(package == file && file == chunk, "all of a package is found, or nothing");
        package
    }

    /// Prunes in steps of so many rows until nothing is left to prune, and says how many there were.
    async fn prune(&self, unfinished_before: i64, replaced_before: i64) -> u64 {
        let mut pruned = 0;
        for _ in 0..100 {
            match self.store.prune_packages(at(unfinished_before), at(replaced_before), 2).await.unwrap() {
                0 => return pruned,
                rows => {
                    assert!(rows <= 2, "a step is small");
                    pruned += rows;
                }
            }
        }
        panic!("pruning comes to an end");
    }
}

fn piece(path: &str, file_bytes: usize, n: u32, bytes: Vec<u8>) -> PackagePiece {
    PackagePiece { path: path.to_owned(), file_bytes: file_bytes as u64, n, bytes }
}

/// Every kind of content comes back as it was given, and goes when it is taken away.
pub async fn what_is_played_is_kept(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let kinds =
        [Content::text("# Fire"), Content::video("https://example.com/a.mp4"), Content::link("http://a.example/")];
    for content in kinds.map(Result::ok).into_iter().chain([None]) {
        let lo = LearningObject { content: content.clone(), ..world.content(world.lo).await };
        world.store.save_learning_object(Change::silent(lo)).await.unwrap();
        assert_eq!(world.content(world.lo).await.content, content);
    }
}

/// A package is found once it is the content of its learning object, all of it at once.
pub async fn a_package_is_found_when_it_is_whole(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let package = world.package();
    world.add_files(&package).await;
    assert!(!world.is_found(&package.id).await);
    world.play(&package, 5).await.unwrap();
    assert_eq!(world.content(world.lo).await.content, Some(Content::Package(package.id.clone())));
    assert_eq!(world.store.find_package(&package.id).await.unwrap(), Some(package.clone()));
    for (path, length) in FILES {
        let file = world.store.find_package_file(&package.id, path).await.unwrap().unwrap();
        assert_eq!(file, PackageFile { path: path.to_owned(), bytes: length as u64 });
        let mut read = Vec::new();
        for n in 0.. {
            let chunk = world.store.read_package_chunk(&package.id, path, n).await.unwrap();
            let Some(chunk) = chunk else { break };
            assert!(chunk.iter().all(|&byte| byte == n as u8 + 1));
            read.extend(chunk);
        }
        assert_eq!(read.len(), length);
    }
    assert_eq!(world.store.find_package_file(&package.id, "INDEX.html").await.unwrap(), None);
    assert!(!world.is_found(&PackageId::draw(&world.random as &dyn Random)).await);
}

/// What is not whole, or is another content's, does not become the content of a learning object.
pub async fn half_a_package_is_none(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let check = async |package: &Package| {
        assert!(matches!(world.play(package, 5).await, Err(StoreError::Conflict)));
        assert!(!world.is_found(&package.id).await);
        assert_eq!(world.content(world.lo).await.content, None);
    };
    check(&world.package()).await;
    let of_few_files = Package { files: 4, ..world.package() };
    world.add_files(&of_few_files).await;
    check(&of_few_files).await;
    let too_short = Package { bytes: BYTES + 1, ..world.package() };
    world.add_files(&too_short).await;
    check(&too_short).await;
    let without_a_chunk = Package { files: 1, bytes: CHUNK_BYTES_MAX as u64 + 1, ..world.package() };
    world.store.save_package(without_a_chunk.clone(), BYTES_MAX).await.unwrap();
    let first = piece("a", CHUNK_BYTES_MAX + 1, 0, vec![1; CHUNK_BYTES_MAX]);
    world.store.save_package_pieces(&without_a_chunk.id, vec![first]).await.unwrap();
    check(&without_a_chunk).await;
    let other = world.add_content(world.partner, "Other").await;
    let of_other = Package { lo_id: other, ..world.package() };
    world.add_files(&of_other).await;
    check(&Package { lo_id: world.lo, ..of_other.clone() }).await;
    world.play(&of_other, 5).await.unwrap();
}

/// A file has one beginning and each of its chunks once, and nothing is added to what is whole.
pub async fn pieces_come_once_and_in_order(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let package = world.package();
    let refused = async |pieces: Vec<PackagePiece>| {
        let saved = world.store.save_package_pieces(&package.id, pieces).await;
        assert!(matches!(saved, Err(StoreError::Conflict)));
    };
    refused(vec![piece("a", 1, 0, vec![1])]).await;
    world.store.save_package(package.clone(), BYTES_MAX).await.unwrap();
    refused(vec![piece("a", 1, 0, vec![1]), piece("a", 1, 0, vec![1])]).await;
    refused(vec![piece("a", 1, 1, vec![1])]).await;
    let other = world.package();
    world.add_files(&other).await;
    world.play(&other, 5).await.unwrap();
    let saved = world.store.save_package_pieces(&other.id, vec![piece("more", 1, 0, vec![1])]).await;
    assert!(matches!(saved, Err(StoreError::Conflict)));
}

/// A package that is replaced, by another or by content of another kind, can be fetched for a while and is pruned then.
pub async fn what_is_replaced_goes_later(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let [first, second] = [world.package(), world.package()];
    for (package, second) in [(&first, 10), (&second, 20)] {
        world.add_files(package).await;
        world.play(package, second).await.unwrap();
    }
    assert!(world.is_found(&first.id).await && world.is_found(&second.id).await);
    assert_eq!(world.prune(100, 20).await, 0, "its time is not over");
    let rows_of_one = 3 + FILES.len() as u64 + 1;
    assert_eq!(world.prune(100, 21).await, rows_of_one);
    assert!(!world.is_found(&first.id).await && world.is_found(&second.id).await);
    let lo = LearningObject { content: None, updated_at: at(30), ..world.content(world.lo).await };
    world.store.save_learning_object(Change::silent(lo)).await.unwrap();
    assert!(world.is_found(&second.id).await);
    assert_eq!(world.prune(0, 31).await, rows_of_one);
    assert!(!world.is_found(&second.id).await);
}

/// A change of anything else leaves the package where it is.
pub async fn a_change_of_something_else_keeps_the_package(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let package = world.package();
    world.add_files(&package).await;
    world.play(&package, 10).await.unwrap();
    let lo = LearningObject { title: "Fire!".to_owned(), updated_at: at(30), ..world.content(world.lo).await };
    world.store.save_learning_object(Change::silent(lo)).await.unwrap();
    assert_eq!(world.prune(100, 100).await, 0);
    assert!(world.is_found(&package.id).await);
}

/// An upload that ended half way is pruned, and nothing can be added to it from the first step on.
pub async fn what_is_never_finished_is_pruned(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let package = Package { created_at: at(10), ..world.package() };
    world.add_files(&package).await;
    assert_eq!(world.prune(10, 100).await, 0, "its time is not over");
    assert_eq!(world.store.prune_packages(at(11), at(0), 1).await.unwrap(), 1);
    let saved = world.store.save_package_pieces(&package.id, vec![piece("more", 1, 0, vec![1])]).await;
    assert!(matches!(saved, Err(StoreError::Conflict)));
    assert!(matches!(world.play(&package, 20).await, Err(StoreError::Conflict)));
    assert_eq!(world.prune(0, 0).await, 3 + FILES.len() as u64);
}

/// All packages of a portal together have a limit; pruned ones do not count.
pub async fn a_portal_has_room_for_so_much(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let package = world.package();
    world.add_files(&package).await;
    let room_for = async |portal_id, bytes| {
        let package = Package { portal_id, ..world.package() };
        match world.store.save_package(package, bytes).await {
            Ok(()) => true,
            Err(StoreError::LimitReached(_)) => false,
            Err(error) => panic!("{error}"),
        }
    };
    assert!(!room_for(world.partner, 2 * BYTES - 1).await);
    assert!(room_for(world.stranger, BYTES).await);
    assert!(!room_for(world.stranger, BYTES).await);
    assert!(room_for(world.partner, 2 * BYTES).await);
    world.prune(1, 1).await;
    assert!(room_for(world.partner, BYTES).await);
}
