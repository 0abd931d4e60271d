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

#[tokio::test]
async fn guessing_is_refused_for_a_person_and_for_an_address_and_locks_nobody_out() {
    let app = App::new().await;
    let ada = "ada@partner.example.com";
    let mut guesses = 0;
    let mut guess = async |address: &str, email: &str| {
        guesses += 1;
        app.browser().at(address).sign_in(email, "wrong horse battery").await.status
    };
    for (n, expected) in [(10, 422), (5, 429)] {
        for _ in 0..n {
            assert_eq!(guess("192.0.2.1", ada).await, expected);
        }
    }
    // Who guesses there does not get in with the right one any more; she does from where she is.
    let late = app.browser().at("192.0.2.1").sign_in(ada, PASSWORD).await;
    assert_eq!((late.status, late.header("retry-after")), (429, Some("900")));
    app.browser().at("192.0.2.2").sign_in(ada, PASSWORD).await.leads_to();
    for (n, expected) in [(50, 422), (5, 429)] {
        for person in 0..n {
            assert_eq!(guess("192.0.2.3", &format!("person-{person}@{expected}.example.com")).await, expected);
        }
    }
    assert_eq!(guess("192.0.2.4", "person-1@422.example.com").await, 422);
    app.clock.advance(SignedDuration::from_mins(15));
    assert_eq!(guess("192.0.2.1", ada).await, 422);
    assert_eq!(guess("192.0.2.3", ada).await, 422);
    // The control: who knows it is let in, however often.
    let mut let_in = 0;
    for _ in 0..200 {
        app.browser().at("192.0.2.5").sign_in(ada, PASSWORD).await.leads_to();
        let_in += 1;
    }
    proof::held(
        "S14",
        "guesses at the sign-in of the Hub",
        guesses,
        format_args!("{let_in} who know it are let in from one address"),
    );
}

#[tokio::test]
async fn sessions_that_are_planted_over_or_somebody_elses_are_worth_nothing() {
    let app = App::new().await;
    let page = format!("/hub/{}", app.partner.portal_id);
    let ada = app.administrator().await;
    let over = ada.cookie("schoolbell").unwrap();
    ada.submit(&page, "/hub/sign-out", &[]).await.leads_to();
    let ada = app.administrator().await;
    let live = ada.cookie("schoolbell").unwrap();
    let changed = format!("{}{}", &live[1..], &live[..1]);
    let forms = ada.get(&page).await;
    let token = between(&forms.text, "name=\"_token\" value=\"", "\"").unwrap().to_owned();
    let planted = [over, changed, "0".repeat(64), String::new(), live.to_uppercase(), format!("{live}0"), token];
    for value in &planted {
        for name in ["schoolbell", "__Host-schoolbell"] {
            let thief = app.browser().with_cookie(name, value);
            assert!(thief.get(&page).await.leads_to().starts_with("/hub/sign-in"), "{name}={value}");
        }
    }
    // Over https only a cookie that no neighbour can set is looked at, and of two none.
    let https = app.browser().header("x-forwarded-proto", "https").with_cookie("schoolbell", &live);
    assert!(https.get(&page).await.leads_to().starts_with("/hub/sign-in"));
    let both = app.browser().with_cookie("schoolbell", &live).with_cookie("schoolbell", &planted[2]);
    assert!(both.get(&page).await.leads_to().starts_with("/hub/sign-in"));
    // Nobody puts words into our mouth: what is said once is said by us.
    let said =
        app.browser().with_cookie("schoolbell", &live).with_cookie("schoolbell-said", "<script>alert(1)</script>");
    assert!(!said.get(&page).await.page(200).contains("alert(1)"));
    ada.get(&page).await.shows("Overview");
    // Who takes a password away, or sets another, ends what it was good for.
    let account = &app.partner.administrator;
    let hash = hub::password::hash(
        &app.keyring,
        &account.email,
        &domain::password::Password::entered("another password"),
        crate::app::COST,
    );
    app.store.save_password(account.portal_id, account.id, hash, domain::clock::Clock::now(&*app.clock)).await.unwrap();
    assert!(
        ada.get(&page).await.leads_to().starts_with("/hub/sign-in"),
        "a password that is replaced leaves no session"
    );
    proof::held(
        "S11",
        "sessions that are planted, over or made up",
        planted.len() as u64 * 2 + 2,
        "the session itself is let in",
    );
}
