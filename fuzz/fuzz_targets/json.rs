//! Bodies of requests (contract, section 12.2): a trailing comma is forgiven, and what is read is what stands there.
#![no_main]

use contract::api::delivery::CreateReplay;
use contract::api::destination::{CreateDestination, UpdateDestination};
use contract::api::enrollment::{CreateEnrollment, UpdateEnrollment};
use contract::api::learning_object::{CreateLearningObject, SetLearningObject};
use contract::api::oauth::{CreateOauthClient, RevokeRequest, TokenRequest};
use contract::api::portal::{CreatePortal, UpdatePortal};
use contract::api::user_account::{CreateUserAccount, UpdateUserAccount};
use contract::api::v2::{CollectionItems, CreateUser};
use contract::api::webhook::{CreateWebhook, TestWebhook, UpdateWebhook};
use gateway::fuzzing;
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let bare = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let repaired = fuzzing::without_trailing_commas(bare);
    repairs_commas_only(bare, &repaired);
    read::<Value>(bytes, bare, &repaired);
    read::<CollectionItems>(bytes, bare, &repaired);
    read::<CreateDestination>(bytes, bare, &repaired);
    read::<CreateEnrollment>(bytes, bare, &repaired);
    read::<CreateLearningObject>(bytes, bare, &repaired);
    read::<CreateOauthClient>(bytes, bare, &repaired);
    read::<CreatePortal>(bytes, bare, &repaired);
    read::<CreateReplay>(bytes, bare, &repaired);
    read::<CreateUser>(bytes, bare, &repaired);
    read::<CreateUserAccount>(bytes, bare, &repaired);
    read::<CreateWebhook>(bytes, bare, &repaired);
    read::<RevokeRequest>(bytes, bare, &repaired);
    read::<SetLearningObject>(bytes, bare, &repaired);
    read::<TestWebhook>(bytes, bare, &repaired);
    read::<TokenRequest>(bytes, bare, &repaired);
    read::<UpdateDestination>(bytes, bare, &repaired);
    read::<UpdateEnrollment>(bytes, bare, &repaired);
    read::<UpdatePortal>(bytes, bare, &repaired);
    read::<UpdateUserAccount>(bytes, bare, &repaired);
    read::<UpdateWebhook>(bytes, bare, &repaired);
});

/// Only commas become spaces, only outside strings, and only where the text was not JSON anyway.
fn repairs_commas_only(bare: &[u8], repaired: &[u8]) {
    assert_eq!(bare.len(), repaired.len());
    let changed = bare.iter().zip(repaired).filter(|(before, after)| before != after);
    assert!(changed.clone().all(|pair| pair == (&b',', &b' ')));
    if serde_json::from_slice::<Value>(bare).is_ok() {
        assert_eq!(bare, repaired, "what is JSON stays as it is");
    }
    assert_eq!(fuzzing::without_trailing_commas(repaired), repaired, "once is enough");
}

/// What is read is what a strict reader makes of the text, or else of the repaired text.
fn read<T: DeserializeOwned + Serialize>(bytes: &[u8], bare: &[u8], repaired: &[u8]) {
    let text = |value: &T| serde_json::to_string(value).expect("it can be written");
    let strict = serde_json::from_slice::<T>(bare).or_else(|_| serde_json::from_slice::<T>(repaired)).ok();
    let is_object = bare.trim_ascii_start().first() == Some(&b'{');
    let read = fuzzing::read_json::<T>(bytes).ok();
    assert_eq!(read.as_ref().map(text), strict.filter(|_| is_object).as_ref().map(text));
}
