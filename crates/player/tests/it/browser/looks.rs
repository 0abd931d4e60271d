//! What each kind of content looks like: with any light, on any screen. What is asserted are facts; the pictures are for people.

use browser::axe;
use browser::page::{Look, Page};
use domain::learning_object::Content;
use domain::package::PackageEdition;

use super::site::{Site, says};
use super::uploaded::upload;

const LOOKS: [(&str, Look); 3] = [
    ("desk-light", Look { width: 1100, height: 720, is_dark: false }),
    ("desk-dark", Look { width: 1100, height: 720, is_dark: true }),
    ("phone-dark", Look { width: 360, height: 740, is_dark: true }),
];

const TEXT: &str = "## When it burns

Stay calm, and **act in this order**. Everybody in the building has learnt the same, so rely on it.

1. Raise the alarm: press the nearest red button.
2. Warn whoever is near you.
3. Leave by the stairs, and [never by the lift](https://example.com/lift).

> A closed door holds back smoke for ten minutes.

| Colour | What it puts out |
|---|---|
| red | wood, paper, textiles |
| blue | liquids, and electrical devices up to 1,000 volts |

```text
assembly point: car park B, behind the reception, beside the very tall tree
```
";

async fn check(name: &str, page: &Page) {
    for (look, how) in LOOKS {
        page.look(how).await;
        assert_eq!(axe::serious(page).await, [] as [&str; 0], "{name} {look}");
        let is_within = page.eval("document.documentElement.scrollWidth <= innerWidth").await;
        assert_eq!(is_within, true, "{name} {look}: nothing reaches beyond the side");
        let small = "[...document.querySelectorAll('button, a.button')].filter((one) => one.offsetParent && one.offsetHeight < 44).length";
        assert_eq!(page.eval(small).await, 0, "{name} {look}: what is to be touched is large enough");
        page.screenshot(&format!("player-{name}-{look}")).await;
    }
    assert_eq!(page.complaints(), [], "{name}");
}

#[tokio::test]
async fn a_text_looks_good() {
    let site = Site::make().await;
    let (_, page) = site.open_content(Content::text(TEXT).unwrap()).await;
    says(&page, "Saved.").await;
    check("text", &page).await;
}

#[tokio::test]
async fn a_video_looks_good() {
    let site = Site::make().await;
    let (_, page) = site.open_content(Content::video(&site.elsewhere("video.wav")).unwrap()).await;
    page.wait_for("document.querySelector('video').readyState > 0").await;
    says(&page, "Saved.").await;
    check("video", &page).await;
    let share = page.eval("document.querySelector('video').getBoundingClientRect().width / innerWidth").await;
    assert!(share.as_f64().unwrap() > 0.85, "{share}");
}

#[tokio::test]
async fn a_link_looks_good() {
    let site = Site::make().await;
    let (_, page) = site.open_content(Content::link(&site.elsewhere("page")).unwrap()).await;
    says(&page, "Saved.").await;
    check("link", &page).await;
}

#[tokio::test]
async fn a_package_looks_good() {
    let site = Site::make().await;
    let lo_id = upload(&site.app, PackageEdition::Scorm12, include_str!("sco.html")).await;
    let page = site.open(lo_id).await;
    page.frame("/package/").await.wait_for("window.has_begun").await;
    says(&page, "Saved.").await;
    check("package", &page).await;
    let share = page.eval("document.querySelector('iframe').getBoundingClientRect().height / innerHeight").await;
    assert!(share.as_f64().unwrap() > 0.75, "the course has the room: {share}");
}

#[tokio::test]
async fn what_went_wrong_looks_good() {
    let site = Site::make().await;
    let page = site.browser.open(&format!("http://player.test:{}/play/{}", site.port, site.lo_id)).await;
    page.wait_for_text("There is nothing to open").await;
    check("nothing", &page).await;
    let (_, page) = site.open_content(Content::text(TEXT).unwrap()).await;
    says(&page, "Saved.").await;
    site.answer_progress_with(401);
    page.eval("document.querySelector('article button').click()").await;
    says(&page, "Not saved").await;
    for (look, how) in LOOKS {
        page.look(how).await;
        assert_eq!(axe::serious(&page).await, [] as [&str; 0], "not saved {look}");
        page.screenshot(&format!("player-not-saved-{look}")).await;
    }
}
