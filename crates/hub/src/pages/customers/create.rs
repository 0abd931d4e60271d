//! `GET /hub/{portal_id}/portals/new` and `POST /hub/{portal_id}/portals`: a partner makes a customer.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::audit::{Action, Noted};
use domain::change::Change;
use domain::id::{AccountGuid, PortalId, UserAccountId};
use domain::password::Password;
use domain::portal::customer::{FirstAdministrator, NewCustomer, TIMEZONE_DEFAULT};
use domain::portal::{Portal, PortalDomain};
use domain::user_account::{EmailAddress, UserAccount};
use store::error::StoreError;
use store::id::Sequence;

use crate::extract::{Act, Editor, View};
use crate::flash::Flash;
use crate::form::{Errors, Form};
use crate::hub::Hub;
use crate::pages::people;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

#[derive(Template)]
#[template(path = "customers/new.html")]
struct New {
    shell: Shell,
    form: Form,
    errors: Errors,
    myself: String,
}

impl New {
    fn of(view: &View, form: Form, errors: Errors) -> Self {
        let myself = view.visitor.account.email.as_str().to_owned();
        New { shell: view.shell(Area::Portals, "Add customer"), form, errors, myself }
    }
}

/// The form.
pub(crate) async fn form(Editor(view): Editor) -> Result<Response, Refusal> {
    refuse_without_customers(&view)?;
    Ok(view.page(&New::of(&view, Form::of([("timezone", TIMEZONE_DEFAULT)]), Errors::default())))
}

/// Makes the portal, with its first administrator.
pub(crate) async fn create(State(hub): State<Hub>, Act { view, form }: Act) -> Result<Response, Refusal> {
    refuse_without_customers(&view)?;
    let mut errors = Errors::default();
    let (customer, person) = (customer(&form, &mut errors), person(&view, &form, &mut errors));
    let chosen = form.given("password").map(Password::choose).transpose();
    let chosen = errors.take("password", chosen).flatten();
    let (Some(customer), Some(person), true) = (customer, person, errors.is_empty()) else {
        return Ok(view.page_with_errors(&New::of(&view, form, errors)));
    };
    let made = make(&hub, &view, customer, person, &mut errors).await?;
    let Some((portal, administrator)) = made else {
        return Ok(view.page_with_errors(&New::of(&view, form, errors)));
    };
    let (id, account) = (portal.after.id, administrator.after.clone());
    match save(&hub, &view, portal, administrator).await {
        Ok(()) => {
            if let Some(chosen) = chosen {
                people::password::save(&hub, &view, &account, chosen).await?;
            }
            let said = "The customer is there. Next, make credentials for what acts for it.";
            Ok(view.done(&hub, &view.path(format_args!("portals/{id}")), Flash::good(said)))
        }
        Err(StoreError::Taken("domain")) => {
            let errors = Errors::one("domain", "there is already a portal with this domain");
            Ok(view.page_with_errors(&New::of(&view, form, errors)))
        }
        Err(error) => Err(error.into()),
    }
}

/// Only a partner has customers. Contract, section 6.
fn refuse_without_customers(view: &View) -> Result<(), Refusal> {
    if view.portal.may_have_customers() { Ok(()) } else { Err(Refusal::NotFound) }
}

/// What may be said of every portal, by the names of the fields of its form.
fn customer(form: &Form, errors: &mut Errors) -> Option<NewCustomer> {
    let mut needed = |field: &str, what: &str| errors.take(field, form.given(field).ok_or(format!("enter {what}")));
    let (name, domain) = (needed("name", "what people call it"), needed("domain", "its host name"));
    let (country, industry) = (needed("country", "where it is"), needed("industry", "what business it is in"));
    let domain = domain.and_then(|domain| errors.take("domain", PortalDomain::parse(domain)));
    let company_size = company_size(form, errors);
    Some(NewCustomer {
        name: name?.to_owned(),
        domain: domain?,
        country: country?.to_owned(),
        industry: industry?.to_owned(),
        timezone: form.given("timezone").map(str::to_owned),
        company_size: company_size?,
        external_customer_id: form.given("external_customer_id").map(str::to_owned),
        child_enrollment_events: form.has("child_enrollment_events", "on"),
    })
}

/// A number of people, or none; the outer none if what was typed is no number.
pub(super) fn company_size(form: &Form, errors: &mut Errors) -> Option<Option<u32>> {
    let Some(text) = form.given("company_size") else { return Some(None) };
    errors.take("company_size", text.parse().map_err(|_| "write a whole number, such as 250")).map(Some)
}

fn person(view: &View, form: &Form, errors: &mut Errors) -> Option<FirstAdministrator> {
    let Some(email) = form.given("email") else {
        return Some(FirstAdministrator::like(view.visitor.account.clone()));
    };
    let said = |field: &str| form.given(field).unwrap_or_default().to_owned();
    let email = errors.take("email", EmailAddress::parse(email))?;
    Some(FirstAdministrator { email, username: None, given_name: said("given_name"), family_name: said("family_name") })
}

type Made = (Change<Portal>, Change<UserAccount>);

/// Both, if they may be as they are.
async fn make(
    hub: &Hub,
    view: &View,
    customer: NewCustomer,
    person: FirstAdministrator,
    errors: &mut Errors,
) -> Result<Option<Made>, Refusal> {
    let now = hub.now();
    let id = PortalId(hub.store.next_id(Sequence::Portal).await?);
    let account_id = UserAccountId(hub.store.next_id(Sequence::UserAccount).await?);
    let portal = match customer.create(id, view.portal.id, now) {
        Ok(portal) => Some(portal),
        Err(error) => {
            errors.add(error.field(), error);
            None
        }
    };
    let administrator = match person.create(account_id, id, AccountGuid::draw(&*hub.random, now), now) {
        Ok(administrator) => Some(administrator),
        Err(error) => {
            errors.add(error.field(), error);
            None
        }
    };
    Ok(portal.zip(administrator))
}

async fn save(
    hub: &Hub,
    view: &View,
    portal: Change<Portal>,
    administrator: Change<UserAccount>,
) -> Result<(), StoreError> {
    let noted = Noted::created(Action::PortalCreate, &portal.after, portal.after.created_at);
    let noted = noted.with("user_account.id", administrator.after.id);
    view.by(noted, hub.store.save_new_portal(portal, administrator)).await
}
