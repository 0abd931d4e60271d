//! The fields of a webhook, in a form and out of it.

use contract::event_type::EventType;
use contract::signature::TimestampUnit;
use domain::webhook::headers::Headers;
use domain::webhook::rate_limit::{BadRateLimit, RateLimit};
use domain::webhook::{Oauth2Credentials, Secret, UrlPolicy, Webhook, WebhookError, WebhookUrl};

use crate::form::{Errors, Form};

/// What stands in a form for a value that is not shown. It cannot be a value: those are ASCII.
const HIDDEN: &str = "••••••••";
const ON: &str = "on";

/// What people call an event type: "enrollment.complete" is "Enrollment complete".
pub(crate) fn event_type_name(event_type: EventType) -> String {
    let words = event_type.as_str().replace('.', " ");
    let mut chars = words.chars();
    chars.next().map(|first| first.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

/// An event type that can be ticked.
pub(crate) struct Choice {
    pub(crate) value: &'static str,
    pub(crate) name: String,
    pub(crate) description: &'static str,
    pub(crate) is_ticked: bool,
}

/// Every event type, and which of them the form has.
pub(crate) fn choices(form: &Form) -> Vec<Choice> {
    let choice = |event_type: EventType| Choice {
        value: event_type.as_str(),
        name: event_type_name(event_type),
        description: event_type.description(),
        is_ticked: form.has("event_types", event_type.as_str()),
    };
    EventType::ALL.map(choice).into()
}

/// What a form says of a webhook besides its secret.
pub(crate) struct Fields {
    pub(crate) name: Option<String>,
    pub(crate) url: WebhookUrl,
    pub(crate) event_types: Vec<EventType>,
    pub(crate) timestamp_unit: TimestampUnit,
    pub(crate) integration_system_id: Option<String>,
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) headers: Headers,
    pub(crate) oauth2: Option<Oauth2Credentials>,
}

/// Reads a form; what is hidden in it stays as it is in `before`. Everything that is wrong is noted.
pub(crate) fn read(form: &Form, before: Option<&Webhook>, policy: UrlPolicy, errors: &mut Errors) -> Option<Fields> {
    let name = form.given("name").map(str::to_owned);
    let url = form.given("url").ok_or_else(|| "enter the address that events are to be sent to".to_owned());
    let url = url.and_then(|url| WebhookUrl::parse(url, policy).map_err(|error| said(&error)));
    let url = errors.take("url", url);
    let event_types = form.all("event_types").map(str::parse).collect::<Result<Vec<EventType>, _>>();
    let event_types = errors.take("event_types", event_types);
    let rate_limit = form.given("rate_limit").map(|text| {
        let requests = text.parse().map_err(|_| BadRateLimit);
        requests
            .and_then(RateLimit::per_second)
            .map_err(|_| "the limit must be a whole number of requests a second, from 1 to 1000")
    });
    let rate_limit = errors.take("rate_limit", rate_limit.transpose());
    let headers = errors.take("headers", headers(form.text("headers"), before));
    let oauth2 = form.has("oauth2", ON).then(|| oauth2(form, before, policy, errors));
    let oauth2 = match oauth2 {
        None => Some(None),
        Some(read) => read.map(Some),
    };
    Some(Fields {
        name,
        url: url?,
        event_types: event_types?,
        timestamp_unit: if form.has("milliseconds", ON) { TimestampUnit::Milliseconds } else { TimestampUnit::Seconds },
        integration_system_id: form.given("integration_system_id").map(str::to_owned),
        rate_limit: rate_limit?,
        headers: headers?,
        oauth2: oauth2?,
    })
}

/// The secret of a form, if it has one.
pub(crate) fn secret(form: &Form, errors: &mut Errors) -> Option<Option<Secret>> {
    let read = form.given("secret_key").map(|text| Secret::parse(text.to_owned())).transpose();
    errors.take("secret_key", read)
}

/// One header a line: `name: value`.
fn headers(text: &str, before: Option<&Webhook>) -> Result<Headers, String> {
    let mut pairs = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or("write each header on a line of its own, as name: value")?;
        let (name, value) = (name.trim(), value.trim());
        let kept =
            before.and_then(|webhook| webhook.headers.expose().find(|(there, _)| there.eq_ignore_ascii_case(name)));
        let value = if value == HIDDEN { kept.map_or(value, |(_, value)| value) } else { value };
        pairs.push((name.to_owned(), value.to_owned()));
    }
    Headers::parse(pairs).map_err(|error| error.to_string())
}

fn oauth2(form: &Form, before: Option<&Webhook>, policy: UrlPolicy, errors: &mut Errors) -> Option<Oauth2Credentials> {
    let client_id = form.given("oauth2_client_id").ok_or("enter the client id that your authorization server knows");
    let client_id = errors.take("oauth2_client_id", client_id);
    let kept = before.and_then(|webhook| webhook.oauth2.as_ref()).map(|oauth2| oauth2.client_secret.clone());
    let secret = match (form.given("oauth2_client_secret"), kept) {
        (Some(text), _) => Secret::parse_client_secret(text.to_owned()).map_err(|error| error.to_string()),
        (None, Some(kept)) => Ok(kept),
        (None, None) => Err("enter the client secret".to_owned()),
    };
    let client_secret = errors.take("oauth2_client_secret", secret);
    let server_url =
        form.given("oauth2_server_url").ok_or_else(|| "enter the address that gives out tokens".to_owned());
    let server_url = server_url.and_then(|url| WebhookUrl::parse(url, policy).map_err(|error| said(&error)));
    let server_url = errors.take("oauth2_server_url", server_url);
    Some(Oauth2Credentials {
        client_id: client_id?.to_owned(),
        client_secret: client_secret?,
        server_url: server_url?,
        scope: form.given("oauth2_scope").map(str::to_owned),
    })
}

/// What is wrong with an address, for people, who do not know what the field is called on the wire.
fn said(error: &domain::webhook::url::BadUrl) -> String {
    let text = error.to_string();
    text.strip_prefix("url ").map_or(text.clone(), |rest| format!("the address {rest}"))
}

/// Notes what the webhook as a whole must not be beside the field at fault.
pub(crate) fn refused(error: WebhookError, errors: &mut Errors) {
    match error {
        WebhookError::NoEventTypes => errors.add("event_types", "choose at least one event type"),
        WebhookError::IntegrationSystemNeeded => errors.add(
            "integration_system_id",
            "enter the integration that is to synchronise: Content library sync request needs it",
        ),
        WebhookError::TooLong(field, max) => {
            errors.add(&field.replace('.', "_"), format!("this must have at most {max} characters"))
        }
        WebhookError::TooManySecrets(max) => errors.add(
            "secret_key",
            format!(
                "the secret was replaced {max} times within 24 hours, and each of those still signs: try again later"
            ),
        ),
        WebhookError::AuthorizedTwice => {
            errors.add("headers", "leave out authorization: OAuth 2.0 delivery sends its own")
        }
    }
}

/// The form of a webhook as it is, its secrets hidden.
pub(crate) fn form(webhook: &Webhook) -> Form {
    let headers: String = webhook.headers.expose().map(|(name, _)| format!("{name}: {HIDDEN}\n")).collect();
    let mut form = Form::of([("url", webhook.url.as_str()), ("headers", &headers)])
        .with("name", webhook.name.clone().unwrap_or_default())
        .with("integration_system_id", webhook.integration_system_id.clone().unwrap_or_default())
        .with("rate_limit", webhook.rate_limit.map(|limit| limit.get().to_string()).unwrap_or_default());
    for event_type in &webhook.event_types {
        form = form.with("event_types", event_type.as_str());
    }
    if webhook.timestamp_unit == TimestampUnit::Milliseconds {
        form = form.with("milliseconds", ON);
    }
    if let Some(oauth2) = &webhook.oauth2 {
        form = form
            .with("oauth2", ON)
            .with("oauth2_client_id", oauth2.client_id.as_str())
            .with("oauth2_server_url", oauth2.server_url.as_str())
            .with("oauth2_scope", oauth2.scope.clone().unwrap_or_default());
    }
    form
}
