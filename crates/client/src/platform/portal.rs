//! Setting up a portal: customers, their OAuth clients, people, content. Contract, sections 5.3, 9 and 10.

use contract::api::learning_object::{CreateLearningObject, LearningObject};
use contract::api::oauth::{CreateOauthClient, OauthClient};
use contract::api::portal::{CreatePortal, Portal};
use contract::api::user_account::{CreateUserAccount, UserAccount};
use reqwest::Method;

use crate::platform::Platform;
use crate::platform::error::Error;

impl Platform {
    /// A new customer portal under the caller's.
    pub async fn create_portal(&self, create: &CreatePortal) -> Result<Portal, Error> {
        self.gateway_call(Method::POST, &["portals"])?.json(create).fetch().await
    }

    /// A new OAuth client. Its secret is in the answer, and nowhere else ever after.
    pub async fn create_oauth_client(&self, create: &CreateOauthClient) -> Result<OauthClient, Error> {
        self.auth_call(Method::POST, &["client"])?.json(create).fetch().await
    }

    /// A new person in the portal.
    pub async fn create_user_account(&self, create: &CreateUserAccount) -> Result<UserAccount, Error> {
        self.gateway_call(Method::POST, &["user-accounts"])?.json(create).fetch().await
    }

    /// New content, published at once.
    pub async fn create_learning_object(&self, create: &CreateLearningObject) -> Result<LearningObject, Error> {
        self.gateway_call(Method::POST, &["learning-objects"])?.json(create).fetch().await
    }
}
