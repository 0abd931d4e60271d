use ::browser::page::Look;
use crate::app::App;
use crate::browser::site::{Site, complaints};
use crate::browser::town::{Town, usual};
#[tokio::test]
#[ignore = "shots"]
async fn jshots() {
    let app = App::new().await;
    Town::fill(&app, &usual).await;
    let portal = format!("/hub/{}", app.partner.portal_id);
    let dest = app.store.list_destinations(app.partner.portal_id, store::page::PageRequest{limit:1,offset:0}).await.unwrap().items[0].id;
    let los = app.store.list_learning_objects(app.partner.portal_id, &Default::default(), store::page::PageRequest{limit:50,offset:0}).await.unwrap().items;
    let flagged = los.iter().filter(|lo| lo.retirement.is_some()).max_by_key(|lo| lo.topics.len()).unwrap().id;
    let plain = los.iter().find(|lo| lo.retirement.is_none()).unwrap().id;
    let customer = app.customer.portal_id;
    let viewer = app.partner.viewer.id;
    let paths = vec![
        ("content", "/content".to_owned()), ("upcoming", "/content/upcoming".to_owned()), ("lo", format!("/content/{flagged}")), ("lo2", format!("/content/{plain}")),
        ("flag", format!("/content/{plain}/flag")), ("move", format!("/content/{flagged}/flag")), ("edit", format!("/content/{flagged}/edit")), ("package", format!("/content/{plain}/package")),
        ("destinations", "/destinations".to_owned()), ("destination", format!("/destinations/{dest}")), ("destnew", "/destinations/new".to_owned()),
        ("portals", "/portals".to_owned()), ("portal", format!("/portals/{customer}")), ("portalnew", "/portals/new".to_owned()), ("credentials", "/credentials".to_owned()), ("crednew", "/credentials/new".to_owned()),
        ("people", "/people".to_owned()), ("person", format!("/people/{viewer}")),
    ];
    let site = Site::of(app).await;
    let page = site.signed_in("administrator", &site.app.partner.administrator).await;
    std::fs::create_dir_all("/work/main/target/screenshots/j").unwrap();
    let looks = [("d", Look { width: 1280, height: 900, is_dark: false }), ("dd", Look { width: 1280, height: 900, is_dark: true }), ("p", Look { width: 360, height: 740, is_dark: false }), ("pd", Look { width: 360, height: 740, is_dark: true })];
    for (name, path) in paths {
        page.goto(&site.url_for("administrator", &format!("{portal}{path}"))).await;
        for (end, look) in looks {
            page.look(look).await;
            page.screenshot(&format!("j/{name}-{end}")).await;
        }
        let wide = page.eval("document.documentElement.scrollWidth > innerWidth").await;
        println!("{name}: {:?} {:?} wide {wide:?}", complaints(&page), ::browser::axe::serious(&page).await);
    }
    page.goto(&site.url_for("administrator", &format!("{portal}/credentials/new"))).await;
    page.fill("#client_name", "LMS connector").await;
    page.click(::browser::frame::role("button", "Make credentials")).await;
    page.wait_for_text("Copy the secret now").await;
    for (end, look) in looks { page.look(look).await; page.screenshot(&format!("j/secret-{end}")).await; }
    page.goto(&site.url_for("administrator", &format!("{portal}/content/{plain}/flag"))).await;
    page.eval("document.querySelector('#removed_at').value = '2022-04-20T00:00:00'").await;
    page.click(::browser::frame::role("button", "Flag for removal")).await;
    page.wait_for_text("less than 60 days").await;
    for (end, look) in looks { page.look(look).await; page.screenshot(&format!("j/flagwrong-{end}")).await; }
}
