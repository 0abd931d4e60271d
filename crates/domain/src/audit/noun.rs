//! What the log tells of each noun: its fields by their names on the wire, and of secrets only that they are there. All fields are
//! named here, so that a new one must decide.

use contract::signature::TimestampUnit;
use jiff::Timestamp;

use super::field::{Fields, address};
use super::{Action, Audited, Noted};
use crate::destination::Destination;
use crate::id::PortalId;
use crate::learning_object::{Content, LearningObject};
use crate::oauth::OauthClient;
use crate::portal::Portal;
use crate::replay::Replay;
use crate::user_account::UserAccount;
use crate::webhook::{InactiveReason, Secret, Webhook, WebhookStatus};

impl Audited for Webhook {
    fn portal_id(&self) -> PortalId {
        self.portal_id
    }

    fn subject_id(&self) -> String {
        self.id.to_string()
    }

    fn subject_name(&self) -> Option<String> {
        self.name.clone()
    }

    fn fields(&self) -> Fields {
        let Webhook {
            id: _,
            version: _,
            portal_id: _,
            name,
            url,
            secret,
            // That there is one before says no more than that it was replaced, and when.
            previous_secrets: _,
            event_types,
            status,
            timestamp_unit,
            oauth2,
            integration_system_id,
            rate_limit,
            headers,
            created_by: _,
            updated_by: _,
            created_at: _,
            updated_at: _,
        } = self;
        let oauth2 = oauth2.as_ref();
        let names: Vec<&str> = headers.expose().map(|(name, _)| name).collect();
        let headers: String = headers.expose().map(|(name, value)| format!("{name}: {value}\n")).collect();
        Fields::default()
            .text("name", name.as_ref())
            .part("url", Some(address(url.as_str())))
            .secret("secret_key", secret.as_ref().map(Secret::expose))
            .list("event_types", event_types.iter().map(|event_type| event_type.as_str()))
            .text("status", Some(spelled(*status)))
            .text("signature_timestamp", Some(unit(*timestamp_unit)))
            .text("oauth2.client_id", oauth2.map(|oauth2| &oauth2.client_id))
            .secret("oauth2.client_secret", oauth2.map(|oauth2| oauth2.client_secret.expose()))
            .part("oauth2.authentication_server_url", oauth2.map(|oauth2| address(oauth2.server_url.as_str())))
            .text("oauth2.scope", oauth2.and_then(|oauth2| oauth2.scope.as_ref()))
            .text("integration_system_id", integration_system_id.as_ref())
            .show("rate_limit", rate_limit.map(|limit| limit.get()))
            .part("headers", Some((headers, names.join(", "))))
    }
}

fn spelled(status: WebhookStatus) -> &'static str {
    match status {
        WebhookStatus::Inactive(InactiveReason::Owner) => "inactive",
        status => status.as_str(),
    }
}

const fn unit(unit: TimestampUnit) -> &'static str {
    match unit {
        TimestampUnit::Seconds => "seconds",
        TimestampUnit::Milliseconds => "milliseconds",
    }
}

impl Audited for Replay {
    fn portal_id(&self) -> PortalId {
        self.portal_id
    }

    fn subject_id(&self) -> String {
        self.id.to_string()
    }

    fn subject_name(&self) -> Option<String> {
        None
    }

    fn fields(&self) -> Fields {
        Fields::default()
            .show("webhook_id", Some(&self.webhook_id))
            .text("scope", Some(self.scope.as_str()))
            .show("since", Some(self.since))
    }
}

impl Audited for Portal {
    fn portal_id(&self) -> PortalId {
        self.id
    }

    fn subject_id(&self) -> String {
        self.id.to_string()
    }

    fn subject_name(&self) -> Option<String> {
        Some(self.name.clone())
    }

    fn fields(&self) -> Fields {
        let Portal {
            id: _,
            version: _,
            partner_id,
            kind,
            name,
            domain,
            timezone,
            country,
            industry,
            company_size,
            external_customer_id,
            child_enrollment_events,
            created_at: _,
            updated_at: _,
        } = self;
        Fields::default()
            .text("name", Some(name))
            .text("domain", Some(domain.as_str()))
            .text("type", Some(kind.as_str()))
            .show("partner_portal_id", *partner_id)
            .text("timezone", Some(timezone))
            .text("country", country.as_ref())
            .text("industry", industry.as_ref())
            .show("company_size", *company_size)
            .text("external_customer_id", external_customer_id.as_ref())
            .show("settings.child_enrollment_events", Some(child_enrollment_events))
    }
}

impl Audited for OauthClient {
    fn portal_id(&self) -> PortalId {
        self.portal_id
    }

    fn subject_id(&self) -> String {
        self.id.to_string()
    }

    fn subject_name(&self) -> Option<String> {
        Some(self.name.clone())
    }

    fn fields(&self) -> Fields {
        let OauthClient {
            id: _,
            portal_id: _,
            user_account_id,
            name,
            redirect_uri,
            // It is made once, and never changes.
            secret_digest: _,
            scopes,
            created_at: _,
            revoked_at: _,
        } = self;
        Fields::default()
            .text("client_name", Some(name))
            .part("redirect_uri", redirect_uri.as_deref().map(address))
            .show("user_account_id", Some(user_account_id))
            .show("scope", Some(scopes))
    }
}

impl Audited for UserAccount {
    fn portal_id(&self) -> PortalId {
        self.portal_id
    }

    fn subject_id(&self) -> String {
        self.id.to_string()
    }

    fn subject_name(&self) -> Option<String> {
        Some(self.email.as_str().to_owned())
    }

    fn fields(&self) -> Fields {
        let UserAccount {
            id: _,
            version: _,
            portal_id: _,
            guid: _,
            email,
            given_name,
            family_name,
            username,
            roles,
            active,
            external_user_id,
            created_at: _,
            updated_at: _,
        } = self;
        Fields::default()
            .text("email", Some(email.as_str()))
            .text("given_name", Some(given_name))
            .text("family_name", Some(family_name))
            .text("username", Some(username))
            .list("roles", roles.iter().map(|role| role.name()))
            .text("status", Some(if *active { "active" } else { "blocked" }))
            .text("standard_fields.external_user_id", external_user_id.as_ref())
    }
}

impl Audited for LearningObject {
    fn portal_id(&self) -> PortalId {
        self.owner_id
    }

    fn subject_id(&self) -> String {
        self.id.to_string()
    }

    fn subject_name(&self) -> Option<String> {
        Some(self.title.clone())
    }

    fn fields(&self) -> Fields {
        let LearningObject {
            id: _,
            version: _,
            content_id: _,
            owner_id: _,
            kind,
            title,
            description,
            external_id,
            language,
            topics,
            replacements,
            content,
            state,
            retirement,
            withdrawn_at: _,
            created_at: _,
            updated_at: _,
        } = self;
        let dates = retirement.as_ref();
        Fields::default()
            .text("core.type", Some(kind))
            .text("core.title", Some(title))
            .text("core.description", Some(description))
            .text("core.external_id", external_id.as_ref())
            .text("relevance.language", language.as_ref())
            .list("topics.items", topics)
            .list("alternatives.content", replacements.iter().map(ToString::to_string))
            .part("content", content.as_ref().map(played))
            .text("lifecycle.state", Some(state.as_str()))
            .show("lifecycle.pending_state.retired_time", dates.and_then(|dates| dates.retired_at))
            .show("lifecycle.pending_state.removed_time", dates.map(|dates| dates.removed_at))
    }
}

impl Noted {
    /// Content was changed: flagged, its flag moved or withdrawn, or else. Notice that had to be forced is said to be so
    /// (decision 22).
    pub fn content(before: &LearningObject, after: &LearningObject, at: Timestamp) -> Self {
        let action = match (before.retirement, after.retirement) {
            (before, after) if before == after => Action::LearningObjectUpdate,
            (None, _) => Action::LearningObjectFlag,
            (Some(_), Some(_)) => Action::LearningObjectMove,
            (Some(_), None) => Action::LearningObjectWithdraw,
        };
        let noted = Noted::changed(action, before, after, at);
        let dates = after.retirement.filter(|after| Some(*after) != before.retirement);
        match dates.is_some_and(|dates| dates.is_forced(before.retirement, at)) {
            true => noted.with("lifecycle.force", true),
            false => noted,
        }
    }
}

/// What is played, and what of that may be seen: who has the id of a package may fetch it.
fn played(content: &Content) -> (String, String) {
    let whole = format!("{} {}", content.kind(), content.as_str());
    let shown = match content {
        Content::Text(_) | Content::Package(_) => content.kind().to_owned(),
        Content::Video(url) | Content::Link(url) => format!("{} {}", content.kind(), address(url.as_str()).1),
    };
    (whole, shown)
}

impl Audited for Destination {
    fn portal_id(&self) -> PortalId {
        self.portal_id
    }

    fn subject_id(&self) -> String {
        self.id.to_string()
    }

    fn subject_name(&self) -> Option<String> {
        Some(self.name.clone())
    }

    fn fields(&self) -> Fields {
        let Destination {
            id: _,
            version: _,
            portal_id: _,
            token: _,
            name,
            status,
            lms_origins,
            seats_max,
            expires_at,
            lower_status,
            pseudonymous,
            created_at: _,
            updated_at: _,
        } = self;
        Fields::default()
            .text("name", Some(name))
            .text("status", Some(status.as_str()))
            .list("lms_origins", lms_origins.iter().map(|origin| origin.as_str()))
            .show("seats_max", *seats_max)
            .show("expires_time", *expires_at)
            .show("lower_status", Some(lower_status))
            .show("pseudonymous", Some(pseudonymous))
    }
}
