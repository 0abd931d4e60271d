//! Destinations: the LMSs to which a portal hands packages. Not in the published API: for Schoolbell itself.

use contract::api::destination::{CreateDestination, Destination, UpdateDestination};
use contract::api::page::Page;
use reqwest::Method;

use crate::platform::Platform;
use crate::platform::error::Error;

impl Platform {
    /// Every destination of the portal, oldest first, revoked ones among them.
    pub async fn destinations(&self) -> Result<Page<Destination>, Error> {
        self.gateway_call(Method::GET, &["destinations"])?.fetch().await
    }

    /// One destination.
    pub async fn destination(&self, id: &str) -> Result<Destination, Error> {
        self.gateway_call(Method::GET, &["destinations", id])?.fetch().await
    }

    /// A new destination, with a token of its own.
    pub async fn create_destination(&self, create: &CreateDestination) -> Result<Destination, Error> {
        self.gateway_call(Method::POST, &["destinations"])?.json(create).fetch().await
    }

    /// Changes a destination, or revokes it.
    pub async fn update_destination(&self, id: &str, update: &UpdateDestination) -> Result<Destination, Error> {
        self.gateway_call(Method::PATCH, &["destinations", id])?.json(update).fetch().await
    }
}
