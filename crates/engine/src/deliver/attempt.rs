//! One attempt: sign, send, decide.

use domain::delivery::{Answer, Failure, FailureKind, FinishedAttempt, Lease, Outcome};
use domain::webhook::Oauth2Credentials;
use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};

use crate::request::sign;
use crate::run::Engine;
use crate::token::Tokens;

/// How long before the end of its lease an attempt that also has to ask for a token is given up, so that it can still be
/// recorded.
const RECORDING_FOR: SignedDuration = SignedDuration::from_secs(5);

/// Makes the attempt that `lease` allows, and decides what follows it.
pub(super) async fn attempt(engine: &Engine, tokens: &Tokens, lease: Lease) -> FinishedAttempt {
    let started_at = engine.clock.now();
    let begun = engine.timer.instant();
    let sent = match &lease.webhook.oauth2 {
        // The store was so long in answering that somebody else may have leased it meanwhile.
        _ if lease.expires_at <= started_at => Err(Failure {
            kind: FailureKind::Timeout,
            detail: "the lease had run out before the attempt began".to_owned(),
        }),
        None => send(engine, &lease, started_at, None).await,
        Some(credentials) => send_authorized(engine, tokens, &lease, credentials).await,
    };
    let outcome = sent.unwrap_or_else(Outcome::Failed);
    let took = SignedDuration::try_from(engine.timer.instant() - begun).unwrap_or(SignedDuration::MAX);
    // Nothing is retried after a success: no need to roll the dice.
    let fraction = if outcome.is_success() { 0.0 } else { engine.random.fraction() };
    let next = engine.schedule.decide(&outcome, lease.failures, lease.event.deadline_at, engine.clock.now(), fraction);
    FinishedAttempt { lease, started_at, took, outcome, next }
}

async fn send(
    engine: &Engine,
    lease: &Lease,
    now: Timestamp,
    authorization: Option<HeaderValue>,
) -> Result<Outcome, Failure> {
    let mut request = sign(lease, now, &engine.settings.user_agent)?;
    if let Some(authorization) = authorization {
        request = request.authorized(authorization);
    }
    Ok(engine.transport.send(request).await)
}

/// Sends with a token (decision 28), all of it within the lease: there may be six exchanges in it.
async fn send_authorized(
    engine: &Engine,
    tokens: &Tokens,
    lease: &Lease,
    credentials: &Oauth2Credentials,
) -> Result<Outcome, Failure> {
    let until = lease.expires_at.saturating_sub(RECORDING_FOR).unwrap_or(lease.expires_at);
    tokio::select! {
        biased;
        sent = send_with_token(engine, tokens, lease, credentials) => sent,
        () = engine.timer.sleep_until(until) => Err(Failure {
            kind: FailureKind::Timeout,
            detail: "asking for a token and sending took too long together".to_owned(),
        }),
    }
}

/// Sends with the token at hand. If the receiver refuses it, a new one is had for the next attempt: this one is over, because no
/// attempt number goes out twice.
async fn send_with_token(
    engine: &Engine,
    tokens: &Tokens,
    lease: &Lease,
    credentials: &Oauth2Credentials,
) -> Result<Outcome, Failure> {
    let token = tokens.find(engine, &lease.webhook, credentials, None).await?;
    let outcome = send(engine, lease, engine.clock.now(), Some(token.clone())).await?;
    if matches!(outcome, Outcome::Answered(Answer { status: 401, .. })) {
        // If there is none now, the next attempt asks again and says so.
        let _ = tokens.find(engine, &lease.webhook, credentials, Some(&token)).await;
    }
    Ok(outcome)
}
