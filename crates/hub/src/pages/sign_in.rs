//! Signing in and out.

use askama::Template;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use domain::audit::Action;
use domain::password::Password;
use domain::user_account::UserAccount;
use jiff::SignedDuration;
use url::form_urlencoded::Serializer;

use crate::asset::{ICON, SCRIPT, STYLE};
use crate::cookie::Cookie;
use crate::extract::Query;
use crate::form::{Errors, Form};
use crate::hub::Hub;
use crate::password::salt;
use crate::refusal::{Forgery, Refusal};
use crate::session::Visitor;
use crate::sign_in::limit::Trying;
use crate::sign_in::ticket;
use crate::when::span;
use crate::{audit, guard, page, session};

/// The purpose of digests of e-mail addresses that are tried.
const EMAIL: &str = "hub_sign_in";
/// The same for an address that nobody has and for a password that is wrong.
const WRONG: &str = "The e-mail address or the password is wrong, or the account may not sign in.";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    form: Form,
    errors: Errors,
    to: String,
    is_signed_out: bool,
    style: String,
    script: String,
    icon: String,
}

/// Where one signs in to go on to a page.
pub(crate) fn path(to: Option<&str>) -> String {
    match to.filter(|to| is_ours(to) && *to != "/hub") {
        Some(to) => format!("/hub/sign-in?{}", Serializer::new(String::new()).append_pair("to", to).finish()),
        None => "/hub/sign-in".to_owned(),
    }
}

/// Whether a way leads to a page of the Hub, whatever a browser makes of it.
fn is_ours(to: &str) -> bool {
    let plain = to.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') && !to.contains("//");
    plain && (to == "/hub" || to.starts_with("/hub/")) && !to.contains("/..")
}

fn form(status: StatusCode, form: Form, errors: Errors, is_signed_out: bool) -> Response {
    let to = Some(form.text("to")).filter(|to| is_ours(to)).unwrap_or_default().to_owned();
    let (style, script, icon) = (STYLE.path(), SCRIPT.path(), ICON.path());
    page::html(status, &SignIn { form, errors, to, is_signed_out, style, script, icon })
}

/// `GET /hub/sign-in`. Whoever is signed in already goes on.
pub(crate) async fn show(State(hub): State<Hub>, headers: HeaderMap, Query(query): Query) -> Result<Response, Refusal> {
    if session::find(&hub, &headers).await?.is_some() {
        return Ok(page::see_other(goal(&query)));
    }
    let is_signed_out = query.has("left", "1");
    Ok(form(StatusCode::OK, query, Errors::default(), is_signed_out))
}

fn goal(form: &Form) -> &str {
    Some(form.text("to")).filter(|to| is_ours(to)).unwrap_or("/hub")
}

/// What somebody sends who is not signed in.
pub(crate) struct Guest {
    trying: Trying,
    headers: HeaderMap,
    form: Form,
}

impl FromRequest<Hub> for Guest {
    type Rejection = Refusal;

    async fn from_request(request: Request, hub: &Hub) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let form = Form::read(&parts.headers, body).await?;
        guard::sit(hub, &parts.extensions)?;
        let address = (hub.settings.origin)(&parts.headers, &parts.extensions);
        let email = hub.keyring.digest(EMAIL, &form.text("email").trim().to_lowercase());
        Ok(Guest { trying: Trying { address, email }, headers: parts.headers, form })
    }
}

/// `POST /hub/sign-in`: lets somebody in, or asks for which of their portals.
pub(crate) async fn enter(State(hub): State<Hub>, guest: Guest) -> Result<Response, Refusal> {
    let Guest { trying, headers, form: asked } = guest;
    if let Err(wait) = hub.sign_in_limit.take(&trying, hub.now()) {
        return Ok(too_many(asked, wait));
    }
    let email = asked.text("email").trim();
    let accounts = hub.store.find_passwords(email).await?;
    let salt = salt(&hub.keyring, email);
    let password = Password::entered(asked.text("password"));
    let tried: Vec<UserAccount> = accounts.iter().map(|(account, _)| account.clone()).collect();
    let right = hub.hashing.whose(accounts, password, salt, hub.settings.password_cost).await?;
    match right.as_slice() {
        [] => {
            audit::refused(&hub, tried);
            Ok(form(StatusCode::UNPROCESSABLE_ENTITY, asked, Errors::one("password", WRONG), false))
        }
        [account] => {
            hub.sign_in_limit.succeeded(&trying);
            let_in(&hub, &headers, account, goal(&asked)).await
        }
        accounts => {
            hub.sign_in_limit.succeeded(&trying);
            choice(&hub, accounts, goal(&asked)).await
        }
    }
}

fn too_many(asked: Form, wait: SignedDuration) -> Response {
    let text = format!("Too many tries that failed: try again in {}.", span(wait));
    let mut response = form(StatusCode::TOO_MANY_REQUESTS, asked, Errors::one("password", text), false);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    response
}

async fn let_in(hub: &Hub, headers: &HeaderMap, account: &UserAccount, to: &str) -> Result<Response, Refusal> {
    // What the browser had before is no session any more.
    session::end(hub, headers).await?;
    let token = session::begin(hub, account).await?;
    let mut response = page::see_other(to);
    response.headers_mut().append(header::SET_COOKIE, Cookie::Session.set(headers, &token));
    Ok(response)
}

#[derive(Template)]
#[template(path = "choose_account.html")]
struct Choice {
    choices: Vec<(String, String, String)>,
    to: String,
    style: String,
    script: String,
    icon: String,
}

async fn choice(hub: &Hub, accounts: &[UserAccount], to: &str) -> Result<Response, Refusal> {
    let mut choices = Vec::new();
    for account in accounts {
        let portal = hub.store.find_portal(account.portal_id).await?.ok_or(Refusal::NotFound)?;
        choices.push((ticket::write(&hub.keyring, account, hub.now()), portal.name, portal.id.to_string()));
    }
    let (style, script, icon) = (STYLE.path(), SCRIPT.path(), ICON.path());
    Ok(page::html(StatusCode::OK, &Choice { choices, to: to.to_owned(), style, script, icon }))
}

/// `POST /hub/sign-in/portal`: lets somebody in whose password was right, for the portal that they chose.
pub(crate) async fn choose(State(hub): State<Hub>, guest: Guest) -> Result<Response, Refusal> {
    let chosen = ticket::read(&hub.keyring, guest.form.text("ticket"), hub.now());
    let account = match chosen {
        Some((portal_id, id)) => hub.store.find_user_account(portal_id, id).await?,
        None => None,
    };
    match account.filter(UserAccount::may_sign_in) {
        Some(account) => let_in(&hub, &guest.headers, &account, goal(&guest.form)).await,
        None => {
            let errors = Errors::one("password", "That took too long: sign in again.");
            Ok(form(StatusCode::UNPROCESSABLE_ENTITY, guest.form, errors, false))
        }
    }
}

/// `POST /hub/sign-out`: ends the session.
pub(crate) async fn leave(State(hub): State<Hub>, visitor: Visitor, request: Request) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let form = Form::read(&parts.headers, body).await?;
    guard::sit(&hub, &parts.extensions)?;
    if !visitor.is_form_token(&hub, form.text("_token")) {
        return Err(Refusal::Forged(Forgery::Token));
    }
    let noted = audit::own(Action::UserAccountSignOut, &visitor.account, hub.now());
    audit::by(&visitor.account, noted, session::end(&hub, &parts.headers)).await?;
    let mut response = page::see_other("/hub/sign-in?left=1");
    response.headers_mut().append(header::SET_COOKIE, Cookie::Session.clear(&parts.headers));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_on_to_a_page_of_ours_or_to_the_first() {
        for to in ["/hub", "/hub/11861001/webhooks?page=2", "/hub/1/webhooks/xUjKifleke4u#test"] {
            assert!(is_ours(to), "{to}");
        }
        for to in [
            "",
            "//evil.example",
            "/hub//evil.example",
            "https://evil.example/hub/",
            "/hubbub",
            "/hub/\\evil",
            "/hub/\n",
            "/hub/../x",
        ] {
            assert!(!is_ours(to), "{to}");
        }
        assert_eq!(path(Some("/hub/1/x?a=1&b=2")), "/hub/sign-in?to=%2Fhub%2F1%2Fx%3Fa%3D1%26b%3D2");
        assert_eq!((path(Some("//evil")).as_str(), path(None).as_str()), ("/hub/sign-in", "/hub/sign-in"));
    }
}
