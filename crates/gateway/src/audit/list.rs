//! `GET /audit-entries`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::api::audit::AuditEntry;
use contract::api::page::Page;
use domain::audit::Action;
use domain::id::PortalId;
use domain::oauth::Token;
use serde::Deserialize;
use store::audit::AuditFilter;
use utoipa::IntoParams;

use super::wire;
use crate::extract::caller::Caller;
use crate::extract::query::Query;
use crate::extract::scope::PortalRead;
use crate::extract::time;
use crate::gateway::Gateway;
use crate::page::{self, PageLimits};
use crate::refusal::Refusal;

const LIMITS: PageLimits = PageLimits { limit_default: 20, limit_max: 100, depth_max: 10_000 };

/// Which entries are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListAuditEntries {
    /// What was done to this portal: the caller's own, or one of its customers.
    portal_id: Option<String>,
    /// By this client, this user account (itself, or a client that acts through it), or the operator of this name.
    actor: Option<String>,
    /// An action such as `webhook.update`, or all that was done to a noun: `webhook`.
    action: Option<String>,
    /// Done to what has this id.
    subject_id: Option<String>,
    /// From this instant or day on.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<time::From>,
    /// Up to this instant or day.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<time::To>,
    /// At most so many: 0 to 100, 20 when absent.
    #[param(maximum = 100)]
    limit: Option<u32>,
    /// After so many; with `limit` at most 10,000.
    #[param(maximum = 10_000)]
    offset: Option<u32>,
}

/// Who did what to the caller's portal and to its customers, when, by which way, and what changed; newest first. For tokens that act
/// through an administrator; names, addresses and other data of people only with the scope `user.read`. Secrets are in no entry.
/// Not in the published API.
#[utoipa::path(
    get, path = "/audit-entries", operation_id = "list_audit_entries", tag = "Audit",
    params(ListAuditEntries),
    security(("oauth2" = ["portal.read"])),
    responses((status = 200, body = Page<AuditEntry>), (status = 403, description = "The token acts for no administrator."))
)]
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    caller: Caller<PortalRead>,
    Query(query): Query<ListAuditEntries>,
) -> Result<Json<Page<AuditEntry>>, Refusal> {
    let asked = LIMITS.page(query.limit, query.offset)?;
    let filter = AuditFilter {
        portal_id: query.portal_id.as_deref().map(portal_id).transpose()?,
        actor: query.actor,
        actions: query.action.as_deref().map(actions).transpose()?,
        subject_id: query.subject_id,
        since: query.since.map(|time::From(at)| at),
        until: query.until.map(|time::To(at)| at),
    };
    expect_administrator(&gateway, &caller).await?;
    let listed = gateway.store.list_audit_entries(caller.portal_id, &filter, asked).await?;
    Ok(Json(page::written(listed, |stored| wire::entry(stored, &caller.scopes))))
}

/// 403 for a token that acts for a learner, or for somebody who has ceased to be an administrator.
async fn expect_administrator(gateway: &Gateway, caller: &Token) -> Result<(), Refusal> {
    let account = gateway.store.find_user_account(caller.portal_id, caller.user_account_id).await?;
    if account.is_some_and(|account| account.administers()) {
        return Ok(());
    }
    let message = "the audit log is for administrators: use credentials that act through one";
    Err(Refusal::new(StatusCode::FORBIDDEN, "not_an_administrator", message))
}

fn portal_id(text: &str) -> Result<PortalId, Refusal> {
    text.parse().map_err(|error| Refusal::field("portal_id", format_args!("portal_id: {text:?} is wrong: {error}")))
}

fn actions(text: &str) -> Result<Vec<Action>, Refusal> {
    let named = Action::named(text);
    if named.is_empty() {
        let known = Action::ALL.iter().map(|action| action.as_str()).collect::<Vec<_>>().join(", ");
        return Err(Refusal::field("action", format_args!("action: there is no {text:?}, there are: {known}")));
    }
    Ok(named)
}
