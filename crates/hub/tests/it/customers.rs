//! Portals and their credentials.

use domain::audit::Action;
use domain::oauth::{OauthClient, Scope};
use domain::portal::Portal;
use store::audit::AuditFilter;
use store::keyring::CLIENT_SECRET;
use store::page::PageRequest;
use store::portal::PortalFilter;

use crate::answer::{Answer, between};
use crate::app::{App, Browser};

const PAGE: PageRequest = PageRequest { limit: 100, offset: 0 };
const GOOD: [(&str, &str); 4] =
    [("name", "Acme <b>"), ("domain", "Acme.example.com"), ("country", "AU"), ("industry", "Roads")];

fn with(other: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    GOOD.into_iter()
        .filter(|(name, _)| !other.iter().any(|(there, _)| there == name))
        .chain(other.iter().copied())
        .collect()
}

async fn add(app: &App, browser: &Browser<'_>, fields: &[(&str, &str)]) -> Answer {
    let below = format!("/hub/{}/portals", app.partner.portal_id);
    browser.submit(&format!("{below}/new"), &below, fields).await
}

async fn customers(app: &App) -> Vec<Portal> {
    app.store.list_customers(app.partner.portal_id, &PortalFilter::default(), PAGE).await.unwrap().items
}

/// Whether there is an entry of the audit log for an action on it.
async fn is_noted(app: &App, action: Action, subject_id: &str) -> bool {
    let listed = app.store.list_audit_entries(app.partner.portal_id, &AuditFilter::default(), PAGE).await.unwrap();
    listed.items.iter().any(|entry| entry.entry.noted.action == action && entry.entry.noted.subject_id == subject_id)
}

async fn clients(app: &App, portal: &Portal) -> Vec<OauthClient> {
    app.store.list_oauth_clients(portal.id).await.unwrap()
}

#[tokio::test]
async fn a_partner_adds_a_customer_and_finds_it() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let added = add(&app, &browser, &with(&[("company_size", "250"), ("external_customer_id", "HR-42")])).await;
    let made = customers(&app).await.into_iter().find(|portal| portal.domain.as_str() == "acme.example.com").unwrap();
    assert_eq!(added.leads_to(), format!("/hub/{}/portals/{}", app.partner.portal_id, made.id));
    browser.follow(&added).await.shows("The customer is there.").shows("Acme &#60;b&#62;").shows("HR-42").shows("UTC");
    assert_eq!((made.partner_id, made.company_size), (Some(app.partner.portal_id), Some(250)));
    // Nobody was named: she administers it herself.
    let accounts = app.store.list_user_accounts(made.id, &Default::default(), PAGE).await.unwrap().items;
    assert_eq!(accounts.len(), 1);
    assert!(accounts[0].administers() && accounts[0].email == app.partner.administrator.email);
    assert!(is_noted(&app, Action::PortalCreate, &made.id.to_string()).await);
    let list = format!("/hub/{}/portals", app.partner.portal_id);
    browser.get(&list).await.shows("Acme &#60;b&#62;").shows("The customer");
    let found = browser.get(&format!("{list}?q=ACME")).await;
    assert!(found.text.contains("acme.example.com") && !found.text.contains("customer.example.com ·"));
    browser.get(&format!("{list}?q=zzz")).await.shows("Nothing found");
    add(
        &app,
        &browser,
        &with(&[
            ("domain", "two.example.com"),
            ("email", "grace@two.example.com"),
            ("given_name", "Grace"),
            ("password", "a fine first one"),
        ]),
    )
    .await;
    let made = customers(&app).await.into_iter().find(|portal| portal.domain.as_str() == "two.example.com").unwrap();
    let accounts = app.store.list_user_accounts(made.id, &Default::default(), PAGE).await.unwrap().items;
    assert_eq!((accounts[0].email.as_str(), accounts[0].given_name.as_str()), ("grace@two.example.com", "Grace"));
    let grace = app.browser();
    let entered = grace.sign_in("grace@two.example.com", "a fine first one").await;
    assert_eq!(grace.follow(&entered).await.leads_to(), format!("/hub/{}", made.id));
}

#[tokio::test]
async fn what_is_wrong_with_a_customer_is_said_beside_its_field() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let before = customers(&app).await.len();
    let long: &'static str = "x".repeat(256).leak();
    for (wrong, field, said) in [
        (("name", ""), "name", "Enter what people call it"),
        (("name", long), "name", "1 to 255 characters"),
        (("domain", ""), "domain", "Enter its host name"),
        (("domain", "acme"), "domain", "host name such as"),
        (("domain", "customer.example.com"), "domain", "already a portal"),
        (("country", " "), "country", "Enter where it is"),
        (("industry", ""), "industry", "Enter what business"),
        (("timezone", "+10:00"), "timezone", "IANA time zone"),
        (("company_size", "many"), "company_size", "whole number"),
        (("email", "nobody"), "email", "such as ada@example.com"),
        (("password", "short"), "password", "12 to 256 characters"),
    ] {
        let refused = add(&app, &browser, &with(&[wrong])).await;
        let page = refused.page(422);
        let text =
            between(page, &format!("id=\"{field}-error\">"), "</p>").unwrap_or_else(|| panic!("{wrong:?}: {page}"));
        assert!(text.contains(said), "{wrong:?}: {text}");
        assert!(wrong.0 == "country" || page.contains("value=\"AU\""), "what was typed stays");
    }
    assert_eq!(customers(&app).await.len(), before);
}

#[tokio::test]
async fn a_portal_and_its_customers_are_changed() {
    let app = App::new().await;
    let browser = app.administrator().await;
    for id in [app.partner.portal_id, app.customer.portal_id] {
        let path = format!("/hub/{}/portals/{id}", app.partner.portal_id);
        let edited = browser
            .submit(
                &path,
                &format!("{path}/edit"),
                &[("name", "Other"), ("country", "DE"), ("child_enrollment_events", "on")],
            )
            .await;
        browser.follow(&edited).await.shows("The portal is changed.").shows("Other").shows("Each part tells");
        let portal = app.store.find_portal(id).await.unwrap().unwrap();
        assert_eq!((portal.name.as_str(), portal.country.as_deref()), ("Other", Some("DE")));
        assert!(browser.submit(&path, &format!("{path}/edit"), &[("name", "")]).await.page(422).contains("name-error"));
    }
    // Nobody else's, and nobody who is no partner makes any.
    let stranger = format!("/hub/{}/portals/{}", app.partner.portal_id, app.stranger.portal_id);
    assert_eq!(browser.get(&stranger).await.status, 404);
    assert_eq!(browser.get(&format!("{stranger}/edit")).await.status, 404);
    let own = app.signed_in(&app.customer.administrator).await;
    let below = format!("/hub/{}/portals", app.customer.portal_id);
    let page = own.get(&below).await;
    assert!(!page.text.contains("Add customer") && !page.text.contains("Customers"));
    assert_eq!(own.get(&format!("{below}/new")).await.status, 404);
    assert_eq!(own.submit(&below, &below, &GOOD).await.status, 404);
    assert_eq!(own.get(&format!("{below}/{}", app.partner.portal_id)).await.status, 404);
}

#[tokio::test]
async fn credentials_are_shown_once_and_revoked() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let below = format!("/hub/{}/credentials", app.partner.portal_id);
    browser.get(&below).await.shows("No credentials yet");
    let form = browser.get(&format!("{below}/new")).await;
    form.shows("value=\"enrollment.read\" checked");
    assert!(!form.text.contains("value=\"user.login\" checked") && !form.text.contains("value=\"app.write\" checked"));
    let fields = [("client_name", "Connector <i>"), ("scope", "lo.read"), ("scope", "enrollment.read")];
    let made = browser.submit(&format!("{below}/new"), &below, &fields).await;
    made.shows("it is shown once").shows("Connector &#60;i&#62;");
    let own = app.store.find_portal(app.partner.portal_id).await.unwrap().unwrap();
    let [client] = clients(&app, &own).await.try_into().unwrap();
    let secret = between(&made.text, "id=\"client_secret\" value=\"", "\"").unwrap();
    assert_eq!(secret.len(), 40);
    made.shows(&format!("data-copy=\"{secret}\"")).shows(&format!("data-copy=\"{}\"", client.id));
    assert!(client.secret_digest.matches(&app.keyring.digest(CLIENT_SECRET, secret)));
    assert_eq!(
        (client.scopes, client.user_account_id),
        ([Scope::LoRead, Scope::EnrollmentRead].into_iter().collect(), app.partner.administrator.id)
    );
    let list = browser.get(&below).await;
    list.shows("Connector &#60;i&#62;").shows(client.id.as_str());
    assert!(
        !list.text.contains(secret) && !made.headers.iter().any(|(_, value)| value.to_str().unwrap().contains(secret))
    );
    assert!(is_noted(&app, Action::OauthClientCreate, client.id.as_str()).await);
    let path = format!("{below}/{}/revoke", client.id);
    browser.get(&path).await.shows("Revoke Connector &#60;i&#62;?");
    let revoked = browser.submit(&path, &path, &[]).await;
    browser.follow(&revoked).await.shows("is revoked").shows("No credentials yet");
    assert!(is_noted(&app, Action::OauthClientRevoke, client.id.as_str()).await);
    assert_eq!(browser.submit(&below, &path, &[]).await.status, 404);
    for (fields, field) in [
        (vec![("client_name", "x")], "scope"),
        (vec![("scope", "lo.read")], "client_name"),
        (vec![("client_name", "x"), ("scope", "all")], "scope"),
    ] {
        assert!(
            browser
                .submit(&format!("{below}/new"), &below, &fields)
                .await
                .page(422)
                .contains(&format!("id=\"{field}-error\""))
        );
    }
    let long = [("client_name", "n".repeat(256)), ("scope", "lo.read".to_owned())];
    let long = long.each_ref().map(|(name, value)| (*name, value.as_str()));
    let refused = browser.submit(&format!("{below}/new"), &below, &long).await;
    assert!(refused.page(422).contains("The name must have at most 255 characters."), "in the words of the page");
    assert_eq!(clients(&app, &own).await, []);
}

#[tokio::test]
async fn a_partner_makes_credentials_of_a_customer_and_of_nobody_else() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let below = format!("/hub/{}/credentials", app.partner.portal_id);
    let customer = app.customer.portal_id.to_string();
    browser.get(&format!("{below}/new?portal={customer}")).await.shows("New credentials for The customer");
    let fields = [("client_name", "Theirs"), ("scope", "lo.read"), ("portal", customer.as_str())];
    browser.submit(&format!("{below}/new"), &below, &fields).await.shows("The customer");
    let portal = app.store.find_portal(app.customer.portal_id).await.unwrap().unwrap();
    let [client] = clients(&app, &portal).await.try_into().unwrap();
    assert_eq!((client.portal_id, client.user_account_id), (portal.id, app.customer.administrator.id));
    browser.get(&format!("/hub/{}/portals/{customer}", app.partner.portal_id)).await.shows("Theirs");
    // Only the customer ends them.
    assert_eq!(browser.get(&format!("{below}/{}/revoke", client.id)).await.status, 404);
    assert_eq!(browser.submit(&below, &format!("{below}/{}/revoke", client.id), &[]).await.status, 404);
    let stranger = app.stranger.portal_id.to_string();
    let fields = [("client_name", "Stolen"), ("scope", "lo.read"), ("portal", stranger.as_str())];
    assert_eq!(browser.submit(&format!("{below}/new"), &below, &fields).await.status, 404);
    let other = app.signed_in(&app.customer.administrator).await;
    let own = format!("/hub/{customer}/credentials");
    let above = app.partner.portal_id.to_string();
    let fields = [("client_name", "Stolen"), ("scope", "lo.read"), ("portal", above.as_str())];
    assert_eq!(other.submit(&format!("{own}/new"), &own, &fields).await.status, 404);
    let strangers = app.store.find_portal(app.stranger.portal_id).await.unwrap().unwrap();
    assert_eq!(clients(&app, &strangers).await, []);
    assert_eq!(clients(&app, &portal).await.len(), 1);
}
