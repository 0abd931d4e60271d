//! Webhook management. Contract, section 2.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::time::Millis;

/// A portal's subscription.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Webhook {
    /// 12 letters and digits.
    pub id: String,
    /// The portal that owns it.
    pub portal_id: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where events are sent.
    pub url: String,
    /// In clear, as published: clients compare it with their own (decision 17).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_key: Option<String>,
    /// What it is told of.
    pub event_types: Vec<String>,
    /// `active` or `inactive`.
    pub status: String,
    /// Why it is inactive: `owner`, `paused`, `gone` or `failing`. Ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    /// The user account that made it.
    pub created_by: String,
    /// The user account that last changed it.
    pub updated_by: String,
    /// When it was made.
    pub created_time: Millis,
    /// When it was last changed.
    pub updated_time: Millis,
    /// `oauth2` when deliveries carry a token of the receiver's own authorization server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_type: Option<String>,
    /// Where that token comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth2: Option<Oauth2>,
    /// Needed with `content.library.sync.request`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration_system_id: Option<String>,
    /// `seconds` or `milliseconds`: the unit of `t` in the signature (decision 1). Ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature_timestamp: Option<String>,
    /// How many requests it is sent a second, at most. Ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<u32>,
    /// What is added to every request, in clear like `secret_key`. Ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<Headers>,
}

/// Headers by their names.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Headers(pub BTreeMap<String, String>);

/// Shows the names only: values may be credentials.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EachOnce)
    }
}

/// Reads an object in which no name stands twice: of two values nobody could tell which was meant.
struct EachOnce;

impl<'de> Visitor<'de> for EachOnce {
    type Value = Headers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of names and values, both text")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
        let mut headers = Headers::default();
        while let Some((name, value)) = map.next_entry::<String, String>()? {
            if headers.0.contains_key(&name) {
                return Err(A::Error::custom(format_args!("duplicate header {name:?}")));
            }
            headers.0.insert(name, value);
        }
        Ok(headers)
    }
}

/// Client credentials at the receiver's authorization server. Contract, section 4.4.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Oauth2 {
    /// `client_credentials`.
    #[serde(default = "client_credentials")]
    pub grant_type: String,
    /// The platform's id at that server.
    pub client_id: String,
    /// The platform's secret at that server.
    pub client_secret: String,
    /// Where tokens are asked for.
    pub authentication_server_url: String,
    /// What is asked for, separated by `+` or spaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

fn client_credentials() -> String {
    "client_credentials".to_owned()
}

/// Reads credentials, also out of text. Contract, section 2.3.
fn oauth2<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Oauth2>, D::Error> {
    let Some(value) = Option::<serde_json::Value>::deserialize(deserializer)? else { return Ok(None) };
    let read = match value {
        serde_json::Value::String(text) => serde_json::from_str(&text),
        value => serde_json::from_value(value),
    };
    read.map(Some).map_err(serde::de::Error::custom)
}

fn nullable_oauth2<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Oauth2>>, D::Error> {
    oauth2(deserializer).map(Some)
}

/// Asks for a new webhook.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct CreateWebhook {
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where events are to be sent. Required.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(required, value_type = String))]
    pub url: Option<String>,
    /// Signs deliveries; at most 64 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key: Option<String>,
    /// What it is to be told of. Required.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(required, value_type = Vec<String>))]
    pub event_types: Option<Vec<String>>,
    /// `active` (the default) or `inactive`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// `oauth2` or absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_type: Option<String>,
    /// With `auth_type` `oauth2`. The published example writes the object as text, so text will do too.
    #[serde(deserialize_with = "oauth2", skip_serializing_if = "Option::is_none")]
    pub oauth2: Option<Oauth2>,
    /// Needed with `content.library.sync.request`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration_system_id: Option<String>,
    /// `seconds` (the default) or `milliseconds`. Ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_timestamp: Option<String>,
    /// How many requests it may be sent a second, retries among them; without it, as many as its receiver keeps up with. They
    /// are spread evenly; from 20 on, a single second may have up to a tenth more. Ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000))]
    pub rate_limit: Option<u32>,
    /// What is to be added to every request: at most 20 headers, none of them one that the platform or HTTP itself sets. Ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<Headers>,
}

/// Asks for changes; what is absent stays, what is null is cleared where it can be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct UpdateWebhook {
    /// What people call it.
    #[serde(deserialize_with = "super::nullable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub name: Option<Option<String>>,
    /// Where events are to be sent.
    #[serde(deserialize_with = "super::settable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub url: Option<String>,
    /// Signs deliveries; at most 64 characters.
    #[serde(deserialize_with = "super::nullable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub secret_key: Option<Option<String>>,
    /// What it is to be told of.
    #[serde(deserialize_with = "super::settable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub event_types: Option<Vec<String>>,
    /// `active`, `inactive`, or `paused`, which is ours: events are kept until it is active again.
    #[serde(deserialize_with = "super::settable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub status: Option<String>,
    /// `oauth2`, or null for none.
    #[serde(deserialize_with = "super::nullable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub auth_type: Option<Option<String>>,
    /// With `auth_type` `oauth2`; as an object or as text that holds one.
    #[serde(deserialize_with = "nullable_oauth2", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Oauth2>))]
    pub oauth2: Option<Option<Oauth2>>,
    /// Needed with `content.library.sync.request`.
    #[serde(deserialize_with = "super::nullable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub integration_system_id: Option<Option<String>>,
    /// `seconds` or `milliseconds`. Ours.
    #[serde(deserialize_with = "super::settable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub signature_timestamp: Option<String>,
    /// How many requests it may be sent a second, or null for no limit. Ours.
    #[serde(deserialize_with = "super::nullable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>, minimum = 1, maximum = 1000))]
    pub rate_limit: Option<Option<u32>>,
    /// What is to be added to every request, in place of all that was; null for nothing. Ours.
    #[serde(deserialize_with = "super::nullable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Headers>))]
    pub headers: Option<Option<Headers>>,
}

/// Asks for a test of a webhook. Ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct TestWebhook {
    /// Of this event type, one that the webhook is told of; without it, of the first of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_cleared_is_not_null() {
        for field in ["url", "event_types", "status", "signature_timestamp"] {
            let error = serde_json::from_str::<UpdateWebhook>(&format!("{{\"{field}\":null}}")).unwrap_err();
            assert!(error.to_string().contains("null"), "{field}: {error}");
        }
    }

    #[test]
    fn headers_are_an_object_in_which_each_stands_once() {
        let read = |headers: &str| serde_json::from_str::<UpdateWebhook>(&format!("{{\"headers\":{headers}}}"));
        let headers = read(r#"{"X-Key":"s3cret","a":"b"}"#).unwrap().headers.unwrap().unwrap();
        assert_eq!(serde_json::to_string(&headers).unwrap(), r#"{"X-Key":"s3cret","a":"b"}"#);
        assert_eq!(format!("{headers:?}"), r#"["X-Key", "a"]"#);
        assert_eq!(read("null").unwrap().headers, Some(None));
        for (headers, message) in [
            (r#"{"a":"b","a":"c"}"#, "duplicate header \"a\""),
            (r#"{"a":1}"#, "expected a string"),
            (r#"["a"]"#, "an object of names and values"),
        ] {
            let error = read(headers).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn credentials_are_read_as_an_object_and_as_text() {
        let object = r#"{"client_id":"a","client_secret":"b","authentication_server_url":"https://c.example"}"#;
        let text = serde_json::to_string(object).unwrap();
        for oauth2 in [object, &text] {
            let create: CreateWebhook = serde_json::from_str(&format!("{{\"oauth2\":{oauth2}}}")).unwrap();
            assert_eq!(create.oauth2.map(|oauth2| oauth2.client_id).as_deref(), Some("a"));
            let update: UpdateWebhook = serde_json::from_str(&format!("{{\"oauth2\":{oauth2}}}")).unwrap();
            assert!(matches!(update.oauth2, Some(Some(_))));
        }
        let cleared: UpdateWebhook = serde_json::from_str(r#"{"oauth2":null}"#).unwrap();
        assert_eq!(cleared.oauth2, Some(None));
        assert_eq!(serde_json::from_str::<UpdateWebhook>("{}").unwrap().oauth2, None);
        let error = serde_json::from_str::<CreateWebhook>(r#"{"oauth2":{"client_id":"a"}}"#).unwrap_err();
        assert!(error.to_string().contains("client_secret"), "{error}");
    }
}
