//! Having content removed before it ends, whether or not the platform can be reached.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::Url;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use tokio::task::JoinSet;

use super::{AT_ONCE_MAX, ROUNDS_MAX, Tender, again, reason};
use crate::config::{Secret, Settings, SettingsError};
use crate::inbox::InboxError;
use crate::retirement::Record;
use crate::retirement::hook;
use crate::retirement::view::proof;

/// What a confirmation of the hook is recorded under.
const HOOK: &str = "hook";

/// Where removals are asked for.
pub(crate) struct Hook {
    http: reqwest::Client,
    url: Url,
    secret: Secret,
}

impl Hook {
    /// That of the settings; none if removals wait to be fetched.
    pub(crate) fn new(settings: &Settings) -> Result<Option<Self>, SettingsError> {
        let retirement = &settings.retirement;
        let (Some(url), Some(secret)) = (&retirement.removal_hook_url, &retirement.removal_hook_secret) else {
            return Ok(None);
        };
        let refused = |problem: String| SettingsError { field: "retirement.removal_hook_url".to_owned(), problem };
        let url = Url::parse(url).map_err(|error| refused(error.to_string()))?;
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("schoolbell-companion/", env!("CARGO_PKG_VERSION")))
            .timeout(settings.limits.fetch())
            // What is signed for one address is not for another.
            .redirect(Policy::none());
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        if host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()) {
            // A proxy that the environment names leads outwards.
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| refused(causes(&error)))?;
        Ok(Some(Hook { http, url, secret: secret.clone() }))
    }

    /// Whether it confirmed; if not, why, and when it wants to be asked again.
    async fn ask(&self, call: hook::Call) -> Result<(), (String, Option<Duration>)> {
        let mut request = self.http.post(self.url.clone()).header(CONTENT_TYPE, "application/json").body(call.body);
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        let unreachable =
            |error: reqwest::Error| (format!("the hook cannot be reached: {}", causes(&error.without_url())), None);
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        Err((format!("the hook answered {status}"), retry_after.map(Duration::from_secs)))
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

impl Tender {
    /// Has everything removed that is due now.
    pub(super) async fn remove_due(&self) -> Result<(), InboxError> {
        let margin = self.shared.rules.margin;
        for _ in 0..ROUNDS_MAX {
            let due = self.shared.inbox.removals_due(margin, self.shared.now(), AT_ONCE_MAX)?;
            if due.is_empty() {
                return Ok(());
            }
            let mut tasks = JoinSet::new();
            for record in due {
                tasks.spawn(self.clone().remove(record));
            }
            while let Some(ended) = tasks.join_next().await {
                ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
            }
        }
        Ok(())
    }

    async fn remove(self, record: Record) -> Result<(), InboxError> {
        let Some(hook) = &self.shared.hook else { return self.offer(&record).await };
        let margin = self.shared.rules.margin;
        let asked = hook.ask(hook::call(&record, margin, hook.secret.expose(), self.shared.now())).await;
        let now = self.shared.now();
        metrics::counter!("companion_removals_total", "outcome" => if asked.is_ok() { "removed" } else { "failed" })
            .increment(1);
        match asked {
            Ok(()) => {
                self.shared.inbox.removed(record.number, HOOK.to_owned(), now).await?;
                self.tell(&record.portal_id, &record.lo_id, &proof(record.deadline().unwrap_or(now), now));
                Ok(())
            }
            Err((failed, retry_after)) => self.failed(&record, failed, retry_after, now).await,
        }
    }

    async fn failed(
        &self,
        record: &Record,
        failed: String,
        retry_after: Option<Duration>,
        now: Timestamp,
    ) -> Result<(), InboxError> {
        let failed = reason(failed);
        let next_at = again(record.number, record.removal.tries, retry_after, now);
        tracing::warn!(retirement = record.number, reason = failed, %next_at, "retirement {}: {failed}", record.number);
        self.shared.inbox.removal_asked(record.number, Some(next_at), Some(failed), now).await
    }

    /// Without a hook the application fetches what is due, and says when it is done.
    async fn offer(&self, record: &Record) -> Result<(), InboxError> {
        self.shared.inbox.removal_asked(record.number, None, None, self.shared.now()).await?;
        self.tell(&record.portal_id, &record.lo_id, "is to be removed now");
        Ok(())
    }
}
