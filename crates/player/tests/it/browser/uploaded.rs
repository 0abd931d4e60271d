//! Uploaded packages, which run in a frame and find their API around them.

use browser::frame::role;
use browser::page::Page;
use domain::change::Change;
use domain::clock::Clock;
use domain::enrollment::Progress;
use domain::id::{LearningObjectId, PackageId};
use domain::learning_object::Content;
use domain::package::{Package, PackageEdition, PackagePiece};
use serde_json::{Value, json};
use store::learning_object::LearningObjectRef;

use super::site::{NO_STORAGE, Site, says};
use crate::app::App;

const SCO: &str = include_str!("sco.html");
const ALL: [(PackageEdition, &str); 4] = [
    (PackageEdition::Scorm12, "1.2"),
    (PackageEdition::Scorm2004Second, "2004"),
    (PackageEdition::Scorm2004Third, "2004"),
    (PackageEdition::Scorm2004Fourth, "2004"),
];

/// Content that is a package of one page.
pub(crate) async fn upload(app: &App, edition: PackageEdition, page: &str) -> LearningObjectId {
    let lo_id = app.content(Some(Content::text("before").unwrap())).await;
    let id = PackageId::draw(&*app.random);
    let package = Package {
        id: id.clone(),
        portal_id: app.partner_id,
        lo_id,
        edition,
        title: "Run".to_owned(),
        entry: "index.html".to_owned(),
        launch_data: Some("from the manifest".to_owned()),
        mastery_score: None,
        files: 1,
        bytes: page.len() as u64,
        created_at: app.clock.now(),
    };
    app.store.save_package(package, u64::MAX >> 1).await.unwrap();
    let bytes = page.as_bytes().to_vec();
    let piece = PackagePiece { path: "index.html".to_owned(), file_bytes: bytes.len() as u64, n: 0, bytes };
    app.store.save_package_pieces(&id, vec![piece]).await.unwrap();
    let by_id = LearningObjectRef::Id(lo_id);
    let mut lo = app.store.find_learning_object(app.partner_id, &by_id).await.unwrap().unwrap();
    lo.content = Some(Content::Package(id.clone()));
    app.store.save_package_content(&id, Change::silent(lo)).await.unwrap();
    lo_id
}

/// Runs something in the package, where `get`, `set`, `commit` and `finish` are those of its edition.
async fn run(page: &Page, code: &str) -> Value {
    let sco = page.frame("/package/").await;
    sco.wait_for("window.has_begun").await;
    sco.eval(code).await
}

#[tokio::test]
async fn a_package_goes_on_where_it_was_left_and_its_verdict_counts() {
    let site = Site::make().await;
    for (edition, generation) in ALL {
        let lo_id = upload(&site.app, edition, SCO).await;
        let page = site.open(lo_id).await;
        let first =
            json!(["ab-initio", site.learner.to_string(), "Grace Hopper", "from the manifest", "", "normal", "credit"]);
        assert_eq!(run(&page, "facts()").await, first, "{generation}");
        run(&page, "set('location', 'page 3') + set('suspend', 'state Λ') + set('incomplete')").await;
        assert_eq!(run(&page, "commit()").await, "true");
        says(&page, "Saved.").await;
        site.enrollment(lo_id, "begun", |one| one.progress.status().as_str() == "in-progress").await;
        page.close().await;

        let again = site.open(lo_id).await;
        assert_eq!(
            run(&again, "facts()[0] + get('location') + get('suspend')").await,
            "resumepage 3state Λ",
            "{generation}"
        );
        run(&again, "set('score', '80') + set('passed') + commit()").await;
        let Progress::Completed { pass, result, .. } = site.completed(lo_id).await.progress else { unreachable!() };
        assert_eq!((pass, result), (true, Some(80)), "{generation}");
        run(&again, "finish()").await;
        again.wait_for_text("The course has ended").await;
        again.wait_for_text("You have finished this course.").await;
        assert_eq!(again.complaints(), []);
        again.click(role("button", "Open it again")).await;
        assert_eq!(run(&again, "get('location')").await, "page 3");
        // Whatever it says now, what was achieved stays.
        run(&again, "set('incomplete') + set('score', '10') + commit() + finish()").await;
        again.wait_for_text("The course has ended").await;
        says(&again, "Finished and saved.").await;
        let Progress::Completed { pass, result, .. } = site.completed(lo_id).await.progress else { unreachable!() };
        assert_eq!((pass, result), (true, Some(80)), "{generation}");
        again.close().await;
    }
}

/// A learner may try again within the package: the verdict is that at its end.
#[tokio::test]
async fn a_failure_counts_at_the_end_and_not_before() {
    let site = Site::make().await;
    for (edition, generation) in &ALL[..2] {
        let lo_id = upload(&site.app, *edition, SCO).await;
        let page = site.open(lo_id).await;
        run(&page, "set('score', '40') + set('failed') + commit()").await;
        says(&page, "Saved.").await;
        assert!(!site.is_completed(lo_id).await, "{generation}");
        run(&page, "finish()").await;
        let Progress::Completed { pass, result, .. } = site.completed(lo_id).await.progress else { unreachable!() };
        assert_eq!((pass, result), (false, Some(40)), "{generation}");
        page.close().await;
    }
}

/// It may be the browser that ends it.
#[tokio::test]
async fn what_a_package_set_is_kept_when_its_tab_closes() {
    let site = Site::make().await;
    let lo_id = upload(&site.app, PackageEdition::Scorm12, SCO).await;
    let page = site.open(lo_id).await;
    run(&page, "set('suspend', 'not committed')").await;
    page.close().await;
    let again = site.open(lo_id).await;
    assert_eq!(run(&again, "get('suspend')").await, "not committed");
}

#[tokio::test]
async fn a_state_of_the_longest_that_the_standard_has_is_kept() {
    let site = Site::make().await;
    let lo_id = upload(&site.app, PackageEdition::Scorm2004Fourth, SCO).await;
    let page = site.open(lo_id).await;
    run(&page, "set('suspend', 'x'.repeat(64000)) + commit()").await;
    run(
        &page,
        "for (let n = 0; n < 40; n += 1) { api.SetValue(`cmi.interactions.${n}.id`, 'question'.repeat(20)); } commit()",
    )
    .await;
    says(&page, "Saved.").await;
    page.close().await;
    let again = site.open(lo_id).await;
    assert_eq!(run(&again, "get('suspend').length").await, 64_000);
}

/// A plain page that knows nothing of SCORM would never end.
#[tokio::test]
async fn a_package_that_says_nothing_is_finished_by_the_learner() {
    let site = Site::make().await;
    let plain = "<!doctype html><html lang=en><title>Plain</title><h1>Plain</h1></html>";
    let lo_id = upload(&site.app, PackageEdition::Scorm12, plain).await;
    let page = site.browser.blank().await;
    page.before_scripts(NO_STORAGE).await;
    let hurry = "const wait = window.setTimeout; window.setTimeout = (call, ms, ...rest) => wait(call, ms === 10000 ? 1 : ms, ...rest);";
    page.before_scripts(hurry).await;
    page.goto(&site.link(lo_id).await).await;
    page.click(role("button", "I have finished it")).await;
    site.completed(lo_id).await;
    says(&page, "Finished and saved.").await;
}

/// The runtime is the published one, byte for byte (scorm-again 3.4.3, `dist/esm`).
#[test]
fn the_runtime_is_as_published() {
    let files: [(&[u8], &str); 2] = [
        (
            include_bytes!("../../../assets/scorm12.min.js"),
            "1d700e20b85220109942f6c76de53e71d2419b342c790d9e9c119adff89f821a",
        ),
        (
            include_bytes!("../../../assets/scorm2004.min.js"),
            "89f326e578333c5c07682335bd0eb0adc761728d9dcf2db55f5abf11d973c17e",
        ),
    ];
    for (bytes, expected) in files {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
        let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, expected);
    }
}
