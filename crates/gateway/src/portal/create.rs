//! `POST /portals`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::api::portal::{self as api, CreateFirstAdministrator, CreatePortal};
use domain::audit::{Action, Noted};
use domain::change::Change;
use domain::id::{AccountGuid, PortalId, UserAccountId};
use domain::oauth::Token;
use domain::portal::customer::{FirstAdministrator, NewCustomer};
use domain::portal::{Portal, PortalDomain};
use domain::user_account::{EmailAddress, UserAccount};
use jiff::Timestamp;
use store::id::Sequence;

use super::{access, wire};
use crate::audit;
use crate::extract::caller::Caller;
use crate::extract::json::JsonBody;
use crate::extract::scope::PortalWrite;
use crate::gateway::Gateway;
use crate::oauth::issue::{self, Grant, Pair};
use crate::refusal::Refusal;

/// Makes a customer portal under the caller's, which must be a partner's, with its first administrator. The answer holds
/// a token of the new portal, which the caller's client can refresh.
#[utoipa::path(
    post, path = "/portals", operation_id = "create_portal", tag = "Portals",
    request_body = CreatePortal,
    security(("oauth2" = ["portal.write"])),
    responses((status = 201, body = api::Portal), (status = 403, description = "The caller's portal is no partner."))
)]
pub(crate) async fn create(
    State(gateway): State<Gateway>,
    caller: Caller<PortalWrite>,
    JsonBody(mut asked): JsonBody<CreatePortal>,
) -> Result<(StatusCode, Json<api::Portal>), Refusal> {
    let partner = access::find_own_partner(&gateway, &caller).await?;
    let now = gateway.now();
    let person = asked.user_account.take();
    let portal = portal(&gateway, partner.id, asked, now).await?;
    let person = match person {
        Some(person) => administrator(person)?,
        None => myself(&gateway, &caller).await?,
    };
    let id = UserAccountId(gateway.store.next_id(Sequence::UserAccount).await?);
    let administrator = person.create(id, portal.after.id, AccountGuid::draw(&*gateway.random, now), now)?;
    save(&gateway, &caller, &portal, &administrator).await?;
    crash::point!("api/portal-saved");

    let oauth_token = token(&gateway, &caller, &administrator.after).await?;
    let administrator = api::FirstAdministrator {
        id: administrator.after.id.to_string(),
        account_guid: administrator.after.guid.to_string(),
        oauth_token,
    };
    Ok((StatusCode::CREATED, Json(wire::portal(portal.after, Some(administrator)))))
}

async fn portal(
    gateway: &Gateway,
    partner_id: PortalId,
    asked: CreatePortal,
    now: Timestamp,
) -> Result<Change<Portal>, Refusal> {
    let name = asked.name.ok_or_else(|| Refusal::required("name"))?;
    let domain = asked.domain.ok_or_else(|| Refusal::required("domain"))?;
    let country = asked.country.ok_or_else(|| Refusal::required("country"))?;
    let industry = asked.industry.ok_or_else(|| Refusal::required("industry"))?;
    let customer = NewCustomer {
        name,
        domain: PortalDomain::parse(&domain)
            .map_err(|error| Refusal::bad_request("INVALID_DOMAIN", error.to_string()))?,
        country,
        industry,
        timezone: asked.timezone,
        company_size: asked.company_size,
        external_customer_id: asked.external_customer_id,
        child_enrollment_events: asked.settings.is_some_and(|settings| settings.child_enrollment_events),
    };
    let id = PortalId(gateway.store.next_id(Sequence::Portal).await?);
    Ok(customer.create(id, partner_id, now)?)
}

fn administrator(person: CreateFirstAdministrator) -> Result<FirstAdministrator, Refusal> {
    let email = person.email.ok_or_else(|| Refusal::required("user_account.email"))?;
    Ok(FirstAdministrator {
        email: EmailAddress::parse(&email).map_err(|error| Refusal::field("user_account.email", error))?,
        username: person.username,
        given_name: person.given_name.unwrap_or_default(),
        family_name: person.family_name.unwrap_or_default(),
    })
}

/// The person who acts with the caller's token.
async fn myself(gateway: &Gateway, caller: &Token) -> Result<FirstAdministrator, Refusal> {
    let account = gateway.store.find_user_account(caller.portal_id, caller.user_account_id).await?;
    account.map(FirstAdministrator::like).ok_or_else(|| Refusal::required("user_account"))
}

async fn save(
    gateway: &Gateway,
    caller: &Token,
    portal: &Change<Portal>,
    administrator: &Change<UserAccount>,
) -> Result<(), Refusal> {
    let noted = Noted::created(Action::PortalCreate, &portal.after, portal.after.created_at);
    let noted = noted.with("user_account.id", administrator.after.id);
    let saved = gateway.store.save_new_portal(portal.clone(), administrator.clone());
    audit::by(caller, noted, saved).await.map_err(Refusal::from).map_err(|refusal| {
        if !refusal.is_taken("domain") {
            return refusal;
        }
        let message = format!("there is already a portal with the domain {}", portal.after.domain.as_str());
        Refusal::bad_request("PORTAL_ALREADY_EXIST", message)
    })
}

/// A token that acts in the new portal, of the same client and with all that this client may have.
async fn token(
    gateway: &Gateway,
    caller: &Token,
    administrator: &UserAccount,
) -> Result<contract::api::oauth::TokenResponse, Refusal> {
    // No more than the token that asks for it: making a portal is no way to more.
    let scopes = caller.scopes;
    let grant = Grant {
        client_id: caller.client_id.clone(),
        portal_id: administrator.portal_id,
        user_account_id: administrator.id,
        scopes,
    };
    Ok(issue::pair(gateway, Pair::draw(gateway), &grant, scopes).await?)
}
