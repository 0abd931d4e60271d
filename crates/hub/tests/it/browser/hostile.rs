//! Row S11: no text of strangers becomes a program, wherever it is shown; nobody else frames the Hub.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::browser::page::{Kind, Page};
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::crawl::Crawl;
use super::payloads::{CONTEXTS, PAYLOADS};
use super::site::{Site, complaints};
use super::town::Town;
use crate::app::App;

/// Finds what is no part of our pages in a document, as a function of the document: programs, handlers, styles in line, frames, and addresses that
/// lead to a program or load something from elsewhere.
const FOUND: &str = r"((page) => [...page.querySelectorAll('*')].flatMap((one) => {
    const name = one.localName, faults = [];
    const ours = (address) => /^\/hub\/assets\/[a-z]+-[0-9a-f]+\.[a-z]+$/.test(address ?? '');
    if (name === 'script' && (!ours(one.getAttribute('src')) || one.textContent)) faults.push('a script');
    if (name === 'link' && !ours(one.getAttribute('href'))) faults.push('a link');
    if (name === 'img' && !ours(one.getAttribute('src'))) faults.push('a picture');
    if (name === 'meta' && one.httpEquiv) faults.push('a meta element');
    if (['iframe', 'object', 'embed', 'base', 'style', 'foreignobject', 'animate', 'set', 'video', 'audio', 'template', 'frame', 'xss', 'math']
        .includes(name)) faults.push('a ' + name);
    for (const { name, value } of one.attributes) {
        if (/^on/i.test(name)) faults.push('a handler, ' + name);
        if (['style', 'srcdoc', 'srcset'].includes(name)) faults.push('an attribute ' + name);
        if (['href', 'action', 'formaction', 'xlink:href', 'data', 'src'].includes(name)) {
            let address = null;
            try { address = new URL(value, 'http://here.test/hub/'); } catch { faults.push('no address: ' + value); }
            const leads = address && ['http:', 'https:'].includes(address.protocol);
            if (address && !leads) faults.push('an address ' + value);
            if (leads && name !== 'href' && address.host !== 'here.test') faults.push('an address elsewhere ' + value);
        }
    }
    return faults.map((fault) => fault + ': ' + one.outerHTML.slice(0, 200));
}))";
/// Everything that is shown, also what stands in fields.
const SHOWN: &str = "[document.documentElement.textContent, ...[...document.querySelectorAll('input, textarea')].map((one) => one.value)]
    .join('\\n').replace(/\\s+/g, ' ')";
/// The fields of forms in which one types.
const FILL: &str = "(text) => { const form = [...document.querySelectorAll('main form[method=post]')]
    .find((form) => [...form.elements].some((one) => ['text', 'url', 'email', 'search', 'textarea', 'number', 'date', 'datetime-local'].includes(one.type)));
    if (!form) return false;
    for (const one of form.elements) {
        if (['number', 'date', 'datetime-local', 'email', 'url'].includes(one.type)) one.type = 'text';
        if (['text', 'search', 'textarea', 'password'].includes(one.type) && one.type !== 'hidden') one.value = text;
        if (one.type === 'checkbox') one.checked = true;
    }
    form.noValidate = true; HTMLFormElement.prototype.submit.call(form); return true; }";
/// How many payloads are sent in one address or typed into one form.
const AT_ONCE: usize = 8;

/// Texts that are called by payloads: each text has as many as there is room for, the next ones each time.
struct Calls {
    next: AtomicUsize,
    count: AtomicUsize,
}

impl Calls {
    fn say(&self, chars_max: usize) -> String {
        let mut text = String::new();
        loop {
            let payload = PAYLOADS[self.next.load(Ordering::Relaxed) % PAYLOADS.len()];
            // A text that cannot hold one holds what there is room for.
            if text.is_empty() {
                text = payload.chars().take(chars_max).collect();
            } else if text.chars().count() + payload.chars().count() < chars_max.min(255) {
                text.push_str(payload);
            } else {
                return text.replace('\0', "");
            }
            self.next.fetch_add(1, Ordering::Relaxed);
            self.count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What happened to the pages that were looked at.
#[derive(Default)]
struct Seen {
    pages: u64,
    shown: BTreeSet<usize>,
}

impl Seen {
    /// Looks at the page that is open: nothing of it is a program of somebody else.
    async fn look(&mut self, page: &Page, what: &str) {
        let found = page.eval(&format!("{FOUND}(document)")).await;
        assert_eq!(found, json!([]), "{what} at {}", page.url());
        let complaints = complaints(page);
        assert_eq!((page.dialogs().as_slice(), complaints.as_slice()), (&[][..], &[][..]), "{what} at {}", page.url());
        let shown = page.eval(SHOWN).await;
        let shown = shown.as_str().unwrap();
        let is_shown = |payload: &str| shown.contains(&payload.split_whitespace().collect::<Vec<_>>().join(" "));
        self.shown.extend((0..PAYLOADS.len()).filter(|n| is_shown(PAYLOADS[*n])));
        self.pages += 1;
    }
}

fn joined(payloads: &[&str]) -> String {
    payloads.concat().replace('\0', "")
}

#[tokio::test]
#[ignore = "cargo xtask prove"]
async fn nothing_that_is_stored_runs() {
    let (rounds, mut seen, mut planted) = (proof::size(4, 26), Seen::default(), 0);
    for round in 0..rounds {
        let calls = Calls { next: AtomicUsize::new(round * 5), count: AtomicUsize::new(0) };
        let app = App::new().await;
        Town::fill(&app, &|_, chars_max| calls.say(chars_max)).await;
        planted += calls.count.into_inner() as u64;
        let site = Site::of(app).await;
        let page = site.signed_in("hub", &site.app.partner.administrator).await;
        let portal = format!("/hub/{}", site.app.partner.portal_id);
        let mut crawl = Crawl::new(&site, "hub", &page, 3, &[portal.clone(), "/hub/portals".to_owned()]);
        while let Some(shown) = crawl.next().await {
            seen.look(&page, &shown.route).await;
        }
        files(&page, &portal).await;
    }
    assert!(seen.shown.len() > PAYLOADS.len() * 8 / 10, "{} payloads were shown", seen.shown.len());
    let progress = format!("{} of {} payloads shown as text on {} pages", seen.shown.len(), PAYLOADS.len(), seen.pages);
    proof::held("S11", "payloads stored in every field that is shown", planted, progress);
}

/// What is downloaded is no page, has a plain name, and no cell of it is a formula.
async fn files(page: &Page, portal: &str) {
    let ask = format!("fetch('{portal}/enrollments.csv').then(async (answer) =>
        [await answer.text(), ...['content-type', 'content-disposition', 'x-content-type-options'].map((name) => answer.headers.get(name))])");
    let told = page.eval(&ask).await;
    let text = |n: usize| told[n].as_str().unwrap();
    assert!(text(1).starts_with("text/csv") && text(3) == "nosniff", "{told}");
    assert_eq!(text(2), "attachment; filename=\"enrollments.csv\"");
    let cells = text(0).split(['\n', ',']).map(|cell| cell.trim_matches(['"', '\r']));
    let formula = cells.filter(|cell| {
        cell.starts_with(['=', '+', '@', '\t']) || cell.starts_with('-') && cell.parse::<f64>().is_err()
    });
    assert_eq!(formula.collect::<Vec<_>>(), [] as [&str; 0]);
}

#[tokio::test]
#[ignore = "cargo xtask prove"]
async fn nothing_that_is_sent_along_runs() {
    let app = App::new().await;
    Town::fill(&app, &|sample, _| sample.to_owned()).await;
    let site = Site::of(app).await;
    let page = site.signed_in("hub", &site.app.partner.administrator).await;
    let portal = format!("/hub/{}", site.app.partner.portal_id);
    let mut asked = vec!["/hub/portals".to_owned(), "/hub/nowhere".to_owned()];
    let mut forms = Vec::new();
    let mut crawl = Crawl::new(&site, "hub", &page, 1, &[portal, "/hub/portals".to_owned()]);
    while crawl.next().await.is_some() {
        let path = page.eval("location.pathname").await.as_str().unwrap().to_owned();
        let is_form = page
            .eval("document.querySelector('main form[method=post] :is(input:not([type=hidden]), textarea)') !== null")
            .await;
        if is_form == true {
            forms.push(path.clone());
        }
        asked.push(path);
    }
    let mut seen = Seen::default();
    let guest = site.chromium.open(&site.url_for("guest", "/hub/sign-in")).await;
    let names = page_names(&site).await;
    let step = proof::size(3, 1);
    for (n, payloads) in PAYLOADS.chunks(AT_ONCE).enumerate() {
        let text = joined(payloads);
        let mut query = Serializer::new(String::new());
        query.extend_pairs(names.iter().map(|name| (name, &text)));
        let query = query.finish();
        for path in asked.iter().skip(n % step).step_by(step) {
            page.goto(&site.url(&format!("{path}?{query}"))).await;
            seen.look(&page, "an address").await;
        }
        guest.goto(&site.url_for("guest", &format!("/hub/sign-in?{query}"))).await;
        seen.look(&guest, "an address of a guest").await;
        guest.goto(&site.url_for("guest", &format!("/hub/{}/{}", encoded(&text), encoded(payloads[0])))).await;
        seen.look(&guest, "a path").await;
    }
    let addresses = seen.pages;
    // Typed into forms, which are shown again with what is wrong, or stored and told of on the next page.
    for (n, payloads) in PAYLOADS.chunks(4).enumerate() {
        for path in forms.iter().skip(n % step).step_by(step) {
            page.goto(&site.url(path)).await;
            let before = page.eval("performance.timeOrigin").await;
            if page.eval(&format!("({FILL})({})", json!(joined(payloads)))).await == Value::Bool(true) {
                page.wait_for(&format!("performance.timeOrigin !== {before} && document.readyState === 'complete'"))
                    .await;
                seen.look(&page, "a form").await;
            }
        }
    }
    let (forms, shown) = (seen.pages - addresses, seen.shown.len());
    assert!(addresses > 100 && forms > 20 && shown > PAYLOADS.len() / 2, "{addresses} {forms} {shown}");
    let progress = format!(
        "{addresses} addresses and {forms} forms with {} payloads; {shown} of them shown as text",
        PAYLOADS.len()
    );
    proof::held("S11", "payloads in addresses and forms", addresses + forms, progress);
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The names of everything that pages read from their addresses, as their sources say it.
async fn page_names(site: &Site) -> BTreeSet<String> {
    // What forms send by GET, and what links carry.
    let page = site.signed_in("names", &site.app.partner.administrator).await;
    let portal = format!("/hub/{}", site.app.partner.portal_id);
    let mut names: BTreeSet<String> =
        ["q", "page", "to", "left", "email", "password", "said", "_token"].map(str::to_owned).into();
    let mut crawl = Crawl::new(site, "names", &page, 1, &[portal]);
    let ask = "[...document.querySelectorAll('form [name]')].map((one) => one.name)
        .concat([...document.links].flatMap((link) => [...new URL(link.href).searchParams.keys()]))";
    while crawl.next().await.is_some() {
        let found = page.eval(ask).await;
        names.extend(found.as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned));
    }
    names
}

#[tokio::test]
async fn a_page_with_a_payload_in_it_is_found_out() {
    let site = Site::of(App::new().await).await;
    let page = site.chromium.open(&site.url("/hub/sign-in")).await;
    assert_eq!(page.eval(&format!("{FOUND}(document)")).await, json!([]));
    // Wherever somebody forgets to escape, each payload is one that this would find.
    let ask = format!(
        "{}.map((payload) => {}.filter((context) => {FOUND}(new DOMParser().parseFromString(
            context.replace('PAYLOAD', () => payload), 'text/html')).length > 0).length)",
        json!(PAYLOADS),
        json!(CONTEXTS)
    );
    let found = page.eval(&ask).await;
    let unfound: Vec<&str> =
        PAYLOADS.iter().enumerate().filter(|(n, _)| found[n] == 0).map(|(_, payload)| *payload).collect();
    assert_eq!(unfound, [] as [&str; 0]);
    assert!(PAYLOADS.len() >= 100, "{}", PAYLOADS.len());
    // A page that really holds some: without a policy they run, with ours they do not, and the browser says so.
    let body = "<p><script>alert(1)</script><img src=x onerror=alert(2)></p>";
    let port = site.serve(body.to_owned()).await;
    let open = site.chromium.open(&format!("http://evil.test:{port}/plain")).await;
    assert_eq!(open.dialogs().first().map(String::as_str), Some("alert: 1"));
    let guarded = site.chromium.open(&format!("http://evil.test:{port}/guarded")).await;
    guarded.wait_for_complaint(Kind::Policy).await;
    assert_eq!(guarded.dialogs(), [] as [&str; 0]);
    proof::held(
        "S11",
        "payloads planted in a page that forgets to escape",
        PAYLOADS.len() as u64,
        "each is found; a policy stops them, and says so",
    );
}

#[tokio::test]
async fn nobody_frames_the_hub() {
    let site = Site::of(App::new().await).await;
    // With a session that the browser would send along.
    let _signed_in = site.signed_in("hub", &site.app.partner.administrator).await;
    let portal = format!("/hub/{}", site.app.partner.portal_id);
    let mut framed = 0;
    for path in ["/hub/sign-in".to_owned(), portal.clone(), format!("{portal}/webhooks/new")] {
        for tag in ["iframe src", "object data", "embed src"] {
            let port =
                site.serve(format!("<{tag}=\"{}\" width=600 height=400></{}>", site.url(&path), &tag[..6])).await;
            // Also by itself, under another port: the same site, another origin.
            for host in ["evil", "hub"] {
                let evil = site.chromium.open(&format!("http://{host}.test:{port}/plain")).await;
                evil.wait_for("document.readyState === 'complete'").await;
                let reached = evil.eval("(() => { try { const inner = window.frames[0]; return inner ? inner.document.body.innerText : ''; } catch { return ''; } })()").await;
                assert_eq!(reached, "", "{tag} {path}");
                let complaint = evil.wait_for_complaint(Kind::Policy).await;
                assert!(complaint.text.contains("frame-ancestors"), "{complaint:?}");
                framed += 1;
                evil.close().await;
            }
        }
    }
    // The control: what may be framed is.
    let inner = site.serve("<p>Framed</p>".to_owned()).await;
    let outer = site.serve(format!("<iframe src=\"http://inner.test:{inner}/plain\"></iframe>")).await;
    let evil = site.chromium.open(&format!("http://evil.test:{outer}/plain")).await;
    evil.frame(&format!("inner.test:{inner}")).await.wait_for_text("Framed").await;
    proof::held("S11", "frames round the Hub", framed, "a page that may be framed is shown");
}
