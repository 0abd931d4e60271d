//! People of a portal: roles, who is let in, and with which password.

use domain::audit::Action;
use domain::user_account::{Role, UserAccount};
use store::audit::AuditFilter;
use store::page::PageRequest;

use crate::answer::between;
use crate::app::{App, PASSWORD};

const PAGE: PageRequest = PageRequest { limit: 100, offset: 0 };

async fn stored(app: &App, account: &UserAccount) -> UserAccount {
    app.store.find_user_account(account.portal_id, account.id).await.unwrap().unwrap()
}

async fn actions(app: &App) -> Vec<Action> {
    let listed = app.store.list_audit_entries(app.partner.portal_id, &AuditFilter::default(), PAGE).await.unwrap();
    listed.items.into_iter().map(|entry| entry.entry.noted.action).collect()
}

#[tokio::test]
async fn people_are_listed_with_who_may_sign_in() {
    let app = App::new().await;
    let portal_id = app.partner.portal_id;
    app.account(portal_id, "learner@partner.example.com", Role::Learner, PASSWORD).await;
    let browser = app.administrator().await;
    let below = format!("/hub/{portal_id}/people");
    browser
        .get(&below)
        .await
        .shows("As administrator")
        .shows("As viewer</span>")
        .shows("Learns only")
        .shows("Ada Lovelace");
    let found = browser.get(&format!("{below}?q=ALAN%40partner.example.com")).await;
    assert!(found.text.contains("Alan Lovelace") && !found.text.contains("learner@"));
    let may = browser.get(&format!("{below}?role=sign-in")).await;
    assert!(may.text.contains("alan@") && !may.text.contains("learner@"));
    browser.get(&format!("{below}?role=Content%20administrator")).await.shows("Nothing found");
    // A viewer sees them and changes nothing.
    let viewer = app.signed_in(&app.partner.viewer).await;
    let page = viewer.get(&format!("{below}/{}", app.partner.administrator.id)).await;
    page.shows("ada@partner.example.com");
    assert!(!page.text.contains("/block") && !page.text.contains("/password"));
}

#[tokio::test]
async fn somebody_is_added_given_a_password_and_signs_in() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let below = format!("/hub/{}/people", app.partner.portal_id);
    let fields = [("email", "grace@partner.example.com"), ("given_name", "Grace <b>"), ("roles", "Manager")];
    let added = browser.submit(&format!("{below}/new"), &below, &fields).await;
    let path = added.leads_to().to_owned();
    browser.follow(&added).await.shows("No password yet").shows("Grace &#60;b&#62;");
    for (password, said) in [("short", "12 to 256 characters"), ("aaaaaaaaaaaaaaaa", "at least four of them different")]
    {
        let refused = browser.submit(&path, &format!("{path}/password"), &[("password", password)]).await;
        assert!(between(refused.page(422), "id=\"password-error\">", "</p>").unwrap().contains(said));
        assert!(!refused.text.contains(&format!("\"{password}\"")));
    }
    let set = browser.submit(&path, &format!("{path}/password"), &[("password", "a fine new password")]).await;
    let page = browser.follow(&set).await;
    page.shows("The password is set.").shows("As viewer</span>");
    assert!(!page.text.contains("a fine new password"));
    app.browser().sign_in("grace@partner.example.com", "a fine new password").await.leads_to();
    assert!(actions(&app).await.contains(&Action::UserAccountPassword));
    assert!(actions(&app).await.contains(&Action::UserAccountCreate));
    for (fields, field) in [
        (vec![("email", "nobody"), ("roles", "Manager")], "email"),
        (vec![("email", "GRACE@partner.example.com"), ("roles", "Manager")], "email"),
        (vec![("email", "new@partner.example.com")], "roles"),
    ] {
        let refused = browser.submit(&format!("{below}/new"), &below, &fields).await;
        assert!(refused.page(422).contains(&format!("id=\"{field}-error\"")), "{fields:?}");
    }
    // Who only learns has no use for one here.
    let learner = app.account(app.partner.portal_id, "learner@partner.example.com", Role::Learner, PASSWORD).await;
    let path = format!("{below}/{}", learner.id);
    assert_eq!(browser.submit(&path, &format!("{path}/password"), &[("password", PASSWORD)]).await.status, 422);
}

#[tokio::test]
async fn whoever_is_blocked_is_out_and_nobody_locks_themselves_out() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let viewer = app.signed_in(&app.partner.viewer).await;
    let portal = format!("/hub/{}", app.partner.portal_id);
    let path = format!("{portal}/people/{}", app.partner.viewer.id);
    let blocked = browser.submit(&path, &format!("{path}/block"), &[]).await;
    browser.follow(&blocked).await.shows("Blocked").shows("Let in again");
    viewer.get(&portal).await.leads_to();
    assert!(!stored(&app, &app.partner.viewer).await.active);
    browser.submit(&path, &format!("{path}/unblock"), &[]).await.leads_to();
    assert!(stored(&app, &app.partner.viewer).await.active);
    let changed =
        browser.submit(&path, &path, &[("given_name", "Alan"), ("roles", "Administrator"), ("roles", "Manager")]).await;
    browser.follow(&changed).await.shows("The account is changed.").shows("As administrator");
    assert!(browser.submit(&path, &path, &[("given_name", "Alan")]).await.page(422).contains("at least one role"));
    let own = format!("{portal}/people/{}", app.partner.administrator.id);
    assert!(browser.submit(&own, &format!("{own}/block"), &[]).await.page(422).contains("cannot block yourself"));
    assert!(browser.submit(&own, &own, &[("roles", "Manager")]).await.page(422).contains("lock yourself out"));
    assert!(stored(&app, &app.partner.administrator).await.administers());
    let strangers = format!("{portal}/people/{}", app.stranger.administrator.id);
    assert_eq!(browser.get(&strangers).await.status, 404);
    for act in ["", "/block", "/unblock", "/password"] {
        assert_eq!(
            browser
                .submit(&own, &format!("{strangers}{act}"), &[("roles", "Learner"), ("password", PASSWORD)])
                .await
                .status,
            404
        );
    }
}
