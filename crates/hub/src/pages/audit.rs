//! `GET /hub/{portal_id}/audit`: who did what, when, and what changed.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::audit::{Action, Actor, Channel};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use store::audit::{AuditFilter, StoredEntry};

use crate::extract::{Query, View};
use crate::form::Form;
use crate::hub::Hub;
use crate::paging::Paging;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};
use crate::when::When;

const FIELDS: [&str; 5] = ["what", "who", "subject", "since", "until"];

/// What the log tells of, with the word for it.
const NOUNS: [(&str, &str); 10] = [
    ("webhook", "Webhooks"),
    ("delivery", "Deliveries"),
    ("replay", "Replays"),
    ("portal", "Portals"),
    ("oauth_client", "Credentials"),
    ("user_account", "People"),
    ("learning_object", "Content"),
    ("library", "Libraries"),
    ("destination", "Destinations"),
    ("enrollment", "Enrollments"),
];

#[derive(Template)]
#[template(path = "audit/list.html")]
struct List {
    shell: Shell,
    entries: Vec<EntryRow>,
    nouns: Vec<(&'static str, &'static str)>,
    query: Form,
    is_narrowed: bool,
    wrong: &'static str,
    paging: Paging,
}

/// An entry as it is shown.
struct EntryRow {
    at: When,
    who: String,
    kind: &'static str,
    channel: &'static str,
    what: String,
    subject: String,
    subject_id: String,
    portal: Option<String>,
    is_refusal: bool,
    changes: Vec<ChangeRow>,
}

struct ChangeRow {
    field: String,
    from: String,
    to: String,
}

/// The entries of the portal and of its customers, the newest first.
pub(crate) async fn list(State(hub): State<Hub>, view: View, Query(query): Query) -> Result<Response, Refusal> {
    let paging = Paging::read(&query, view.path("audit"), &FIELDS);
    let (total, items, wrong) = match filter(&query) {
        Ok(filter) => {
            let listed = hub.store.list_audit_entries(view.portal.id, &filter, paging.request()).await?;
            (listed.total, listed.items, "")
        }
        Err(wrong) => (0, Vec::new(), wrong),
    };
    let list = List {
        shell: view.shell(Area::Audit, "Audit log"),
        entries: items.into_iter().map(|entry| row(&view, entry)).collect(),
        nouns: NOUNS.into_iter().filter(|(noun, _)| !Action::named(noun).is_empty()).collect(),
        is_narrowed: FIELDS.iter().any(|field| query.given(field).is_some()),
        query,
        wrong,
        paging: paging.of(total),
    };
    Ok(view.page(&list))
}

fn filter(query: &Form) -> Result<AuditFilter, &'static str> {
    Ok(AuditFilter {
        actor: query.given("who").map(str::to_owned),
        actions: query.given("what").map(Action::named),
        subject_id: query.given("subject").map(str::to_owned),
        since: query.given("since").map(|text| day(text).map(|(first, _)| first)).transpose()?,
        until: query.given("until").map(|text| day(text).map(|(_, last)| last)).transpose()?,
        portal_id: None,
    })
}

/// The first and the last instant of a day.
fn day(text: &str) -> Result<(Timestamp, Timestamp), &'static str> {
    let wrong = "Days are written like 2022-03-29.";
    let date: Date = text.parse().map_err(|_| wrong)?;
    let first = date.to_zoned(TimeZone::UTC).map_err(|_| wrong)?;
    let last = first.tomorrow().and_then(|next| next.timestamp().checked_sub(jiff::SignedDuration::from_millis(1)));
    Ok((first.timestamp(), last.map_err(|_| wrong)?))
}

fn row(view: &View, StoredEntry { entry, actor_name, .. }: StoredEntry) -> EntryRow {
    let kind = match entry.actor {
        Actor::Client { .. } => "Program",
        Actor::Person { .. } => "Person",
        Actor::Operator { .. } => "Operator",
        Actor::Unknown => "Nobody known",
    };
    let channel = match entry.channel {
        Channel::Api => "API",
        Channel::Hub => "Hub",
        Channel::Cli => "Command line",
    };
    let noted = entry.noted;
    let changes = noted.changes.into_iter().map(|change| ChangeRow {
        field: change.field.replace('_', " "),
        from: change.from.unwrap_or_default(),
        to: change.to.unwrap_or_default(),
    });
    EntryRow {
        at: When(noted.at),
        who: actor_name.or(entry.actor.id()).unwrap_or_else(|| kind.to_owned()),
        kind,
        channel,
        what: sentence(noted.action),
        subject: noted.subject_name.unwrap_or_default(),
        subject_id: noted.subject_id,
        portal: (noted.portal_id != view.portal.id).then(|| noted.portal_id.to_string()),
        is_refusal: noted.action == Action::UserAccountSignInRefused,
        changes: changes.collect(),
    }
}

/// "webhook.update" as people say it: "Webhook: update".
fn sentence(action: Action) -> String {
    let (noun, verb) = action.as_str().split_once('.').unwrap_or((action.as_str(), ""));
    let words = format!("{}: {}", noun.replace('_', " "), verb.replace('_', " "));
    let mut chars = words.chars();
    chars.next().map(char::to_uppercase).into_iter().flatten().chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_all_of_it() {
        let (first, last) = day("2022-03-29").unwrap();
        assert_eq!(
            (first.to_string().as_str(), last.to_string().as_str()),
            ("2022-03-29T00:00:00Z", "2022-03-29T23:59:59.999Z",)
        );
        for strange in ["yesterday", "2022-02-30", "9999-99-99", "-9999-01-01x"] {
            assert!(day(strange).is_err(), "{strange}");
        }
    }

    #[test]
    fn every_action_is_among_the_nouns_to_choose_from() {
        for action in Action::ALL {
            assert!(NOUNS.iter().any(|(noun, _)| *noun == action.noun()), "{}", action.as_str());
        }
    }
}
