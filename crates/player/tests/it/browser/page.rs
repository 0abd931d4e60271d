//! The page around the content: links, connections, dates.

use browser::axe;
use browser::frame::role;
use domain::learning_object::{Content, LifecycleState, Retirement};
use jiff::SignedDuration;

use domain::clock::Clock;

use super::site::{Site, says};

fn text() -> Content {
    Content::text("Read me.").unwrap()
}

#[tokio::test]
async fn a_link_opens_once_and_reloading_goes_on() {
    let site = Site::make().await;
    let lo_id = site.content(Some(text())).await;
    let link = site.link(lo_id).await;
    let page = site.browser.blank().await;
    page.before_scripts(super::site::NO_STORAGE).await;
    page.goto(&link).await;
    page.wait_for_text("Read me.").await;
    assert!(!page.url().contains("oneTimeToken"), "nobody copies it from the address: {}", page.url());
    page.reload().await;
    page.wait_for_text("Read me.").await;
    page.click(role("button", "I have finished reading")).await;
    says(&page, "Finished and saved.").await;
    page.reload().await;
    page.wait_for_text("You have finished this course.").await;
    site.completed(lo_id).await;

    let other = site.browser.open(&link).await;
    other.wait_for_text("The course was not opened").await;
    other.wait_for_text("This link was used before, or has expired.").await;
    let bare = site.browser.open(&format!("http://player.test:{}/play/{lo_id}", site.port)).await;
    bare.wait_for_text("There is nothing to open").await;
}

#[tokio::test]
async fn what_is_not_saved_is_told_and_saved_later() {
    let site = Site::make().await;
    let (lo_id, page) = site.open_content(text()).await;
    says(&page, "Saved.").await;
    page.set_offline(true).await;
    page.click(role("button", "I have finished reading")).await;
    says(&page, "Not saved: there is no connection to the course. We keep trying").await;
    assert!(!site.is_completed(lo_id).await);
    page.set_offline(false).await;
    says(&page, "Finished and saved.").await;
    site.completed(lo_id).await;
}

#[tokio::test]
async fn a_platform_in_trouble_is_asked_again_and_one_that_refuses_is_believed() {
    let site = Site::make().await;
    let (lo_id, page) = site.open_content(text()).await;
    says(&page, "Saved.").await;
    site.answer_progress_with(503);
    page.click(role("button", "I have finished reading")).await;
    says(&page, "Not saved: there is no connection").await;
    site.answer_progress_with(0);
    says(&page, "Finished and saved.").await;
    site.completed(lo_id).await;

    let (_, page) = site.open_content(text()).await;
    says(&page, "Saved.").await;
    site.answer_progress_with(401);
    page.click(role("button", "I have finished reading")).await;
    says(&page, "Not saved: the course platform refused it. Please close the course and open it again.").await;
}

/// What was not sent yet when the tab closes is sent by the browser itself.
#[tokio::test]
async fn a_tab_that_is_closed_loses_nothing() {
    let site = Site::make().await;
    let (lo_id, page) = site.open_content(text()).await;
    says(&page, "Saved.").await;
    // Nothing but the end of the page sends anything.
    page.eval("window.fetch = () => new Promise(() => {}); 0").await;
    page.click(role("button", "I have finished reading")).await;
    page.wait_for_text("Saving that you have finished").await;
    assert!(!site.is_completed(lo_id).await);
    page.close().await;
    site.completed(lo_id).await;
}

#[tokio::test]
async fn a_course_that_leaves_says_when_as_long_as_anything_can_be_done() {
    let site = Site::make().await;
    let lo_id = site.content(Some(text())).await;
    let now = site.clock.now();
    let removed_at = now + SignedDuration::from_hours(24 * 90);
    site.change_content(lo_id, |lo| {
        lo.state = LifecycleState::Published;
        lo.retirement = Some(Retirement { flagged_at: now, retired_at: None, removed_at });
    })
    .await;
    let page = site.open(lo_id).await;
    page.wait_for_text("This course leaves on June 27, 2022.").await;
    page.click(role("button", "I have finished reading")).await;
    says(&page, "Finished and saved.").await;
    assert_eq!(page.eval("document.querySelector('#leaves').hidden").await, true);
}

#[tokio::test]
async fn a_course_that_is_gone_says_so() {
    let site = Site::make().await;
    let lo_id = site.content(Some(text())).await;
    let link = site.link(lo_id).await;
    let now = site.clock.now();
    let removed_at = now - SignedDuration::from_hours(1);
    let retirement = Retirement { flagged_at: now, retired_at: None, removed_at };
    site.change_content(lo_id, |lo| lo.retirement = Some(retirement)).await;
    let page = site.browser.blank().await;
    page.goto(&link).await;
    page.wait_for_text("This course is no longer available.").await;
    assert_eq!(axe::serious(&page).await, [] as [&str; 0]);
    assert_eq!(page.eval("!!document.querySelector('article')").await, false);
}
