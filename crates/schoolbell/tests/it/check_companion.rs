//! `schoolbell check` looks at the companion's section too, before anything is received.

use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

use tempfile::TempDir;

use crate::process::schoolbell;

/// What works, on any port.
const SERVER: &str = "[server]\nlisten = \"127.0.0.1:0\"\n[companion]\nlisten = \"127.0.0.1:0\"\n";
const SECRET: &str = "secrets = [\"MyS3cretK#y\"]\n";

/// Checks a file that says this, with these arguments besides.
async fn check(folder: &Path, text: &str, arguments: &[&str]) -> Output {
    let (file, data) = (folder.join("schoolbell.toml"), folder.join("data"));
    std::fs::write(&file, text).unwrap();
    let command = ["check", "--config", file.to_str().unwrap(), "--data", data.to_str().unwrap()];
    schoolbell(&[&command, arguments].concat()).await
}

/// The file, in which a portal has these keys besides its credentials.
fn with_portal(more: &str) -> String {
    format!("{SERVER}{SECRET}portals = [{{ portal_id = \"1\", client_id = \"c\", client_secret = \"s\"{more} }}]\n")
}

#[tokio::test]
async fn what_would_run_is_said() {
    let folder = TempDir::new().unwrap();
    let text = with_portal(", details_from = \"both\", external_id_from = \"cmi.launch_data:ref\"");
    let output = check(folder.path(), &text, &[]).await;
    let (said, told) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success() && told.contains("companion: ready for 1 portals"), "{told}");
    assert!(said.contains("external_id_from = \"cmi.launch_data:ref\"") && !said.contains("MyS3cretK#y"), "{said}");
    // Whoever has no companion is told nothing of it, and needs no secret for it.
    let output = check(folder.path(), "[server]\nlisten = \"127.0.0.1:0\"\n", &[]).await;
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && !told.contains("companion"), "{told}");
    assert!(!folder.path().join("data").exists());
}

#[tokio::test]
async fn credentials_that_are_given_otherwise_count() {
    let folder = TempDir::new().unwrap();
    let portals = folder.path().join("portals.json");
    let portals = portals.to_str().unwrap();
    let portal = r#"[{"portal_id":"1","client_id":"c","client_secret":"s","name":"n","external_id_from":"x"}]"#;
    std::fs::write(portals, portal).unwrap();
    let output = check(folder.path(), SERVER, &["--secret", "s", "--portals", portals]).await;
    assert!(output.status.success(), "{output:?}");
    std::fs::write(portals, portal.replace("\"x\"", "\"x:\"")).unwrap();
    check_refused(SERVER, &["--secret", "s", "--portals", portals], "\"x:\" must have one key after the colon").await;
    std::fs::write(portals, portal.replace("\"s\"", "12345678")).unwrap();
    let told = check_refused(SERVER, &["--secret", "s", "--portals", portals], "expected a string").await;
    assert!(!told.contains("12345678"), "{told}");
}

/// The file must be refused with this.
async fn check_refused(text: &str, arguments: &[&str], part: &str) -> String {
    let folder = TempDir::new().unwrap();
    let output = check(folder.path(), text, arguments).await;
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && told.contains(part), "{text}\n{told}");
    told + &String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn every_key_is_looked_at() {
    let base = format!("{SERVER}{SECRET}");
    let refused = async |more: &str, part: &str| check_refused(&format!("{base}{more}"), &[], part).await;
    check_refused(SERVER, &[], "companion.secrets: there is none").await;
    refused("accept_unsigned = true", "companion.accept_unsigned: it does not go together with secrets").await;
    refused("webhook_path = \"/people\"", "companion.webhook_path: something else is served there").await;
    refused("details_from = \"guess\"", "companion.details_from: unknown variant `guess`").await;
    refused("external_id_from = \"cmi.learner_name\"", "companion.external_id_from: \"cmi.learner_name\" is a name")
        .await;
    refused("api_token = \"\"", "companion.api_token: it is empty").await;
    let told = refused("platform_url = \"https://me:pw@bell.example\"", "companion.platform_url: the address").await;
    assert!(!told.contains("pw@"), "{told}");
    let portal = |more: &str| with_portal(more);
    check_refused(&portal(", external_id_from = \"\""), &[], "companion.portals[0].external_id_from: \"\" names no")
        .await;
    check_refused(&portal(", detail_from = \"both\""), &[], "unknown field `detail_from`").await;
    check_refused(&portal("").replace("\"1\"", "\"\""), &[], "companion.portals[0].portal_id: it is empty").await;
    let retirement = |more: &str| format!("[companion.retirement]\n{more}");
    refused(&retirement("digest_hour = 24"), "companion.retirement.digest_hour: an hour is 0 to 23").await;
    refused(&retirement("removal_margin_h = 721"), "companion.retirement.removal_margin_h: it must be at most 720")
        .await;
    let hook = "removal_hook_url = \"https://a.example\"";
    refused(&retirement(hook), "companion.retirement.removal_hook_secret: it is missing").await;
    let ada = "administrators = [{ name = \"Ada\", email = \"ada\" }]";
    refused(&retirement(ada), "companion.retirement.administrators[0].email: it is no mail address").await;
    // Mail is sent by the server of another section, which must be whole.
    let mail = "public_url = \"https://a.example\"\n[mail]\nhost = \"smtp.example.com\"";
    refused(&retirement(mail), "mail.from is missing").await;
}

#[tokio::test]
async fn addresses_must_be_free_and_not_open_to_everybody() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let at = |key: &str, address: &str| format!("{SERVER}{SECRET}{key} = \"{address}\"\n");
    let listening = at("api_listen", &address);
    check_refused(&listening, &[], "companion's readers (companion.api_listen) is taken").await;
    let listening = format!("[server]\nlisten = \"127.0.0.1:0\"\n[companion]\nlisten = \"{address}\"\n{SECRET}");
    check_refused(&listening, &[], "companion's webhooks (companion.listen) is taken").await;
    let open = "companion.api_token: /completions, /people and /retirements would be open to everybody";
    check_refused(&at("api_listen", "0.0.0.0:0"), &[], open).await;
    drop(taken);
    let twice = format!("{}api_listen = \"{address}\"\n", listening.trim_start_matches('\n'));
    check_refused(&twice, &[], "companion.api_listen) is taken").await;
}
