//! The files of uploaded packages.

use axum::body::Body;
use axum::http::Request;
use domain::change::Change;
use domain::clock::Clock;
use domain::id::PackageId;
use domain::learning_object::{Content, LifecycleState};
use domain::package::{CHUNK_BYTES_MAX, Package, PackageEdition, PackagePiece};
use serde_json::json;
use store::learning_object::LearningObjectRef;

use crate::app::{Answer, App, PLAYER};

/// What is in a file that takes more than two chunks.
fn video() -> Vec<u8> {
    (0..2 * CHUNK_BYTES_MAX + 1_000).map(|n| (n % 251) as u8).collect()
}

/// Uploads a package for the course of the application.
async fn upload(app: &App) -> PackageId {
    let id = PackageId::draw(&*app.random);
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("index.html", b"<h1>Run</h1>".to_vec()),
        ("a b/video.mp4", video()),
        ("empty.txt", Vec::new()),
        ("strange.exe", b"MZ".to_vec()),
    ];
    let package = Package {
        id: id.clone(),
        portal_id: app.partner_id,
        lo_id: app.lo_id,
        edition: PackageEdition::Scorm12,
        title: "Run".to_owned(),
        entry: "index.html?a=1#top".to_owned(),
        launch_data: Some("x=1".to_owned()),
        mastery_score: Some("80".to_owned()),
        files: files.len() as u32,
        bytes: files.iter().map(|(_, bytes)| bytes.len() as u64).sum(),
        created_at: app.clock.now(),
    };
    app.store.save_package(package, u64::MAX >> 1).await.unwrap();
    for (path, bytes) in files {
        let mut chunks: Vec<&[u8]> = bytes.chunks(CHUNK_BYTES_MAX).collect();
        if chunks.is_empty() {
            chunks.push(&[]);
        }
        for (n, chunk) in chunks.into_iter().enumerate() {
            let piece = PackagePiece {
                path: path.to_owned(),
                file_bytes: bytes.len() as u64,
                n: n as u32,
                bytes: chunk.to_vec(),
            };
            app.store.save_package_pieces(&id, vec![piece]).await.unwrap();
        }
    }
    let by_id = LearningObjectRef::Id(app.lo_id);
    let mut lo = app.store.find_learning_object(app.partner_id, &by_id).await.unwrap().unwrap();
    lo.content = Some(Content::Package(id.clone()));
    app.store.save_package_content(&id, Change::silent(lo)).await.unwrap();
    id
}

async fn get(app: &App, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_package_is_played_from_its_files() {
    let app = App::new().await;
    let id = upload(&app).await;
    let destination = app.destination(|_| {}).await;
    let opened = app.open(&app.launch(&app.lms(&destination, "ada")).await.ok()).await;
    let expected = json!({"package": {
        "entry_url": format!("{PLAYER}/package/{id}/index.html?a=1#top"),
        "edition": "1.2",
        "launch_data": "x=1",
        "mastery_score": "80",
    }});
    assert_eq!(opened["learning_object"]["content"], expected);
    for (path, content_type, bytes) in [
        ("index.html?a=1", "text/html", b"<h1>Run</h1>".to_vec()),
        ("a%20b/video.mp4", "video/mp4", video()),
        ("empty.txt", "text/plain", Vec::new()),
        ("strange.exe", "application/octet-stream", b"MZ".to_vec()),
    ] {
        let answer = get(&app, &format!("/package/{id}/{path}"), &[]).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(content_type)), "{path}");
        assert_eq!(answer.header("content-length"), Some(bytes.len().to_string().as_str()));
        assert_eq!(answer.header("accept-ranges"), Some("bytes"));
        assert!(answer.bytes == bytes, "{path}");
    }
    let head = Request::head(format!("/package/{id}/a%20b/video.mp4")).body(Body::empty()).unwrap();
    let head = app.send(head).await;
    assert_eq!((head.status, head.bytes.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some(video().len().to_string().as_str()));
}

#[tokio::test]
async fn parts_of_a_file_are_given() {
    let app = App::new().await;
    let id = upload(&app).await;
    let path = format!("/package/{id}/a%20b/video.mp4");
    let (all, chunk) = (video(), CHUNK_BYTES_MAX);
    for (range, from, to) in [
        ("bytes=0-0".to_owned(), 0, 1),
        (format!("bytes={}-{}", chunk - 2, chunk + 1), chunk - 2, chunk + 2),
        (format!("bytes={chunk}-"), chunk, all.len()),
        ("bytes=-5".to_owned(), all.len() - 5, all.len()),
        (format!("bytes=1-{}", all.len() * 2), 1, all.len()),
    ] {
        let answer = get(&app, &path, &[("Range", &range)]).await;
        assert_eq!(answer.status, 206, "{range}");
        let expected = format!("bytes {from}-{}/{}", to - 1, all.len());
        assert_eq!(answer.header("content-range"), Some(expected.as_str()));
        assert!(answer.bytes == all[from..to], "{range}");
    }
    let beyond = get(&app, &path, &[("Range", &format!("bytes={}-", all.len()))]).await;
    assert_eq!((beyond.status, beyond.header("content-range")), (416, Some(format!("bytes */{}", all.len()).as_str())));
    let etag = format!("\"{id}\"");
    let part = get(&app, &path, &[("Range", "bytes=0-0"), ("If-Range", &etag)]).await;
    assert_eq!((part.status, part.header("etag")), (206, Some(etag.as_str())));
    let other = get(&app, &path, &[("Range", "bytes=0-0"), ("If-Range", "\"other\"")]).await;
    assert_eq!((other.status, other.bytes.len()), (200, all.len()));
    assert_eq!(get(&app, &path, &[("If-None-Match", &etag)]).await.status, 304);
}

#[tokio::test]
async fn what_is_not_in_the_package_is_not_there() {
    let app = App::new().await;
    let id = upload(&app).await;
    let other = PackageId::draw(&*app.random);
    for path in [
        format!("/package/{id}/nothing.html"),
        format!("/package/{id}/INDEX.HTML"),
        format!("/package/{id}/..%2Findex.html"),
        format!("/package/{id}/a%20b"),
        format!("/package/{other}/index.html"),
        "/package/../../etc/passwd".to_owned(),
        "/package/x/index.html".to_owned(),
    ] {
        assert_eq!(get(&app, &path, &[]).await.status, 404, "{path}");
    }
    let path = format!("/package/{id}/index.html");
    get(&app, &path, &[("Service-Worker", "script")]).await.refused(403, "no_service_worker");
    app.change_content(app.lo_id, |lo| lo.state = LifecycleState::Removed).await;
    get(&app, &path, &[]).await.refused(410, "removed");
}
