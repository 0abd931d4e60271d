//! What is played: texts, videos, links, and SCORM packages that are uploaded.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use bytes::Bytes;
use contract::api::learning_object::{Content, LearningObject};
use domain::clock::Clock;
use domain::id::PackageId;
use domain::learning_object::Content as Played;
use domain::package::REPLACED_FOR;
use futures_util::{StreamExt, stream};
use gateway::gateway::Settings;
use jiff::SignedDuration;
use scorm::testing::{MANIFEST, archive, course};
use serde_json::{Value, json};
use store::learning_object::LearningObjectRef;

use crate::answer::Answer;
use crate::app::{App, Caller};

async fn show(caller: &Caller<'_>, lo: &LearningObject) -> Option<Content> {
    caller.get(&format!("/learning-objects/{}?include[]=content", lo.lo_id)).await.expect::<LearningObject>(200).content
}

async fn upload(caller: &Caller<'_>, lo: &LearningObject, body: impl Into<Body>) -> Answer {
    caller.send(Method::PUT, &format!("/learning-objects/{}/package", lo.lo_id), body).await
}

/// The package that is the content, as the store has it.
async fn package_of(app: &App, lo: &LearningObject) -> PackageId {
    let reference = LearningObjectRef::Id(lo.lo_id.parse().unwrap());
    let stored = app.store.find_learning_object(app.customer.portal_id, &reference).await.unwrap().unwrap();
    let Some(Played::Package(id)) = stored.content else { panic!("{:?}", stored.content) };
    id
}

async fn file(app: &App, id: &PackageId, path: &str) -> Option<Vec<u8>> {
    let found = app.store.find_package_file(id, path).await.unwrap()?;
    let mut read = Vec::new();
    for n in 0.. {
        let Some(chunk) = app.store.read_package_chunk(id, path, n).await.unwrap() else { break };
        read.extend(chunk);
    }
    assert_eq!(read.len() as u64, found.bytes);
    Some(read)
}

#[tokio::test]
async fn what_is_played_is_said_and_shown_to_who_asks() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    for content in [
        json!({"text": "# Fire\n\nRun."}),
        json!({"video_url": "https://cdn.example.com/fire.mp4"}),
        json!({"link_url": "http://intranet.example.com/fire"}),
    ] {
        let asked = json!({"core": {"title": "Fire safety"}, "content": content});
        let made: LearningObject = customer.post("/learning-objects", asked).await.expect(201);
        assert_eq!(serde_json::to_value(show(&customer, &made).await).unwrap(), content);
        assert_eq!(made.content, show(&customer, &made).await);
        let bare: LearningObject = customer.get(&format!("/learning-objects/{}", made.id)).await.expect(200);
        assert_eq!(bare.content, None);

        let path = format!("/learning-objects/{}/set", made.lo_id);
        let set: LearningObject = customer.post(&path, json!({"topics": {"items": []}})).await.expect(200);
        assert_eq!((set.content, show(&customer, &made).await), (None, made.content.clone()), "what is absent stays");
        let other = json!({"text": "Other."});
        let set: LearningObject = customer.post(&path, json!({"content": other})).await.expect(200);
        assert_eq!(serde_json::to_value(&set.content).unwrap(), other);
        assert_eq!(show(&customer, &made).await, set.content);
        customer.post(&path, json!({"content": null})).await.expect::<LearningObject>(200);
        assert_eq!(show(&customer, &made).await, None);
    }
}

#[tokio::test]
async fn what_cannot_be_played_names_the_field() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let lo = customer.content("Fire safety").await;
    for (content, field, words) in [
        (json!({}), "content", "exactly one of"),
        (json!({"text": "x", "link_url": "https://example.com"}), "content", "exactly one of"),
        (json!({"package": {"title": "x"}}), "content", "PUT"),
        (json!({"text": ""}), "content.text", "1 to 65536"),
        (json!({"text": "x".repeat(65_537)}), "content.text", "1 to 65536"),
        (json!({"video_url": "javascript:alert(1)"}), "content.video_url", "https://"),
        (json!({"link_url": "https://ada:secret@example.com"}), "content.link_url", "password"),
        (json!({"link_url": 7}), "content.link_url", "expected a string"),
    ] {
        let asked = json!({"core": {"title": "x"}, "content": content});
        customer.post("/learning-objects", asked).await.expect_field(field, words);
        let path = format!("/learning-objects/{}/set", lo.lo_id);
        customer.post(&path, json!({"content": content})).await.expect_field(field, words);
    }
}

#[tokio::test]
async fn an_uploaded_package_is_what_is_played() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let lo = customer.content("Fire safety").await;
    let video: Vec<u8> = (0..2_500_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let zip = course(&[("my course/video.mp4", &video), ("empty.txt", b"")]);
    let answered: LearningObject = upload(&customer, &lo, zip).await.expect(200);
    assert_eq!(answered.content, show(&customer, &lo).await);
    let package = answered.content.unwrap().package.unwrap();
    assert_eq!((package.title.as_str(), package.edition.as_str(), package.files), ("Fire safety", "1.2", 4));
    assert!(package.bytes > video.len() as u64);
    let id = package_of(&app, &lo).await;
    assert_eq!(file(&app, &id, "imsmanifest.xml").await.unwrap(), MANIFEST.as_bytes());
    assert_eq!(file(&app, &id, "my course/video.mp4").await.unwrap(), video);
    assert_eq!(file(&app, &id, "empty.txt").await.unwrap(), b"");
    assert_eq!(file(&app, &id, "../empty.txt").await, None);
    let said = customer.get(&format!("/learning-objects/{}?include=content", lo.lo_id)).await.text;
    assert!(!said.contains(id.as_str()), "who has the id may fetch the files");
}

#[tokio::test]
async fn another_package_takes_its_place_and_the_first_goes_later() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let lo = customer.content("Fire safety").await;
    upload(&customer, &lo, course(&[])).await.expect::<LearningObject>(200);
    let first = package_of(&app, &lo).await;
    upload(&customer, &lo, course(&[("more.txt", b"x")])).await.expect::<LearningObject>(200);
    let second = package_of(&app, &lo).await;
    assert_ne!(first, second);
    assert!(file(&app, &first, "index.html").await.is_some() && file(&app, &second, "more.txt").await.is_some());
    let prune = async || {
        let before = app.clock.now().checked_sub(REPLACED_FOR).unwrap();
        while app.store.prune_packages(before, before, 100).await.unwrap() > 0 {}
    };
    app.clock.advance(SignedDuration::from_hours(1));
    prune().await;
    assert!(file(&app, &first, "index.html").await.is_some());
    app.clock.advance(REPLACED_FOR);
    prune().await;
    assert!(file(&app, &first, "index.html").await.is_none() && file(&app, &second, "more.txt").await.is_some());
}

#[tokio::test]
async fn what_is_wrong_with_an_archive_is_said_and_leaves_nothing() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let lo = customer.content("Fire safety").await;
    let manifest = MANIFEST.as_bytes();
    let mut damaged = course(&[("video.mp4", &[7; 5_000])]);
    let at = damaged.windows(9).position(|window| window == b"video.mp4").unwrap() + 12;
    damaged[at] ^= 0xff;
    for (archive, words) in [
        (b"hello".to_vec(), "not a zip archive"),
        (archive(&[("index.html", b"x")]), "no imsmanifest.xml"),
        (archive(&[("course/imsmanifest.xml", manifest)]), "in the folder \"course\""),
        (archive(&[("imsmanifest.xml", manifest)]), "\"index.html\", which is not in the archive"),
        (archive(&[("imsmanifest.xml", b"<manifest/>")]), "schemaversion"),
        (course(&[("a\\b", b"x")]), "backslash"),
        (damaged, "\"video.mp4\" in the archive is damaged"),
    ] {
        let refusal = upload(&customer, &lo, archive).await.expect_refusal(400, words);
        assert_eq!(refusal["error_code"], "invalid_package");
    }
    assert_eq!(show(&customer, &lo).await, None);
    let stored = sqlite::rusqlite::Connection::open(app.folder.path().join("schoolbell.db")).unwrap();
    let rows: i64 = stored.query_row("SELECT count(*) FROM packages", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn who_may_not_upload_is_refused_before_anything_is_read() {
    let app = App::new().await;
    let lo = app.as_(&app.partner).content("Fire safety").await;
    let held = json!({"lo": [lo.lo_id]});
    app.as_(&app.customer).post("/v2/collections/default/items/add", held).await.expect_nothing(204);
    let never = || Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
    upload(&app.as_(&app.customer), &lo, never()).await.expect_refusal(403, "belongs to another portal");
    upload(&app.as_(&app.sibling), &lo, never()).await.expect_refusal(404, "no learning object");
    upload(&app.anybody(), &lo, never()).await.expect_refusal(401, "Invalid credentials");
    let form = app.as_(&app.partner).header("Content-Type", "multipart/form-data; boundary=x");
    let request = form.request(Method::PUT, &format!("/learning-objects/{}/package", lo.lo_id), never());
    let mut request = request;
    request.headers_mut().insert("content-type", "multipart/form-data; boundary=x".parse().unwrap());
    app.send(request).await.expect_refusal(415, "not a form");
}

#[tokio::test]
async fn archives_and_all_of_a_portal_have_limits() {
    let zip = course(&[("noise", &(0..2_000_u32).map(|n| (n * n % 251) as u8).collect::<Vec<_>>())]);
    let settings =
        |package_bytes_max| Settings { package_bytes_max, packages_per_portal_bytes_max: 5_000, ..Settings::default() };
    let app = App::with(settings(zip.len())).await;
    let customer = app.as_(&app.customer);
    let lo = customer.content("Fire safety").await;
    let chunks = |bytes: Vec<u8>| {
        Body::from_stream(stream::iter(
            bytes.chunks(100).map(Bytes::copy_from_slice).map(Ok::<_, std::io::Error>).collect::<Vec<_>>(),
        ))
    };
    upload(&customer, &lo, zip.clone()).await.expect::<LearningObject>(200);
    upload(&customer, &lo, chunks(zip.clone())).await.expect_refusal(409, "5000 bytes together");
    let longer = [zip.clone(), vec![0]].concat();
    upload(&customer, &lo, longer.clone()).await.expect_refusal(413, "at most");
    upload(&customer, &lo, chunks(longer)).await.expect_refusal(413, "at most");
    let broken = stream::iter([Ok(Bytes::from_static(b"PK")), Err(std::io::Error::other("gone"))]);
    upload(&customer, &lo, Body::from_stream(broken)).await.expect_refusal(400, "broke off");
}

#[tokio::test(start_paused = true)]
async fn a_slow_upload_is_waited_for_and_a_silent_one_is_not() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let lo = customer.content("Fire safety").await;
    let zip = course(&[]);
    let slow = |pause: u64| {
        let pieces = zip.chunks(zip.len() / 20).map(Bytes::copy_from_slice).collect::<Vec<_>>();
        Body::from_stream(stream::iter(pieces).then(move |piece| async move {
            tokio::time::sleep(Duration::from_secs(pause)).await;
            Ok::<_, std::io::Error>(piece)
        }))
    };
    upload(&customer, &lo, slow(29)).await.expect::<LearningObject>(200);
    upload(&customer, &lo, slow(31)).await.expect_refusal(408, "nothing came for 30 s");
}

#[tokio::test]
async fn a_portal_uploads_one_at_a_time() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let lo = customer.content("Fire safety").await;
    let theirs = app.as_(&app.sibling).content("Other").await;
    let (rest, pieces) = tokio::sync::mpsc::channel::<Bytes>(1);
    let pieces =
        stream::unfold(pieces, async |mut pieces| Some((Ok::<_, std::io::Error>(pieces.recv().await?), pieces)));
    let body = Body::from_stream(pieces);
    let zip = course(&[]);
    rest.send(Bytes::copy_from_slice(&zip[..10])).await.unwrap();
    let first = upload(&customer, &lo, body);
    let others = async {
        // The first has begun: a part of it was taken, and there is room for the next.
        rest.reserve().await.unwrap();
        upload(&customer, &lo, course(&[])).await.expect_refusal(409, "one at a time");
        upload(&app.as_(&app.sibling), &theirs, course(&[])).await.expect::<LearningObject>(200);
        rest.send(Bytes::copy_from_slice(&zip[10..])).await.unwrap();
        drop(rest);
    };
    let (first, ()) = tokio::join!(first, others);
    first.expect::<LearningObject>(200);
    upload(&customer, &lo, course(&[])).await.expect::<LearningObject>(200);
}

#[tokio::test]
async fn an_upload_is_noted_once_it_is_played() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let lo = customer.content("Fire safety").await;
    upload(&customer, &lo, b"hello".to_vec()).await.expect_refusal(400, "not a zip");
    upload(&customer, &lo, course(&[])).await.expect::<LearningObject>(200);
    let entries: Value = customer.get("/audit-entries?action=learning_object.update").await.expect(200);
    assert_eq!(entries["total"], 1, "{entries}");
    assert!(entries.to_string().contains("package"), "{entries}");
}
