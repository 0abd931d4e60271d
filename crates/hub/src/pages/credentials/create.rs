//! `GET /hub/{portal_id}/credentials/new` and `POST /hub/{portal_id}/credentials`: credentials of the portal or of a customer of it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::audit::{Action, Noted};
use domain::id::{ClientId, PortalId, UserAccountId};
use domain::oauth::{CLIENT_NAME_CHARS_MAX, CLIENT_SECRET_LENGTH, OauthClient, Scope, Scopes};
use domain::portal::Portal;
use domain::user_account::Role;
use store::error::StoreError;
use store::keyring::CLIENT_SECRET;
use store::page::PageRequest;
use store::user_account::UserAccountFilter;

use crate::extract::{Act, Editor, Query, View};
use crate::form::{Errors, Form};
use crate::hub::Hub;
use crate::pages::customers;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

/// Among how many of a portal's first administrators one is looked for who is let in.
const FIRST_ADMINISTRATORS: PageRequest = PageRequest { limit: 50, offset: 0 };

/// What is ticked at first: what an integration needs that offers content, follows completions and is told of them.
const USUAL: [Scope; 7] = [
    Scope::LoRead,
    Scope::LoWrite,
    Scope::EnrollmentRead,
    Scope::WebhookRead,
    Scope::WebhookWrite,
    Scope::PortalRead,
    Scope::UserRead,
];

#[derive(Template)]
#[template(path = "credentials/new.html")]
struct New {
    shell: Shell,
    portal_id: String,
    portal: String,
    is_this: bool,
    scopes: Vec<ScopeChoice>,
    form: Form,
    errors: Errors,
}

struct ScopeChoice {
    value: &'static str,
    description: &'static str,
    is_ticked: bool,
}

#[derive(Template)]
#[template(path = "credentials/secret.html")]
struct Secret {
    shell: Shell,
    portal_id: String,
    portal: String,
    is_this: bool,
    client_id: String,
    name: String,
    secret: String,
    scopes: String,
}

/// What a token with that scope may be used for.
const fn description(scope: Scope) -> &'static str {
    match scope {
        Scope::LoRead => "Read content, its dates and whom its end concerns.",
        Scope::LoWrite => "Change the portal’s own content, download SCORM packages, manage destinations.",
        Scope::EnrollmentRead => "Read enrollments and learning activities: what became of a completion.",
        Scope::EnrollmentWrite => "Enroll learners and report their progress.",
        Scope::WebhookRead => "Read webhooks with their secrets, deliveries and events.",
        Scope::WebhookWrite => "Make and change webhooks, replay deliveries.",
        Scope::PortalRead => "Read the portal, its customers and the audit log.",
        Scope::PortalWrite => "Change the portal; as a partner, make customers.",
        Scope::UserRead => "Read people and their e-mail addresses.",
        Scope::UserWrite => "Make, change and block people.",
        Scope::UserLogin => "Make one-time logins, with which one is any learner: for play links only.",
        Scope::AppRead => "Read which credentials there are, without secrets.",
        Scope::AppWrite => "Make and revoke credentials.",
        Scope::AccountRead => "Read the account.",
    }
}

impl New {
    fn of(view: &View, portal: &Portal, form: Form, errors: Errors) -> Self {
        let choice = |scope: &Scope| ScopeChoice {
            value: scope.as_str(),
            description: description(*scope),
            is_ticked: form.has("scope", scope.as_str()),
        };
        New {
            shell: view.shell(Area::Credentials, "New credentials"),
            portal_id: portal.id.to_string(),
            portal: portal.name.clone(),
            is_this: portal.id == view.portal.id,
            scopes: Scope::ALL.iter().map(choice).collect(),
            form,
            errors,
        }
    }
}

/// For which portal: the one that is looked at, unless the form names a customer of it.
async fn wanted(hub: &Hub, view: &View, form: &Form) -> Result<Portal, Refusal> {
    match form.given("portal") {
        None => Ok(view.portal.clone()),
        Some(text) => {
            let id = text.parse::<PortalId>().map_err(|_| Refusal::NotFound)?;
            customers::find(hub, view, id).await
        }
    }
}

/// The form, with the usual scopes ticked.
pub(crate) async fn form(
    State(hub): State<Hub>,
    Editor(view): Editor,
    Query(query): Query,
) -> Result<Response, Refusal> {
    let portal = wanted(&hub, &view, &query).await?;
    let form = USUAL.iter().fold(Form::default(), |form, scope| form.with("scope", scope.as_str()));
    Ok(view.page(&New::of(&view, &portal, form, Errors::default())))
}

/// What people will call them.
fn named(form: &Form) -> Result<&str, String> {
    let name = form.given("client_name").ok_or("enter what people will call them")?;
    let fits = name.chars().count() <= CLIENT_NAME_CHARS_MAX;
    fits.then_some(name).ok_or_else(|| format!("the name must have at most {CLIENT_NAME_CHARS_MAX} characters"))
}

/// Makes them. The secret is on this page and nowhere else, now and never again.
pub(crate) async fn create(State(hub): State<Hub>, Act { view, form }: Act) -> Result<Response, Refusal> {
    let portal = wanted(&hub, &view, &form).await?;
    let mut errors = Errors::default();
    let name = errors.take("client_name", named(&form));
    let scopes: Option<Scopes> = form.all("scope").map(Scope::read).collect();
    let scopes = scopes.filter(|scopes| scopes.iter().next().is_some()).ok_or("tick at least one");
    let scopes = errors.take("scope", scopes);
    let acting = acting(&hub, &view, &portal).await?;
    let acting = errors.take("form", acting.ok_or("the portal has no administrator to act for it: let one in first"));
    let (Some(name), Some(scopes), Some(user_account_id)) = (name, scopes, acting) else {
        return Ok(view.page_with_errors(&New::of(&view, &portal, form, errors)));
    };
    let secret = hub.random.hex(CLIENT_SECRET_LENGTH);
    let client = OauthClient {
        id: ClientId::draw(&*hub.random),
        portal_id: portal.id,
        user_account_id,
        name: name.to_owned(),
        redirect_uri: None,
        secret_digest: hub.keyring.digest(CLIENT_SECRET, &secret),
        scopes,
        created_at: hub.now(),
        revoked_at: None,
    };
    let client = match client.create() {
        Ok(client) => client,
        Err(error) => {
            let errors = Errors::one(error.field(), error);
            return Ok(view.page_with_errors(&New::of(&view, &portal, form, errors)));
        }
    };
    let noted = Noted::created(Action::OauthClientCreate, &client, client.created_at);
    match view.by(noted, hub.store.save_oauth_client(client.clone())).await {
        Ok(()) => Ok(view.page(&made(&view, &portal, client, secret))),
        Err(StoreError::LimitReached(max)) => {
            let errors = Errors::one(
                "form",
                format!("the portal has {max} credentials already, which is the limit: revoke what is not used"),
            );
            Ok(view.page_with_errors(&New::of(&view, &portal, form, errors)))
        }
        Err(error) => Err(error.into()),
    }
}

fn made(view: &View, portal: &Portal, client: OauthClient, secret: String) -> Secret {
    Secret {
        shell: view.shell(Area::Credentials, "New credentials"),
        portal_id: portal.id.to_string(),
        portal: portal.name.clone(),
        is_this: portal.id == view.portal.id,
        client_id: client.id.to_string(),
        name: client.name,
        secret,
        scopes: client.scopes.to_string(),
    }
}

/// The account through which the client will act: the visitor's in their own portal, the first administrator elsewhere.
async fn acting(hub: &Hub, view: &View, portal: &Portal) -> Result<Option<UserAccountId>, Refusal> {
    if portal.id == view.visitor.account.portal_id {
        return Ok(Some(view.visitor.account.id));
    }
    let filter = UserAccountFilter { roles: Some(vec![Role::Administrator]), ..Default::default() };
    let accounts = hub.store.list_user_accounts(portal.id, &filter, FIRST_ADMINISTRATORS).await?;
    Ok(accounts.items.into_iter().find(|account| account.administers()).map(|account| account.id))
}
