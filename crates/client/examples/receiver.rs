//! A receiver in axum: verifies, parses, and says what happened.
//!
//! ```text
//! WEBHOOK_SECRET='MyS3cretK#y' cargo run -p client --example receiver
//! ```
//!
//! It keeps nothing. A real one writes the raw body to its database before it answers.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use client::event::{EventData, Parsed};
use client::verify::Verifier;
use jiff::Timestamp;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let verifier = Arc::new(Verifier::new([std::env::var("WEBHOOK_SECRET")?])?);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    println!("register http://{}/webhooks", listener.local_addr()?);
    axum::serve(listener, Router::new().route("/webhooks", post(receive)).with_state(verifier)).await?;
    Ok(())
}

async fn receive(State(verifier): State<Arc<Verifier>>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    #[expect(clippy::disallowed_methods, reason = "this is the edge where the clock is read")]
    let now = Timestamp::now();
    let verified = match verifier.verify(&headers, &body, now) {
        Ok(verified) => verified,
        Err(error) => return (StatusCode::UNAUTHORIZED, error.to_string()),
    };
    match verified.parse() {
        Ok(Parsed::Event(event)) => match event.data {
            EventData::EnrollmentComplete(data) => println!("enrollment {} is completed", data.id),
            EventData::ContentDecommission(data) => println!("content {} is gone at {}", data.id, data.remove_time),
            other => println!("{}: {other:?}", event.event_type),
        },
        Ok(Parsed::Unsupported(old)) => println!("{} is of the old generation", old.kind),
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()),
    }
    (StatusCode::OK, String::new())
}
