//! SCORM packages: contract, section 8.1.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::sync::Arc;

use contract::api::destination::Destination;
use contract::api::learning_object::LearningObject;
use contract::api::page::Page;
use domain::change::Change;
use domain::clock::Clock;
use domain::learning_object::LifecycleState;
use gateway::gateway::Settings;
use jiff::{SignedDuration, Timestamp};
use scorm::edition::Runtime;
use scorm::schemas::Schemas;
use serde_json::{Value, json};
use store::learning_object::LearningObjectRef;
use zip::ZipArchive;

use crate::answer::Answer;
use crate::app::{App, Caller};

/// The files of a package that was handed out.
#[track_caller]
fn files(answer: &Answer) -> BTreeMap<String, String> {
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/zip")), "{}", answer.text);
    let mut archive = ZipArchive::new(Cursor::new(&answer.bytes)).unwrap();
    let mut files = BTreeMap::new();
    for n in 0..archive.len() {
        let mut file = archive.by_index(n).unwrap();
        let mut content = String::new();
        file.read_to_string(&mut content).unwrap();
        files.insert(file.name().unwrap().into_owned(), content);
    }
    files
}

/// What a program that is not ours takes out of `config.js`: the first braces, as JSON.
#[track_caller]
fn value(answer: &Answer) -> Value {
    let config = files(answer)["config.js"].clone();
    let (_, rest) = config.split_once('{').unwrap();
    let (inner, _) = rest.split_once('}').unwrap();
    serde_json::from_str(&format!("{{{inner}}}")).unwrap()
}

async fn destination(caller: &Caller<'_>, asked: Value) -> Destination {
    caller.post("/destinations", asked).await.expect(201)
}

async fn destinations(caller: &Caller<'_>) -> Vec<Destination> {
    caller.get("/destinations").await.expect::<Page<Destination>>(200).hits
}

#[tokio::test]
async fn a_package_is_handed_out_under_both_paths_and_ids() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let content = customer.content("Fire & safety").await;
    let answer = customer.get(&format!("/learning-objects/{}/scorm", content.lo_id)).await;
    let file_name = format!("fire-safety-{}-scorm-1.2.zip", content.lo_id);
    let disposition = format!("attachment; filename=\"{file_name}\"");
    assert_eq!(answer.header("content-disposition"), Some(disposition.as_str()));
    let [default] = destinations(&customer).await.try_into().unwrap();
    assert_eq!((default.name.as_str(), default.status.as_str()), ("Default", "active"));
    let number: u64 = content.lo_id.parse().unwrap();
    assert_eq!(value(&answer), json!({"token": default.token, "version": "1.2", "id": number}));
    let files = files(&answer);
    assert!(
        files["config.js"].contains("{\"origin\":\"http://127.0.0.1:8422\",\"protocol\":1,\"lower_status\":false}")
    );
    let manifest = &files["imsmanifest.xml"];
    let launch_data = format!("<adlcp:datafromlms>lo={number};portal={}</adlcp:datafromlms>", app.customer.portal_id);
    assert!(manifest.contains("<title>Fire &amp; safety</title>") && manifest.contains(&launch_data), "{manifest}");
    for path in [
        format!("/learning-objects/{}/scorm", content.id),
        format!("/v2/learning-objects/{number}/scorm"),
        format!("/v2/learning-objects/{number}/scorm?version=1.2&destination={}&ref=", default.id),
    ] {
        let again = customer.get(&path).await;
        assert!(again.bytes == answer.bytes && again.header("etag") == answer.header("etag"), "{path}");
    }
    assert_eq!(destinations(&customer).await.len(), 1);
}

#[tokio::test]
async fn edition_destination_and_reference_are_chosen() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let content = customer.content("Fire safety").await;
    let path = format!("/learning-objects/{}/scorm", content.lo_id);
    destination(&customer, json!({"name": "First"})).await;
    let second = destination(&customer, json!({"name": "Second", "lower_status": true})).await;
    for (version, runtime, schema_version) in
        [("1.2", "1.2", "1.2"), ("2004-3", "2004", "2004 3rd Edition"), ("2004-4", "2004", "2004 4th Edition")]
    {
        let query = format!("version={version}&destination={}&ref=HR%3B42", second.id);
        let answer = customer.get(&format!("{path}?{query}")).await;
        assert_eq!((&value(&answer)["version"], &value(&answer)["token"]), (&json!(runtime), &json!(second.token)));
        let files = files(&answer);
        assert!(files["config.js"].contains("\"lower_status\":true"));
        let manifest = &files["imsmanifest.xml"];
        assert!(manifest.contains(&format!("<schemaversion>{schema_version}</schemaversion>")), "{manifest}");
        assert!(manifest.contains(";ref=HR%3B42<"), "{manifest}");
    }
}

#[tokio::test]
async fn what_is_wrong_names_the_parameter() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let content = customer.content("Fire safety").await;
    let get = async |query: &str| customer.get(&format!("/learning-objects/{}/scorm?{query}", content.lo_id)).await;
    get("version=2004").await.expect_field("version", "1.2, 2004-3 or 2004-4");
    get(&format!("ref={}", "x".repeat(256))).await.expect_field("ref", "ref is too long");
    get("destination=x").await.expect_field("destination", "there is no destination \"x\"");
    get("destination=9").await.expect_field("destination", "there is no destination \"9\"");
    let theirs = destination(&app.as_(&app.sibling), json!({"name": "LMS"})).await;
    get(&format!("destination={}", theirs.id)).await.expect_field("destination", "there is no destination");
    let over = destination(&customer, json!({"name": "LMS", "expires_time": "2022-03-29T01:29:36Z"})).await;
    get(&format!("destination={}", over.id)).await.expect_field("destination", "has expired");
    let revoked = destination(&customer, json!({"name": "LMS"})).await;
    let path = format!("/destinations/{}", revoked.id);
    customer.patch(&path, json!({"status": "revoked"})).await.expect::<Destination>(200);
    get(&format!("destination={}", revoked.id)).await.expect_field("destination", "is revoked");
    // Neither of them is the default.
    assert_eq!(destinations(&customer).await.len(), 2);
    let default = value(&get("").await)["token"].clone();
    assert!(default != json!(over.token) && default != json!(revoked.token));
    assert_eq!(destinations(&customer).await.len(), 3);
}

#[tokio::test]
async fn only_content_that_can_be_played_is_handed_out() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let theirs = app.as_(&app.sibling).content("Water safety").await;
    let get = async |id: &str| customer.get(&format!("/learning-objects/{id}/scorm")).await;
    get(&theirs.lo_id).await.expect_refusal(404, "no learning object");
    get("x").await.expect_refusal(404, "no learning object x");
    let content = customer.content("Fire safety").await;
    let set = async |id: &str, asked: Value| {
        customer.post(&format!("/learning-objects/{id}/set"), asked).await.expect::<LearningObject>(200)
    };
    let dates = json!({"retired_time": "2022-06-01T00:00:00Z", "removed_time": "2022-07-01T00:00:00Z"});
    set(&content.id, json!({"lifecycle": {"pending_state": dates}})).await;
    let draft = customer.content("Air safety").await;
    let reference = LearningObjectRef::Id(draft.lo_id.parse().unwrap());
    let stored = app.store.find_learning_object(app.customer.portal_id, &reference).await.unwrap().unwrap();
    let stored = domain::learning_object::LearningObject { state: LifecycleState::Draft, ..stored };
    app.store.save_learning_object(Change::silent(stored)).await.unwrap();
    get(&draft.lo_id).await.expect_field("id", "is a draft");
    app.clock.advance("2022-06-30T23:59:59Z".parse::<Timestamp>().unwrap().duration_since(app.clock.now()));
    let token = app.token(&app.customer.client_id, &app.customer.client_secret, None).await;
    let path = format!("/learning-objects/{}/scorm", content.lo_id);
    files(&app.with_token(&token).get(&path).await);
    app.clock.advance(SignedDuration::from_secs(1));
    let refusal = app.with_token(&token).get(&path).await.expect_refusal(410, "was removed");
    assert_eq!(refusal["error_code"], "content_removed");
}

#[tokio::test]
async fn a_package_that_is_there_already_is_not_sent_again() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let content = customer.content("Fire safety").await;
    let path = format!("/learning-objects/{}/scorm", content.lo_id);
    let tag = customer.get(&path).await.header("etag").unwrap().to_owned();
    assert_eq!(tag.len(), 66);
    let asking = |named: &str| app.as_(&app.customer).header("if-none-match", named);
    for named in [&tag, &format!("W/{tag}"), &format!("\"x\", {tag}"), "*"] {
        let answer = asking(named).get(&path).await;
        assert_eq!((answer.status, answer.bytes.len()), (304, 0), "{named}");
        assert_eq!(answer.header("etag"), Some(tag.as_str()));
    }
    assert_eq!(asking("\"x\"").get(&path).await.status, 200);
    // What makes another package makes another tag.
    assert_eq!(asking(&tag).get(&format!("{path}?ref=1")).await.status, 200);
    let [default] = destinations(&customer).await.try_into().unwrap();
    let lowers = json!({"lower_status": true});
    customer.patch(&format!("/destinations/{}", default.id), lowers).await.expect::<Destination>(200);
    assert_eq!(asking(&tag).get(&path).await.status, 200);
}

#[tokio::test]
async fn downloads_at_the_same_time_make_one_destination() {
    let app = Arc::new(App::new().await);
    let content = app.as_(&app.customer).content("Fire safety").await;
    let downloads = (0..20).map(|_| {
        let (app, path) = (app.clone(), format!("/learning-objects/{}/scorm", content.lo_id));
        tokio::spawn(async move { value(&app.as_(&app.customer).get(&path).await)["token"].clone() })
    });
    let mut tokens = Vec::new();
    for download in downloads.collect::<Vec<_>>() {
        tokens.push(download.await.unwrap());
    }
    let [made] = destinations(&app.as_(&app.customer)).await.try_into().unwrap();
    assert!(tokens.iter().all(|token| *token == json!(made.token)), "{tokens:?}");
}

#[tokio::test]
async fn schemas_and_the_players_address_are_the_operators() {
    let mut schemas = Schemas::default();
    schemas.add(Runtime::Scorm12, "adlcp_rootv1p2.xsd", b"<a/>".to_vec()).unwrap();
    let player_url = "https://player.example".to_owned();
    let app = App::with(Settings { schemas: Arc::new(schemas), player_url, ..Settings::default() }).await;
    let customer = app.as_(&app.customer);
    let content = customer.content("Fire safety").await;
    let path = format!("/learning-objects/{}/scorm", content.lo_id);
    let carried = files(&customer.get(&path).await);
    assert_eq!(carried["adlcp_rootv1p2.xsd"], "<a/>");
    assert!(carried["config.js"].contains("{\"origin\":\"https://player.example\","), "{}", carried["config.js"]);
    assert!(!files(&customer.get(&format!("{path}?version=2004-3")).await).contains_key("adlcp_rootv1p2.xsd"));
}
