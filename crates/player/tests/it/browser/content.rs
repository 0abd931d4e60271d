//! A text, a video, a link: what finishes each, and what does not.

use browser::frame::role;
use domain::learning_object::Content;
use serde_json::json;

use super::site::{Site, VIDEO_S, says};

fn long_text() -> Content {
    let paragraph = "Walk, do not run. Leave everything behind, and close the doors.\n\n".repeat(80);
    Content::text(&format!("# When it burns\n\n{paragraph}Read [more](https://example.com/more).\n")).unwrap()
}

#[tokio::test]
async fn a_text_is_finished_when_the_learner_says_so_and_not_by_scrolling() {
    let site = Site::make().await;
    let (lo_id, page) = site.open_content(long_text()).await;
    page.wait_for_text("When it burns").await;
    assert_eq!(page.eval("document.title").await, "Fire safety");
    assert_eq!(page.attribute("article a", "rel").await.as_deref(), Some("noopener noreferrer"));
    page.press("End").await;
    page.wait_for("document.scrollingElement.scrollTop > 1000").await;
    site.enrollment(lo_id, "begun", |one| one.progress.status().as_str() == "in-progress").await;
    let place = site.place(lo_id, |place| place.share == Some(0.99)).await;
    assert!(place.location.is_some(), "{place:?}");
    assert!(!site.is_completed(lo_id).await, "what was on the screen was not read yet");
    page.close().await;

    let again = site.open(lo_id).await;
    again.wait_for("document.scrollingElement.scrollTop > 1000").await;
    again.click(role("button", "I have finished reading")).await;
    says(&again, "Finished and saved.").await;
    again.wait_for("document.activeElement.textContent === 'You have finished this course.'").await;
    site.completed(lo_id).await;
    again.close().await;

    let third = site.open(lo_id).await;
    third.wait_for_text("You have finished this course.").await;
    assert_eq!(third.eval("document.querySelectorAll('button').length").await, 0);
    assert_eq!(site.events().await, ["enrollment.complete", "enrollment.create"]);
    assert_eq!(third.complaints(), []);
}

#[tokio::test]
async fn a_text_is_finished_with_the_keyboard_alone() {
    let site = Site::make().await;
    let (lo_id, page) =
        site.open_content(Content::text("Short, with a table:\n\n| a | b |\n|---|---|\n| 1 | 2 |\n").unwrap()).await;
    page.wait_for_text("Short").await;
    for _ in 0..10 {
        page.press("Tab").await;
        if page.eval("document.activeElement.tagName").await == "BUTTON" {
            break;
        }
    }
    assert!(!site.is_completed(lo_id).await);
    page.press("Enter").await;
    site.completed(lo_id).await;
}

/// What an author writes is never markup of ours.
#[tokio::test]
async fn a_text_runs_nothing() {
    let site = Site::make().await;
    let text = "<script>alert(1)</script> <img src=x onerror=alert(2)> [x](javascript:alert(3)) ![y](data:image/svg+xml,<svg/onload=alert(4)>)";
    let (_, page) = site.open_content(Content::text(text).unwrap()).await;
    page.wait_for_text("<script>alert(1)</script>").await;
    assert_eq!(page.eval("document.querySelectorAll('article script, article [onerror]').length").await, 0);
    for n in 0..page.eval("document.querySelectorAll('article a').length").await.as_u64().unwrap() {
        page.eval(&format!("document.querySelectorAll('article a')[{n}].click()")).await;
    }
    assert_eq!(page.dialogs(), [] as [&str; 0]);
}

/// Plays at that speed from wherever it is; nobody has to hear it.
async fn play(page: &browser::page::Page, rate: u32) {
    page.eval(&format!(
        "Object.assign(document.querySelector('video'), {{ muted: true, playbackRate: {rate} }}).play().then(() => 0)"
    ))
    .await;
}

#[tokio::test]
async fn a_video_is_finished_at_its_end_and_leaping_there_is_not_watching() {
    let site = Site::make().await;
    let (lo_id, page) = site.open_content(Content::video(&site.elsewhere("video.wav")).unwrap()).await;
    page.wait_for(&format!("document.querySelector('video').duration === {VIDEO_S}")).await;
    page.eval(&format!("document.querySelector('video').currentTime = {}; 0", VIDEO_S - 1)).await;
    page.wait_for("!document.querySelector('video').seeking").await;
    play(&page, 1).await;
    page.wait_for_text("You have not watched all of it yet").await;
    site.place(lo_id, |place| place.share.is_some_and(|share| share > 0.05 && share < 0.35)).await;
    assert!(!site.is_completed(lo_id).await, "it was leapt over");

    page.click(role("button", "Go to the first part that you have not watched")).await;
    page.wait_for("document.querySelector('video').currentTime < 2").await;
    page.eval("document.querySelector('video').pause()").await;
    page.close().await;

    // What was watched before counts.
    let again = site.open(lo_id).await;
    again.wait_for(&format!("document.querySelector('video').duration === {VIDEO_S}")).await;
    play(&again, 4).await;
    again.wait_for_text("You have finished this course.").await;
    let completed = site.completed(lo_id).await;
    says(&again, "Finished and saved.").await;
    assert_eq!(again.complaints(), []);
    // Looking at it again changes nothing.
    again.eval("document.querySelector('video').currentTime = 0; 0").await;
    again.close().await;
    assert_eq!(site.completed(lo_id).await.progress, completed.progress);
}

/// Each report becomes a commit in the LMS and a record for ever, and a class in one building is one address.
#[tokio::test]
async fn a_video_that_plays_on_reports_now_and_then_and_at_its_end() {
    let site = Site::make().await;
    let (lo_id, page) = site.open_content(Content::video(&site.elsewhere("video.wav")).unwrap()).await;
    page.wait_for(&format!("document.querySelector('video').duration === {VIDEO_S}")).await;
    play(&page, 1).await;
    page.wait_for("document.querySelector('video').currentTime > 5").await;
    let reports =
        "performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/play/progress')).length";
    let reported = page.eval(reports).await.as_u64().unwrap();
    assert!((1..=2).contains(&reported), "that it was opened and that it began: {reported}");
    page.close().await;
    site.place(lo_id, |place| place.share.is_some_and(|share| share > 0.5)).await;
}

#[tokio::test]
async fn a_video_that_cannot_be_played_says_so() {
    let site = Site::make().await;
    let (_, page) = site.open_content(Content::video(&site.elsewhere("nothing.mp4")).unwrap()).await;
    page.wait_for_text("The video cannot be played").await;
    page.wait_for("document.activeElement.tagName === 'H2'").await;
}

#[tokio::test]
async fn watched_parts_are_joined_and_measured() {
    let site = Site::make().await;
    let page = site.browser.open(&format!("http://player.test:{}/play/{}", site.port, site.lo_id)).await;
    let ask = "import('/play/assets/video.js').then(({ Watched }) => [
        [[[0, 2], [5, 6]], [1, 5.5]], [[[0, 2]], [2, 3]], [[], [4, 5]], [[[1, 2], [8, 9]], [4, 5]], [[[0, 10]], [3, 4]], [['x', [3], [NaN, 1], [2, 1]], [0, 1]],
    ].map(([before, [from, to]]) => {
        const watched = new Watched(before);
        watched.add(from, to);
        return [watched.parts, watched.share(10), watched.gap(), watched.reaches(6)];
    }))";
    let expected = json!([
        [[[0, 6]], 0.6, 6, true],
        [[[0, 3]], 0.3, 3, false],
        [[[4, 5]], 0.1, 0, false],
        [[[1, 2], [4, 5], [8, 9]], 0.3, 0, true],
        [[[0, 10]], 1, 10, true],
        [[[0, 1]], 0.1, 1, false],
    ]);
    assert_eq!(page.eval(ask).await, expected);
}

#[tokio::test]
async fn a_link_opens_elsewhere_and_the_learner_says_when_it_is_done() {
    let site = Site::make().await;
    let (lo_id, page) = site.open_content(Content::link(&site.elsewhere("page")).unwrap()).await;
    page.wait_for_text("at elsewhere.test").await;
    assert_eq!(page.attribute(".buttons button", "disabled").await.as_deref(), Some(""));
    page.click(role("link", "Open the course (new tab)")).await;
    let elsewhere = site.browser.page("/elsewhere/page").await;
    elsewhere.wait_for_text("Elsewhere").await;
    assert_eq!(elsewhere.eval("[window.opener, document.referrer]").await, json!([null, ""]));
    elsewhere.close().await;
    site.enrollment(lo_id, "begun", |one| one.progress.status().as_str() == "in-progress").await;
    page.wait_for("document.querySelector('#words').textContent === 'Saved.'").await;
    page.close().await;

    let again = site.open(lo_id).await;
    again.click(role("button", "I have finished it")).await;
    site.completed(lo_id).await;
    says(&again, "Finished and saved.").await;
    assert_eq!(again.complaints(), []);
}
