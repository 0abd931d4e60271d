//! Managing webhooks. Contract, section 2.

use contract::api::delivery::Delivery;
use contract::api::page::Page;
use contract::api::webhook::{CreateWebhook, TestWebhook, UpdateWebhook, Webhook};
use reqwest::Method;

use crate::platform::Platform;
use crate::platform::error::Error;

impl Platform {
    /// Every webhook of the portal, oldest first.
    pub async fn webhooks(&self) -> Result<Page<Webhook>, Error> {
        self.gateway_call(Method::GET, &["webhooks"])?.fetch().await
    }

    /// One webhook. Not in the published API (decision 20).
    pub async fn webhook(&self, id: &str) -> Result<Webhook, Error> {
        self.gateway_call(Method::GET, &["webhooks", id])?.fetch().await
    }

    /// A new webhook; a partner's is told of its customers' events too.
    pub async fn create_webhook(&self, create: &CreateWebhook) -> Result<Webhook, Error> {
        self.gateway_call(Method::POST, &["webhooks"])?.json(create).fetch().await
    }

    /// Changes a webhook.
    pub async fn update_webhook(&self, id: &str, update: &UpdateWebhook) -> Result<Webhook, Error> {
        self.gateway_call(Method::PATCH, &["webhooks", id])?.json(update).fetch().await
    }

    /// Tests a webhook: a sample event is told to it alone. Not in the published API: for Schoolbell itself. What comes of it:
    /// [`outcome`](Self::outcome).
    pub async fn test_webhook(&self, id: &str, test: &TestWebhook) -> Result<Delivery, Error> {
        self.gateway_call(Method::POST, &["webhooks", id, "test"])?.json(test).fetch().await
    }

    /// Deletes a webhook. Not in the published API (decision 20). When an answer got lost and the call was repeated,
    /// [`Error::NotFound`] may mean that the first attempt succeeded.
    pub async fn delete_webhook(&self, id: &str) -> Result<(), Error> {
        self.gateway_call(Method::DELETE, &["webhooks", id])?.done().await
    }
}
