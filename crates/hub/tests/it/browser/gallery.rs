//! Every page of the Hub with something of everything in it: no error, nothing beyond the side of a phone, nobody kept out. And a picture of
//! each, for people to look at.

use std::path::Path;

use ::browser::axe;
use ::browser::frame::role;
use ::browser::page::{Look, Page};
use domain::user_account::Role;

use super::crawl::{Crawl, PerRoute};
use super::site::{Site, complaints};
use super::town::{self, Town};
use crate::app::{App, PASSWORD};

/// Every way of looking at a page, by the end of the name of its picture.
const LOOKS: [(&str, Look); 4] = [
    ("desk-light", Look { width: 1280, height: 800, is_dark: false }),
    ("desk-dark", Look { width: 1280, height: 800, is_dark: true }),
    ("phone-light", Look { width: 360, height: 740, is_dark: false }),
    ("phone-dark", Look { width: 360, height: 740, is_dark: true }),
];
/// What reaches beyond the side of the page.
const BEYOND: &str = "document.documentElement.scrollWidth <= innerWidth ? '' : [...document.querySelectorAll('body *')]
    .filter((one) => !one.closest('.side') && one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML.slice(0, 120)).slice(0, 3).join('\\n')
    || 'something'";

/// Whether pictures are taken, too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pictures {
    Taken,
    None,
}

/// Looks at the page that is open, and says what is wrong with it.
async fn look(page: &Page, name: &str, pictures: Pictures, faults: &mut Vec<String>) {
    // Without pictures each page is looked at once, where there is the least room.
    let looks = if pictures == Pictures::Taken { &LOOKS[..] } else { &LOOKS[2..3] };
    for (end, look) in looks {
        page.look(*look).await;
        let beyond = page.eval(BEYOND).await;
        if beyond != "" {
            faults.push(format!("{name}-{end} reaches beyond the side: {}", beyond.as_str().unwrap_or_default()));
        }
        faults.extend(axe::serious(page).await.into_iter().map(|found| format!("{name}-{end}: {found}")));
        if pictures == Pictures::Taken {
            page.screenshot(&format!("hub/{name}-{end}")).await;
        }
    }
    faults.extend(complaints(page).into_iter().map(|found| format!("{name}: {found:?}")));
}

/// The name of a picture: who looks, at what, the how manieth.
fn name(who: &str, route: &str, number: usize) -> String {
    let words: Vec<&str> =
        route.split('/').filter(|part| !part.is_empty()).map(|part| part.trim_matches(['{', '}'])).collect();
    let what = words.join("-").replace("portal_id-", "").replace("portal_id", "overview");
    format!("{who}-{what}-{number}")
}

async fn crawl(
    site: &Site,
    who: &str,
    page: &Page,
    per_route: PerRoute,
    from: &[String],
    pictures: Pictures,
) -> Vec<String> {
    let mut faults = Vec::new();
    let mut crawl = Crawl::new(site, who, page, per_route, from);
    while let Some(shown) = crawl.next().await {
        look(page, &name(who, &shown.route, shown.number), pictures, &mut faults).await;
    }
    // Who has everything comes to everything.
    if who == "administrator" {
        let known =
            ["/", "/assets/{name}", "/sign-in", "/{portal_id}/events-stream", "/{portal_id}/content/{id}/package.zip"];
        let missed: Vec<&str> = crawl.missed().into_iter().filter(|route| !known.contains(route)).collect();
        faults.extend(missed.iter().map(|route| format!("no link leads to {route}")));
    }
    faults
}

/// Pages that nobody comes to by a link.
async fn besides(site: &Site, page: &Page, pictures: Pictures) -> Vec<String> {
    let mut faults = Vec::new();
    let portal = format!("/hub/{}", site.app.partner.portal_id);
    page.bring_to_front().await;
    page.goto(&site.url_for("administrator", &format!("{portal}/webhooks/new"))).await;
    page.eval("document.querySelector('main form').noValidate = true").await;
    page.fill("#url", "http://127.0.0.1/hook").await;
    page.click(role("button", "Add webhook")).await;
    page.wait_for("document.querySelector('.error') !== null").await;
    look(page, "besides-webhook-refused", pictures, &mut faults).await;
    page.goto(&site.url_for("administrator", "/hub/nowhere/at/all")).await;
    look(page, "besides-not-there", pictures, &mut faults).await;
    page.goto(&site.url_for("administrator", &portal)).await;
    page.click(".portal-menu > summary").await;
    look(page, "besides-portal-menu", pictures, &mut faults).await;
    page.click(".account-menu > summary").await;
    look(page, "besides-account-menu", pictures, &mut faults).await;
    page.click(role("button", "Sign out")).await;
    page.wait_for_text("You are signed out").await;
    look(page, "besides-signed-out", pictures, &mut faults).await;
    let ada = &site.app.partner.administrator;
    for (password, wait, name) in
        [("wrong", "is wrong", "besides-sign-in-refused"), (PASSWORD, "Which portal?", "besides-choose-portal")]
    {
        page.fill("#email", ada.email.as_str()).await;
        page.fill("#password", password).await;
        page.click(role("button", "Sign in")).await;
        page.wait_for_text(wait).await;
        look(page, name, pictures, &mut faults).await;
    }
    faults
}

async fn check(per_route: PerRoute, pictures: Pictures) {
    if pictures == Pictures::Taken {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/screenshots/hub");
        std::fs::create_dir_all(folder).unwrap();
    }
    let app = App::new().await;
    Town::fill(&app, &town::usual).await;
    let site = Site::of(app).await;
    let app = &site.app;
    let home = |portal_id| vec![format!("/hub/{portal_id}"), "/hub/portals".to_owned()];
    let page = site.signed_in("administrator", &app.partner.administrator).await;
    let mut faults = crawl(&site, "administrator", &page, per_route, &home(app.partner.portal_id), pictures).await;
    if pictures == Pictures::Taken {
        let partner = site.signed_in("partner", &app.partner.administrator).await;
        faults.extend(crawl(&site, "partner", &partner, 1, &home(app.customer.portal_id), pictures).await);
        let empty = site.signed_in("empty", &app.stranger.administrator).await;
        faults.extend(crawl(&site, "empty", &empty, 1, &home(app.stranger.portal_id), pictures).await);
        let viewer = site.signed_in("viewer", &app.partner.viewer).await;
        faults.extend(crawl(&site, "viewer", &viewer, 1, &home(app.partner.portal_id), pictures).await);
    }
    // In another portal too, so that she is asked which.
    let email = app.partner.administrator.email.as_str().to_owned();
    app.account(app.customer.portal_id, &email, Role::Manager, PASSWORD).await;
    faults.extend(besides(&site, &page, pictures).await);
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[tokio::test]
async fn every_page_is_well_on_a_phone() {
    check(1, Pictures::None).await;
}

#[tokio::test]
#[ignore = "cargo xtask screenshots"]
async fn every_page_has_its_pictures() {
    check(4, Pictures::Taken).await;
}
