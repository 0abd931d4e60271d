//! The first thing that anybody runs.

use tokio::net::TcpListener;

use crate::process::schoolbell;

const ANY_PORTS: [&str; 6] = ["demo", "--exit", "--listen", "127.0.0.1:0", "--companion-listen", "127.0.0.1:0"];

#[tokio::test]
async fn it_shows_every_step_and_ends_well() {
    let output = schoolbell(&ANY_PORTS).await;
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{shown}\n{}", String::from_utf8_lossy(&output.stderr));
    for step in ["fired", "received", "kept", "fetched", "✓ recorded", "own credentials"] {
        assert_eq!(shown.matches(step).count(), 4, "{step} for each of four completions:\n{shown}");
    }
    assert!(shown.contains("4 completions, each recorded exactly once"), "{shown}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_with_its_flag() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for flag in ["--listen", "--companion-listen"] {
        let other = if flag == "--listen" { "--companion-listen" } else { "--listen" };
        let output = schoolbell(&["demo", "--exit", flag, &address, other, "127.0.0.1:0"]).await;
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(error.contains(&address) && error.contains(flag) && error.contains("taken"), "{error}");
    }
}
