//! The browser, on pages that are made for it.

use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use browser::axe;
use browser::browser::Browser;
use browser::frame::role;
use browser::page::{Kind, Look};
use tokio::net::TcpListener;

/// What is served at which path; `{port}` is the server's.
const PAGES: &[(&str, &str)] = &[
    ("/plain", "<title>Plain</title><p>Hello</p><p hidden>Secret</p>"),
    (
        "/form",
        "<title>Form</title><label>Name <input id=name value=old></label><label><input type=checkbox id=agree> I agree</label>
         <button disabled id=later>Later</button><button onclick=\"document.title = document.querySelector('#name').value\">Save</button>
         <script>document.addEventListener('keydown', (event) => { window.pressed = [event.key, event.shiftKey, event.target.id]; });</script>",
    ),
    (
        "/outer",
        "<body style='margin:0'><div style='height:900px'></div><div style='padding:13px'><iframe style='margin:7px;border:3px solid' width=500 height=400
         src='http://other.test:{port}/middle'></iframe></div>",
    ),
    ("/middle", "<div style='height:600px'></div><iframe width=300 height=150 src='http://outer.test:{port}/inner'></iframe>"),
    ("/inner", "<button onclick=\"document.title = 'clicked'\">Deep</button><input aria-label='Deep field'>"),
    ("/opener", "<button onclick=\"window.open('/plain#popup', 'w', 'width=400,height=300')\">Open</button>"),
    (
        "/complains",
        "<script>console.error('one', 2); fetch('/nothing'); setTimeout(() => { throw new Error('three'); });</script><img src=x onerror=alert(4)>",
    ),
    ("/strict", "<script>document.title = 'ran'</script><p>Strict</p>"),
    ("/unfair", "<html><body><input><p style='color:#ccc;background:#fff'>pale</p></body></html>"),
    ("/cookie", "<p>cookie</p>"),
    ("/asks", "<iframe src='http://other.test:{port}/cookie'></iframe>"),
];

/// A server for all names; gives its port.
async fn serve() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router =
        Router::new().fallback(move |uri: Uri, headers: HeaderMap| async move { answer(port, &uri, &headers) });
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

fn answer(port: u16, uri: &Uri, headers: &HeaderMap) -> Response {
    let Some((path, body)) = PAGES.iter().find(|(path, _)| *path == uri.path()) else {
        return axum::http::StatusCode::NOT_FOUND.into_response();
    };
    let mut body = format!("<!doctype html><link rel=icon href=data:,>{}", body.replace("{port}", &port.to_string()));
    if *path == "/cookie" {
        body.push_str(&format!("<p id=sent>{}</p>", if headers.contains_key("cookie") { "sent" } else { "none" }));
    }
    let mut response = ([(CONTENT_TYPE, "text/html")], body).into_response();
    if *path == "/strict" {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, "default-src 'none'; img-src data:".parse().unwrap());
    }
    if *path == "/cookie" {
        response.headers_mut().insert(SET_COOKIE, "a=b".parse().unwrap());
    }
    response
}

#[tokio::test]
async fn a_form_is_filled_and_its_buttons_are_found_by_name() {
    let (port, browser) = (serve().await, Browser::start().await);
    let page = browser.open(&format!("http://platform.test:{port}/form")).await;
    page.fill("#name", "Ada Λ").await;
    page.click("#agree").await;
    assert_eq!(page.eval("document.querySelector('#agree').checked").await, true);
    page.click(role("button", "Save")).await;
    page.wait_for("document.title === 'Ada Λ'").await;
    assert_eq!(page.attribute("#later", "disabled").await.as_deref(), Some(""));
    assert_eq!(page.complaints(), []);
}

#[tokio::test]
async fn keys_go_to_what_has_the_focus() {
    let (port, browser) = (serve().await, Browser::start().await);
    let page = browser.open(&format!("http://platform.test:{port}/form")).await;
    page.press("Tab").await;
    page.type_text("typed").await;
    page.press("Shift+Tab").await;
    assert_eq!(page.eval("window.pressed").await, serde_json::json!(["Tab", true, "name"]));
    page.press("Tab").await;
    page.press("Tab").await;
    page.press("Space").await;
    assert_eq!(page.eval("document.querySelector('#agree').checked").await, true);
    page.press("Tab").await;
    page.press("Enter").await;
    page.wait_for("document.title === 'typed'").await;
}

#[tokio::test]
async fn frames_of_other_sites_are_clicked_where_they_are() {
    let (port, browser) = (serve().await, Browser::start().await);
    let page = browser.open(&format!("http://outer.test:{port}/outer")).await;
    let inner = page.frame("/inner").await;
    inner.click(role("button", "Deep")).await;
    inner.wait_for("document.title === 'clicked'").await;
    inner.fill(role("textbox", "Deep field"), "deep").await;
    assert_eq!(inner.eval("document.querySelector('input').value").await, "deep");
    page.press("Backspace").await;
    assert_eq!(inner.eval("document.querySelector('input').value").await, "dee");
    assert_ne!(page.eval("document.title").await, "clicked");
}

#[tokio::test]
async fn windows_are_followed_and_closed() {
    let (port, browser) = (serve().await, Browser::start().await);
    let page = browser.open(&format!("http://lms.test:{port}/opener")).await;
    page.click(role("button", "Open")).await;
    let popup = page.popup().await;
    popup.wait_for_text("Hello").await;
    assert_eq!(popup.eval("!!window.opener && innerWidth").await, 400);
    assert_eq!(browser.count("#popup"), 1);
    popup.close().await;
    assert_eq!(browser.count("#popup"), 0);
    page.click(role("button", "Open")).await;
    let again = browser.page("#popup").await;
    page.eval("window.open('', 'w').close()").await;
    again.until_gone().await;
}

#[tokio::test]
async fn what_a_page_complains_of_is_kept() {
    let (port, browser) = (serve().await, Browser::start().await);
    let page = browser.open(&format!("http://platform.test:{port}/complains")).await;
    page.wait_for_complaint(Kind::Exception).await;
    page.wait_for_complaint(Kind::Network).await;
    let console = page.wait_for_complaint(Kind::Console).await;
    assert_eq!(console.text, "one 2");
    page.wait_for("document.readyState === 'complete'").await;
    assert_eq!(page.dialogs(), ["alert: 4"]);
    let strict = browser.open(&format!("http://platform.test:{port}/strict")).await;
    let policy = strict.wait_for_complaint(Kind::Policy).await;
    assert!(policy.text.contains("script-src") || policy.text.contains("default-src"), "{policy:?}");
    assert_ne!(strict.eval("document.title").await, "ran");
}

#[tokio::test]
async fn only_test_names_exist_and_the_network_can_be_cut() {
    let (port, browser) = (serve().await, Browser::start().await);
    let page = browser.open(&format!("http://platform.test:{port}/plain")).await;
    let fetched = |url: &str| format!("fetch('{url}').then(() => 'yes', () => 'no')");
    assert_eq!(page.eval(&fetched("/form")).await, "yes");
    assert_eq!(page.eval(&fetched(&format!("http://elsewhere.example:{port}/"))).await, "no");
    page.set_offline(true).await;
    assert_eq!(page.eval(&fetched("/form")).await, "no");
    page.set_offline(false).await;
    assert_eq!(page.eval(&fetched("/form")).await, "yes");
}

#[tokio::test]
async fn third_parties_have_no_cookies() {
    let (port, browser) = (serve().await, Browser::start().await);
    for host in ["lms", "other"] {
        for expected in ["none", if host == "other" { "sent" } else { "none" }] {
            let page = browser.open(&format!("http://{host}.test:{port}/asks")).await;
            let frame = page.frame("/cookie").await;
            assert_eq!(frame.text("#sent").await, expected, "below {host}.test");
        }
    }
}

#[tokio::test]
async fn a_page_is_looked_at_in_any_size_and_light() {
    let (port, browser) = (serve().await, Browser::start().await);
    let page = browser.open(&format!("http://outer.test:{port}/outer")).await;
    let inner = page.frame("/middle").await;
    for is_dark in [true, false] {
        page.look(Look { width: 360, height: 740, is_dark }).await;
        assert_eq!(page.eval("innerWidth").await, 360);
        for frame in [&page, &inner] {
            let ask = "matchMedia('(prefers-color-scheme: dark)').matches";
            assert_eq!(frame.eval(ask).await, is_dark);
        }
    }
    let path = page.screenshot("browser").await;
    assert!(std::fs::read(path).unwrap().starts_with(b"\x89PNG"));
}

#[tokio::test]
async fn axe_finds_what_keeps_people_out() {
    let (port, browser) = (serve().await, Browser::start().await);
    let page = browser.open(&format!("http://platform.test:{port}/unfair")).await;
    let found = axe::serious(&page).await;
    for rule in ["label", "color-contrast", "html-has-lang"] {
        assert!(found.iter().any(|line| line.starts_with(&format!("{rule}:"))), "{rule}: {found:?}");
    }
    let page = browser.open(&format!("http://platform.test:{port}/plain")).await;
    page.eval("document.documentElement.lang = 'en'").await;
    assert_eq!(axe::serious(&page).await, [] as [&str; 0]);
}
