//! Commands that need no platform.

use crate::{file, printed, run};

/// Vector 2 of contract, section 4.5.
const BODY: &str = r#"{"id":"hg4JWUDbT55B","event_type":"enrollment.complete","webhook_version":"3.0.0","sent":"2022-03-29T01:29:36.676Z","attempt_number":1,"url":"https://your.webhook.endpoint.com","webhook_id":"auto generated uuid will be here","data":{"id":"101916887","lo_id":"741712","portal_id":"11861197","event_time":"2022-03-29T01:29:36.000Z"}}"#;
const HEADER: &str = "t=1648517376,v1=441a79807b93a5a625eddda00182abbc264181e1af7609bfe9083155b6eb8795";
const SIGNED_AT: &str = "2022-03-29T01:29:36Z";

#[tokio::test]
async fn a_body_is_signed_as_the_vectors_have_it() {
    let folder = tempfile::tempdir().unwrap();
    let body = file(folder.path(), BODY.as_bytes());
    let sign = format!("schoolbell signature sign --secret MyS3cretK#y --at {SIGNED_AT} {body}");
    assert_eq!(printed(&sign).await, format!("Go1-Signature: {HEADER}\n"));
    let json = printed(&format!("{sign} --json")).await;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json, serde_json::json!({"name": "Go1-Signature", "value": HEADER}));
    assert!(printed(&format!("{sign} --milliseconds")).await.starts_with("Go1-Signature: t=1648517376000,v1="));
    let two = printed(&format!("{sign} --secret another")).await;
    assert!(two.starts_with(&format!("Go1-Signature: {HEADER},v1=")), "{two}");
}

/// Verifies [`BODY`] with the header of the vector and these further arguments.
async fn check_verify(arguments: &str, expected: Result<(), &str>) {
    let folder = tempfile::tempdir().unwrap();
    let body = file(folder.path(), BODY.as_bytes());
    let ended = run(&format!("schoolbell signature verify {arguments} {body}")).await;
    let reason =
        ended.error.as_deref().map(|error| error.strip_prefix("the signature does not hold: ").unwrap_or(error));
    assert_eq!(reason, expected.err(), "{arguments}");
    let word = if expected.is_ok() { "verified" } else { "refused" };
    assert_eq!(ended.printed, format!("{word}: a body of 331 bytes\n"));
}

#[tokio::test]
async fn a_signature_holds_or_says_why_not() {
    let with = |secret: &str, at: &str, header: &str| format!("--secret {secret} --at {at} --header {header}");
    check_verify(&with("MyS3cretK#y", SIGNED_AT, HEADER), Ok(())).await;
    check_verify(&with("old --secret MyS3cretK#y", SIGNED_AT, HEADER), Ok(())).await;
    check_verify(&with("MyS3cretK#y", SIGNED_AT, &format!("go1-signature:{HEADER}")), Ok(())).await;
    let mismatch = "no digest matches: the secret differs, or the body was changed";
    check_verify(&with("wrong", SIGNED_AT, HEADER), Err(mismatch)).await;
    let old = "the signature is 324 s old, which is more than is tolerated";
    check_verify(&with("MyS3cretK#y", "2022-03-29T01:35:00Z", HEADER), Err(old)).await;
    check_verify(&with("MyS3cretK#y --tolerance 324", "2022-03-29T01:35:00Z", HEADER), Ok(())).await;
    let malformed = "the signature is malformed: t is missing";
    check_verify(&with("MyS3cretK#y", SIGNED_AT, &HEADER[13..]), Err(malformed)).await;
    check_verify(&with("MyS3cretK#y", SIGNED_AT, "webhook-id:a"), Err("the Go1-Signature header is missing")).await;
}

#[tokio::test]
async fn scripts_are_told_whether_a_signature_holds() {
    let folder = tempfile::tempdir().unwrap();
    let body = file(folder.path(), BODY.as_bytes());
    let verify = format!("schoolbell signature verify --json --header {HEADER} --at {SIGNED_AT} {body} --secret");
    let report: serde_json::Value = serde_json::from_str(&printed(&format!("{verify} MyS3cretK#y")).await).unwrap();
    assert_eq!(report, serde_json::json!({"verified": true, "reason": null, "body_bytes": 331}));
    let refused = run(&format!("{verify} wrong")).await;
    assert!(refused.error.is_some());
    let report: serde_json::Value = serde_json::from_str(&refused.printed).unwrap();
    assert_eq!(report["verified"], false);
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit() {
    let folder = tempfile::tempdir().unwrap();
    let body = file(folder.path(), &vec![b' '; 1024 * 1024]);
    printed(&format!("schoolbell signature sign --secret s {body}")).await;
    let body = file(folder.path(), &vec![b' '; 1024 * 1024 + 1]);
    let error = run(&format!("schoolbell signature sign --secret s {body}")).await.error.unwrap();
    assert_eq!(error, "the body is longer than 1048576 bytes");
    let error = run("schoolbell signature sign --secret s /no/such/body").await.error.unwrap();
    assert!(error.starts_with("opening /no/such/body: "), "{error}");
}

#[tokio::test]
async fn all_event_types_are_listed() {
    let table = printed("schoolbell event-types").await;
    let json: serde_json::Value = serde_json::from_str(&printed("schoolbell event-types --json").await).unwrap();
    let listed = json.as_array().unwrap();
    assert_eq!(listed.len(), 12);
    for one in listed {
        let line = format!("{} ", one["event_type"].as_str().unwrap());
        let line = table.lines().find(|shown| shown.trim_start().starts_with(&line)).unwrap();
        assert!(line.ends_with(one["description"].as_str().unwrap()), "{line}");
        assert!(one["sample"]["portal_id"].is_string());
    }
}
