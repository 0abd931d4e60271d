//! What administrators were told of their webhooks. Not in the published API: for Schoolbell itself.

use contract::api::notice::Notice;
use contract::api::page::Page;
use reqwest::Method;

use crate::platform::Platform;
use crate::platform::enrollment::Part;
use crate::platform::error::Error;

impl Platform {
    /// One page of notices of the portal, or of one webhook, the newest first.
    pub async fn notices(&self, webhook_id: Option<&str>, part: Part) -> Result<Page<Notice>, Error> {
        let mut call = self
            .gateway_call(Method::GET, &["notices"])?
            .query("limit", &part.limit.to_string())
            .query("offset", &part.offset.to_string());
        if let Some(webhook_id) = webhook_id {
            call = call.query("webhook_id", webhook_id);
        }
        call.fetch().await
    }

    /// One notice, and what became of the mail of it.
    pub async fn notice(&self, id: &str) -> Result<Notice, Error> {
        self.gateway_call(Method::GET, &["notices", id])?.fetch().await
    }
}
