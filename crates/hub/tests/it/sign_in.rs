//! Who is let in, for how long, and how often somebody may try.

use domain::user_account::Role;
use jiff::SignedDuration;

use crate::answer::between;
use crate::app::{App, PASSWORD};

#[tokio::test]
async fn an_administrator_signs_in_looks_about_and_signs_out() {
    let app = App::new().await;
    let browser = app.browser();
    let first = browser.get("/hub").await;
    assert_eq!(first.leads_to(), "/hub/sign-in");
    browser.follow(&first).await.shows("<h1>Sign in</h1>");
    let entered = browser.sign_in("ADA@partner.example.com", PASSWORD).await;
    let home = browser.follow(&entered).await;
    assert_eq!(home.leads_to(), format!("/hub/{}", app.partner.portal_id));
    browser.follow(&home).await.shows("<h1>Overview</h1>").shows("The partner").shows("Add your first webhook");
    let left = browser.submit(home.leads_to(), "/hub/sign-out", &[]).await;
    browser.follow(&left).await.shows("You are signed out.");
    assert_eq!(browser.get("/hub").await.leads_to(), "/hub/sign-in");
}

#[tokio::test]
async fn one_goes_on_to_the_page_that_one_wanted_and_nowhere_else() {
    let app = App::new().await;
    let wanted = format!("/hub/{}/webhooks?page=2", app.partner.portal_id);
    let browser = app.browser();
    let asked = browser.get(&wanted).await;
    let form = browser.follow(&asked).await;
    assert_eq!(between(&form.text, "name=\"to\" value=\"", "\""), Some(wanted.as_str()));
    for (to, expected) in
        [(wanted.as_str(), wanted.as_str()), ("//evil.example", "/hub"), ("https://evil.example", "/hub")]
    {
        let browser = app.browser();
        let fields = [("email", "ada@partner.example.com"), ("password", PASSWORD), ("to", to)];
        assert_eq!(browser.post("/hub/sign-in", &fields).await.leads_to(), expected);
    }
}

#[tokio::test]
async fn who_is_in_several_portals_is_asked_for_which() {
    let app = App::new().await;
    let twin = app.account(app.customer.portal_id, "ada@partner.example.com", Role::Manager, PASSWORD).await;
    app.account(app.stranger.portal_id, "ada@partner.example.com", Role::Administrator, "another password").await;
    let browser = app.browser();
    let asked = browser.sign_in("ada@partner.example.com", PASSWORD).await;
    asked.shows("Which portal?").shows("The partner").shows("The customer");
    assert!(!asked.text.contains("The stranger") && browser.cookie("schoolbell").is_none());
    let ticket = between(&asked.text, "name=\"ticket\" value=\"", "\"").unwrap();
    let (_, rest) = asked.text.split_once(ticket).unwrap();
    let second = between(rest, "name=\"ticket\" value=\"", "\"").unwrap();
    let chosen = browser.post("/hub/sign-in/portal", &[("ticket", second)]).await;
    assert_eq!(browser.follow(&chosen).await.leads_to(), format!("/hub/{}", twin.portal_id));
    // A choice is made soon, of what was offered.
    app.clock.advance(SignedDuration::from_mins(5));
    for ticket in [ticket, "", "00", &ticket[2..]] {
        let late = app.browser().post("/hub/sign-in/portal", &[("ticket", ticket)]).await;
        assert!(late.page(422).contains("sign in again"));
    }
}

#[tokio::test]
async fn who_is_not_let_in_is_told_the_same_whatever_the_reason() {
    let app = App::new().await;
    app.account(app.partner.portal_id, "learner@partner.example.com", Role::Learner, PASSWORD).await;
    let mut answers = Vec::new();
    for (email, password) in [
        ("nobody@partner.example.com", PASSWORD),
        ("ada@partner.example.com", "wrong horse battery"),
        ("learner@partner.example.com", PASSWORD),
        ("ada@partner.example.com", ""),
        ("", ""),
    ] {
        let browser = app.browser();
        let refused = browser.sign_in(email, password).await;
        assert!(browser.cookie("schoolbell").is_none());
        answers.push(refused.page(422).replace(email, ""));
    }
    answers.dedup();
    // The last one has nothing in its field, and so the other one is to be filled in first.
    assert_eq!(answers.len(), 2, "{answers:?}");
}

#[tokio::test]
async fn who_fails_too_often_waits() {
    let app = App::new().await;
    let attacker = app.browser().at("192.0.2.1");
    for _ in 0..10 {
        attacker.sign_in("ada@partner.example.com", "wrong horse battery").await.page(422);
    }
    let refused = attacker.sign_in("ada@partner.example.com", PASSWORD).await;
    assert!(refused.page(429).contains("try again in 15 min"));
    assert_eq!(refused.header("retry-after"), Some("900"));
    // She is not locked out where she is, nor is anybody else where the attacker is.
    app.browser().at("198.51.100.7").sign_in("ada@partner.example.com", PASSWORD).await.leads_to();
    app.browser().at("192.0.2.1").sign_in("alan@partner.example.com", PASSWORD).await.leads_to();
    app.clock.advance(SignedDuration::from_mins(15));
    attacker.sign_in("ada@partner.example.com", PASSWORD).await.leads_to();
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_when_the_account_is_blocked() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let page = format!("/hub/{}", app.partner.portal_id);
    app.clock.advance(SignedDuration::from_hours(11));
    browser.get(&page).await.shows("Overview");
    app.clock.advance(SignedDuration::from_hours(11));
    browser.get(&page).await.shows("Overview");
    app.clock.advance(SignedDuration::from_hours(12));
    browser.get(&page).await.leads_to();
    let browser = app.administrator().await;
    let mut account =
        app.store.find_user_account(app.partner.portal_id, app.partner.administrator.id).await.unwrap().unwrap();
    account.active = false;
    app.store.save_user_account(domain::change::Change::silent(account)).await.unwrap();
    browser.get(&page).await.leads_to();
}

#[tokio::test]
async fn what_a_browser_had_before_is_no_session_after() {
    let app = App::new().await;
    let planted = "0".repeat(64);
    let browser = app.browser().with_cookie("schoolbell", &planted);
    browser.sign_in("ada@partner.example.com", PASSWORD).await.leads_to();
    let first = browser.cookie("schoolbell").unwrap();
    assert_ne!(first, planted);
    // Signing in again gives another one, and the one before is worth nothing.
    browser.post("/hub/sign-in", &[("email", "ada@partner.example.com"), ("password", PASSWORD)]).await.leads_to();
    assert_ne!(browser.cookie("schoolbell").unwrap(), first);
    for value in [planted, first] {
        assert_eq!(app.browser().with_cookie("schoolbell", &value).get("/hub").await.leads_to(), "/hub/sign-in");
    }
}

#[tokio::test]
async fn cookies_have_the_flags_that_fit() {
    let app = App::new().await;
    let set = async |proto: &str| {
        let browser = app.browser().header("x-forwarded-proto", proto);
        let entered = browser.sign_in("ada@partner.example.com", PASSWORD).await;
        let line = entered.header("set-cookie").unwrap().to_owned();
        let (name, rest) = line.split_once('=').unwrap();
        let (value, flags) = rest.split_once(';').unwrap();
        assert!(value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit()));
        (name.to_owned(), flags.to_owned())
    };
    assert_eq!(set("").await, ("schoolbell".to_owned(), " Path=/; HttpOnly; SameSite=Lax".to_owned()));
    assert_eq!(
        set("https").await,
        ("__Host-schoolbell".to_owned(), " Path=/; HttpOnly; SameSite=Lax; Secure".to_owned())
    );
}
