//! What happens in the portals, through the public API and each portal's own credentials.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use client::platform::Platform;
use client::platform::config::Config;
use contract::api::enrollment::{CreateEnrollment, UpdateEnrollment};
use contract::api::webhook::{CreateWebhook, Webhook};
use contract::event_type::EventType;

use super::show::Show;
use crate::sandbox::{Credentials, Sandbox};

/// The portals, as an integrator sees them.
pub(super) struct World {
    partner: Platform,
    customers: Vec<Platform>,
    learners: Vec<Learner>,
    content: Vec<String>,
}

/// Somebody who learns something.
#[derive(Clone, Debug)]
pub(super) struct Learner {
    customer: usize,
    user_account_id: String,
    lo_id: String,
}

impl World {
    /// The sandbox, reached at `address`.
    pub(super) fn new(sandbox: &Sandbox, address: SocketAddr) -> Result<Self> {
        let Credentials { client_id, client_secret, .. } = &sandbox.partner;
        let partner = Platform::new(Config::new(&format!("http://{address}"), client_id, client_secret)?)?;
        let customers = sandbox.customers.iter();
        let content: Vec<String> = sandbox.learning_objects.iter().map(|lo| lo.lo_id.clone()).collect();
        let first = content.first().context("a sandbox has courses")?;
        let learners = customers
            .clone()
            .enumerate()
            .flat_map(|(customer, portal)| portal.user_account_ids.iter().map(move |id| (customer, id.clone())));
        let learners =
            learners.map(|(customer, user_account_id)| Learner { customer, user_account_id, lo_id: first.clone() });
        Ok(World {
            customers: customers
                .map(|customer| {
                    partner.with_credentials(&customer.credentials.client_id, &customer.credentials.client_secret)
                })
                .collect(),
            learners: learners.collect(),
            partner,
            content,
        })
    }

    /// The integrator.
    pub(super) fn partner(&self) -> &Platform {
        &self.partner
    }

    /// Registers the one webhook, on the partner.
    pub(super) async fn register(&self, url: &str, secret: &str) -> Result<Webhook> {
        let create = CreateWebhook {
            name: Some("My webhook for course completion".to_owned()),
            url: Some(url.to_owned()),
            secret_key: Some(secret.to_owned()),
            event_types: Some(vec![EventType::EnrollmentComplete.to_string()]),
            ..Default::default()
        };
        self.partner.create_webhook(&create).await.context("registering the webhook")
    }

    /// Each learner once.
    pub(super) fn first_round(&self) -> impl Iterator<Item = &Learner> {
        self.learners.iter()
    }

    /// Each learner in each course, for ever.
    pub(super) fn further_rounds(&self) -> impl Iterator<Item = Learner> {
        let courses = self.content.iter().cycle().skip(1);
        courses
            .flat_map(|lo_id| self.learners.iter().map(|learner| Learner { lo_id: lo_id.clone(), ..learner.clone() }))
    }

    /// Enrolls a learner, anew where need be, and completes the enrollment, whose id this is.
    pub(super) async fn complete(&self, learner: impl std::borrow::Borrow<Learner>, show: &Show<'_>) -> Result<String> {
        let Learner { customer, user_account_id, lo_id } = learner.borrow();
        let portal = &self.customers[*customer];
        let create = CreateEnrollment {
            user_account_id: Some(user_account_id.clone()),
            lo_id: Some(lo_id.clone()),
            enrollment_type: Some("self-directed".to_owned()),
            status: Some("in-progress".to_owned()),
            ..Default::default()
        };
        let enrollment = portal.create_enrollment_again(&create).await.context("enrolling a learner")?;
        show.completing(user_account_id, lo_id, *customer, &enrollment.id);
        let update = UpdateEnrollment { status: Some("completed".to_owned()), pass: Some(true), ..Default::default() };
        portal.update_enrollment(&enrollment.id, &update).await.context("completing the enrollment")?;
        Ok(enrollment.id)
    }
}
