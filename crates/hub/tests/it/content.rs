//! What the pages of content show, and what its owner may do there.

use domain::change::Change;
use domain::enrollment::Status;
use domain::id::{LearningObjectId, PortalId};
use domain::learning_object::{Content, LearningObject, LifecycleState};
use domain::user_account::Role;
use jiff::{SignedDuration, Timestamp};
use store::audit::AuditFilter;
use store::learning_object::LearningObjectRef;
use store::page::PageRequest;

use crate::answer::{Answer, between};
use crate::app::{App, Browser, PASSWORD, START};

const DAY: SignedDuration = SignedDuration::from_hours(24);

async fn stored(app: &App, portal_id: PortalId, id: LearningObjectId) -> LearningObject {
    app.store.find_learning_object(portal_id, &LearningObjectRef::Id(id)).await.unwrap().unwrap()
}

/// So many days after the beginning, and the rest of a second, as a form has it.
fn days(days: i64) -> String {
    let at = START.parse::<Timestamp>().unwrap() + DAY * i32::try_from(days).unwrap() + SignedDuration::from_secs(1);
    at.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

async fn flag(app: &App, browser: &Browser<'_>, id: LearningObjectId, fields: &[(&str, &str)]) -> Answer {
    let path = format!("/hub/{}/content/{id}/flag", app.partner.portal_id);
    browser.submit(&path, &path, fields).await
}

/// Actions of the audit log, the latest first.
async fn noted(app: &App) -> Vec<(String, Vec<String>)> {
    let page = PageRequest { limit: 100, offset: 0 };
    let listed = app.store.list_audit_entries(app.partner.portal_id, &AuditFilter::default(), page).await.unwrap();
    let entry = |entry: store::audit::StoredEntry| {
        let fields = entry.entry.noted.changes.into_iter().map(|change| change.field).collect();
        (entry.entry.noted.action.as_str().to_owned(), fields)
    };
    listed.items.into_iter().map(entry).collect()
}

#[tokio::test]
async fn a_library_is_searched_and_narrowed() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let below = format!("/hub/{}/content", app.partner.portal_id);
    browser.get(&below).await.shows("No content yet").shows("POST /learning-objects");
    let portal_id = app.partner.portal_id;
    let (safety, law) = (app.content(portal_id, "Fire <b>safety</b>").await, app.content(portal_id, "Data law").await);
    let gone = app.content(portal_id, "Steam engines").await;
    let mut removed = stored(&app, portal_id, gone).await;
    removed.state = LifecycleState::Removed;
    app.store.save_learning_object(Change::silent(removed)).await.unwrap();
    flag(&app, &browser, safety, &[]).await.leads_to();
    let check = async |query: &str, shown: &[&str], hidden: &[&str]| {
        let page = browser.get(&format!("{below}{query}")).await;
        for text in shown {
            page.shows(text);
        }
        for text in hidden {
            assert!(!page.text.contains(text), "{query}: {text}");
        }
    };
    let shown = "Fire &#60;b&#62;safety&#60;/b&#62;";
    check("", &[shown, "Data law", "Retiring soon", "91 days left"], &["Steam", "<b>safety"]).await;
    check("?q=FIRE", &[shown], &["Data law"]).await;
    check(&format!("?q={law}"), &["Data law"], &[shown]).await;
    check("?state=retiring", &[shown], &["Data law"]).await;
    check("?state=published", &["Data law"], &[shown]).await;
    check("?state=removed", &["Steam engines"], &["Data law"]).await;
    check("?state=retired", &["Nothing here"], &["Data law"]).await;
    check("?type=video", &["Nothing found"], &["Data law"]).await;
    check("?q=%22%3E%3Cscript%3E", &["Nothing found", "value=\"&#34;&#62;&#60;script&#62;\""], &["<script>"]).await;
}

#[tokio::test]
async fn content_is_flagged_with_three_months_unless_said_otherwise() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let (partner, customer) = (app.partner.portal_id, app.customer.portal_id);
    let id = app.content(partner, "Fire safety").await;
    app.store.save_library_items(customer, &[id], START.parse().unwrap()).await.unwrap();
    let grace = app.account(customer, "grace@customer.example.com", Role::Learner, PASSWORD).await;
    app.enrollment(customer, grace.id, id, Status::InProgress).await;
    let form = browser.get(&format!("/hub/{partner}/content/{id}/flag")).await;
    form.shows("value=\"2022-06-29T01:29:36\"").shows("The customer").shows("three calendar months");
    let flagged = flag(&app, &browser, id, &[]).await;
    assert_eq!(flagged.leads_to(), format!("/hub/{partner}/content/{id}"));
    browser.follow(&flagged).await.shows("The dates are set.").shows("Retiring soon").shows("91 days left");
    let retirement = stored(&app, partner, id).await.retirement.unwrap();
    assert_eq!(retirement.removed_at, "2022-06-29T01:29:36Z".parse().unwrap());
    assert_eq!(retirement.retired_at, None);
    let later = flag(&app, &browser, id, &[("removed_at", &days(120)), ("retired_at", &days(30))]).await;
    browser.follow(&later).await.shows("120 days left").shows("no new enrollments");
    assert_eq!(
        stored(&app, partner, id).await.retirement.unwrap().retired_at,
        Some(days(30).parse::<jiff::civil::DateTime>().unwrap().to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp())
    );
    // Neither date given: the one stays, the other is taken away.
    flag(&app, &browser, id, &[]).await.leads_to();
    assert_eq!(stored(&app, partner, id).await.retirement.unwrap().retired_at, None);
    let path = format!("/hub/{partner}/content/{id}");
    let withdrawn = browser.submit(&path, &format!("{path}/withdraw"), &[]).await;
    browser.follow(&withdrawn).await.shows("It stays").shows("Published");
    assert_eq!(stored(&app, partner, id).await.retirement, None);
    let again = browser.submit(&path, &format!("{path}/withdraw"), &[]).await;
    browser.follow(&again).await.shows("nothing was changed");
    let actions: Vec<_> = noted(&app).await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(
        actions[..4],
        ["learning_object.withdraw", "learning_object.move", "learning_object.move", "learning_object.flag"]
    );
}

#[tokio::test]
async fn short_notice_is_asked_for_and_noted() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let id = app.content(app.partner.portal_id, "Fire safety").await;
    for (fields, field, said) in [
        (vec![("removed_at", days(59))], "force", "less than 60 days"),
        (vec![("removed_at", days(-1))], "removed_at", "in the past"),
        (vec![("removed_at", days(366 * 10))], "removed_at", "10 years"),
        (vec![("removed_at", days(90)), ("retired_at", days(91))], "retired_at", "before the removal"),
        (vec![("removed_at", "tomorrow".to_owned())], "removed_at", "rite it like"),
        (vec![("retired_at", "\"><script>".to_owned())], "retired_at", "rite it like"),
    ] {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let refused = flag(&app, &browser, id, &fields).await;
        let page = refused.page(422);
        let text =
            between(page, &format!("id=\"{field}-error\">"), "</p>").unwrap_or_else(|| panic!("{fields:?}: {page}"));
        assert!(text.contains(said) && !page.contains("<script>"), "{fields:?}: {text}");
        assert!(
            fields[0].1.contains('<') || page.contains(&format!("value=\"{}\"", fields[0].1)),
            "what was typed stays"
        );
    }
    assert_eq!(stored(&app, app.partner.portal_id, id).await.retirement, None);
    flag(&app, &browser, id, &[("removed_at", &days(59)), ("force", "on")]).await.leads_to();
    let (action, fields) = noted(&app).await.remove(0);
    assert_eq!(action, "learning_object.flag");
    assert!(fields.contains(&"lifecycle.force".to_owned()), "{fields:?}");
    // The control: sixty days need no word.
    let other = app.content(app.partner.portal_id, "Data law").await;
    flag(&app, &browser, other, &[("removed_at", &days(60))]).await.leads_to();
    assert!(!noted(&app).await.remove(0).1.contains(&"lifecycle.force".to_owned()));
}

#[tokio::test]
async fn who_does_not_own_content_changes_nothing() {
    let app = App::new().await;
    let (partner, customer) = (app.partner.portal_id, app.customer.portal_id);
    let id = app.content(partner, "Fire safety").await;
    app.store.save_library_items(customer, &[id], START.parse().unwrap()).await.unwrap();
    let browser = app.signed_in(&app.customer.administrator).await;
    let path = format!("/hub/{customer}/content/{id}");
    let page = browser.get(&path).await;
    page.shows("The partner owns this content").shows("SCORM package");
    assert!(!page.text.contains("/flag") && !page.text.contains("/edit"));
    let before = stored(&app, partner, id).await;
    for act in ["flag", "withdraw", "edit"] {
        assert!(
            browser.submit(&path, &format!("{path}/{act}"), &[]).await.page(403).contains("belongs to another portal")
        );
    }
    assert_eq!(browser.get(&format!("{path}/flag")).await.status, 403);
    assert_eq!(stored(&app, partner, id).await, before);
    assert_eq!(noted(&app).await.iter().filter(|(action, _)| action.starts_with("learning_object")).count(), 0);
    // What is in nobody's library of theirs is not there.
    let other = app.content(app.stranger.portal_id, "Not yours").await;
    assert_eq!(browser.get(&format!("/hub/{customer}/content/{other}")).await.status, 404);
}

#[tokio::test]
async fn removals_come_month_by_month_with_those_whom_they_hurt() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let portal_id = app.partner.portal_id;
    let path = format!("/hub/{portal_id}/content/upcoming");
    browser.get(&path).await.shows("Nothing is going");
    let (later, sooner) = (app.content(portal_id, "Later").await, app.content(portal_id, "Sooner <i>").await);
    let learner = app.account(portal_id, "learner@partner.example.com", Role::Learner, PASSWORD).await;
    app.enrollment(portal_id, learner.id, sooner, Status::InProgress).await;
    flag(&app, &browser, later, &[("removed_at", &days(150))]).await.leads_to();
    flag(&app, &browser, sooner, &[("removed_at", &days(10)), ("force", "on")]).await.leads_to();
    let page = browser.get(&path).await;
    page.shows("April 2022").shows("August 2022").shows("10 days left").shows("Sooner &#60;i&#62;");
    page.shows("<strong>1</strong> learner not done").shows("nobody is learning it");
    assert!(page.text.find("Sooner").unwrap() < page.text.find("Later").unwrap());
    app.clock.advance(DAY * 10 + SignedDuration::from_secs(1));
    let browser = app.administrator().await;
    let page = browser.get(&path).await;
    assert!(!page.text.contains("Sooner"), "what is gone is not upcoming");
    let gone = browser.get(&format!("/hub/{portal_id}/content/{sooner}")).await;
    gone.shows("It is gone for everyone");
    assert!(!gone.text.contains("/flag\"") && !gone.text.contains("/package\""));
}

#[tokio::test]
async fn the_impact_is_a_table_too() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let (partner, customer) = (app.partner.portal_id, app.customer.portal_id);
    let id = app.content(partner, "Fire safety").await;
    let grace = app.account(customer, "grace@customer.example.com", Role::Learner, PASSWORD).await;
    app.enrollment(customer, grace.id, id, Status::Completed).await;
    let csv = browser.get(&format!("/hub/{partner}/content/{id}/impact.csv")).await;
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(
        csv.text.lines().collect::<Vec<_>>(),
        [
            "portal_id,portal_name,in_library,not_started,in_progress,completed,last_completed_time".to_owned(),
            format!("{partner},\"The partner\",true,0,0,0,"),
            format!("{customer},\"The customer\",false,0,0,1,{START}"),
        ]
    );
    // A customer sees what concerns the customer.
    let own = app.signed_in(&app.customer.administrator).await;
    assert_eq!(own.get(&format!("/hub/{customer}/content/{id}/impact.csv")).await.status, 404);
}

#[tokio::test]
async fn what_may_take_its_place_is_named_or_found() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let portal_id = app.partner.portal_id;
    let id = app.content(portal_id, "Fire safety at work").await;
    let alike = app.content(portal_id, "Fire safety at home").await;
    let named = app.content(portal_id, "Zebras").await;
    let path = format!("/hub/{portal_id}/content/{id}");
    let page = browser.get(&path).await;
    assert!(!page.text.contains("What may take its place"), "nothing ends");
    let edited = browser
        .submit(
            &path,
            &format!("{path}/edit"),
            &[("language", "en"), ("topics", "Safety\nWork\nSafety\n"), ("replacements", &named.to_string())],
        )
        .await;
    browser.follow(&edited).await.shows("The content is changed.").shows("<li>Safety</li><li>Work</li></ul>");
    flag(&app, &browser, id, &[]).await.leads_to();
    let page = browser.get(&path).await;
    page.shows("Zebras").shows("named by its owner").shows("Fire safety at home");
    assert!(page.text.find("Zebras").unwrap() < page.text.find("at home").unwrap());
    for (field, value, said) in [
        ("language", "klingon!", "as a tag"),
        ("replacements", "zebras", "is not the number of content"),
        ("replacements", &id.to_string(), "not this one itself"),
        ("topics", &"x".repeat(101), "1 to 100 characters"),
    ] {
        let refused = browser.submit(&path, &format!("{path}/edit"), &[(field, value)]).await;
        let text = between(refused.page(422), &format!("id=\"{field}-error\">"), "</p>").unwrap();
        assert!(text.contains(said), "{text}");
    }
    assert_eq!(stored(&app, portal_id, id).await.replacements, [named]);
    assert_ne!(alike, named);
}

#[tokio::test]
async fn what_is_played_is_shown_as_text() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let portal_id = app.partner.portal_id;
    let id = app.content(portal_id, "Fire safety").await;
    let path = format!("/hub/{portal_id}/content/{id}");
    browser.get(&path).await.shows("Nothing yet.");
    for (content, shown) in [
        (Content::text("# Fire\n<script>alert(1)</script>").unwrap(), "&#60;script&#62;alert(1)"),
        (Content::video("https://example.com/a.mp4?\"x").unwrap(), "href=\"https://example.com/a.mp4?&#34;x\""),
        (Content::link("https://example.com/").unwrap(), "A page elsewhere"),
    ] {
        let mut lo = stored(&app, portal_id, id).await;
        (lo.content, lo.description) = (Some(content), "<img src=x>".to_owned());
        app.store.save_learning_object(Change::silent(lo)).await.unwrap();
        let page = browser.get(&path).await;
        page.shows(shown).shows("&#60;img src=x&#62;");
        assert!(!page.text.contains("<script>alert") && !page.text.contains("<img src=x"));
    }
}
