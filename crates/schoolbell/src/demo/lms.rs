//! A small learning management system (LMS), for whoever looks at the demonstration with a browser: a course is opened in it, and
//! beside it stands what the webhook brought and what the companion recorded.
//!
//! It knows of the platform what any LMS does: the package that it was handed.

mod server;
mod telling;

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use axum::Router;
use client::platform::Platform as Client;
use client::platform::package::PackageOptions;
use companion::learner::DetailsFrom;
use contract::api::destination::CreateDestination;
use contract::api::learning_object::{SetContent, SetLearningObject};
use domain::oauth::Scopes;
use scorm::archive::Archive;
use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::provision::{NewPortal, Provisioner};
use crate::sandbox::{Credentials, Sandbox};
pub(super) use telling::{Telling, Told};

/// The customer whose LMS it is.
const CUSTOMER: (&str, &str) = ("Lighthouse Clinic", "lighthouse.sandbox.example");
const COURSE: &str = "Fire extinguishers";
const TEXT: &str = include_str!("lms/course.md");
/// The learner, as the LMS knows them.
const LEARNER: (&str, &str) = ("HR-2077", "Nightingale, Florence");
/// The longest file of a package, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The customer and its course.
pub(super) struct Tenant {
    credentials: Credentials,
    lo_id: String,
}

/// What the page shows of itself.
#[derive(Clone, Debug, Serialize)]
struct Facts {
    course: &'static str,
    customer: &'static str,
    portal_id: String,
    learner_id: &'static str,
    learner_name: &'static str,
    /// What of the package is opened.
    entry: String,
}

/// What is served.
struct Lms {
    facts: Facts,
    /// The package, unpacked.
    files: BTreeMap<String, Vec<u8>>,
    /// What the LMS keeps of the learner, by the names of SCORM.
    record: Mutex<serde_json::Map<String, serde_json::Value>>,
    told: watch::Receiver<Told>,
    shutdown: CancellationToken,
}

impl Tenant {
    /// Makes a further customer of the sandbox's partner, with a course.
    pub(super) async fn make(provisioner: &Provisioner, sandbox: &Sandbox) -> Result<Self> {
        let partner_id = sandbox.partner.portal_id.parse()?;
        let (name, domain) = CUSTOMER;
        let administrator_email = &format!("admin@{domain}");
        let new = NewPortal { name, domain, partner_id: Some(partner_id), administrator_email };
        let portal = provisioner.portal(new).await?;
        let client = provisioner.client(portal.id, "LMS", Scopes::all()).await?;
        let course = provisioner.course(partner_id, COURSE, &[portal.id]).await?;
        let credentials = Credentials {
            portal_id: portal.id.to_string(),
            client_id: client.id.to_string(),
            client_secret: client.secret,
        };
        Ok(Tenant { credentials, lo_id: course.id.to_string() })
    }

    /// For the companion: who it was, the LMS says.
    pub(super) fn portal(&self) -> companion::config::Portal {
        let Credentials { portal_id, client_id, client_secret } = &self.credentials;
        let portal = companion::config::Portal::new(portal_id, client_id, client_secret);
        companion::config::Portal { details_from: Some(DetailsFrom::LearningActivity), ..portal }
    }

    /// What the platform's API is asked with.
    pub(super) fn client(&self, partner: &Client) -> Client {
        partner.with_credentials(&self.credentials.client_id, &self.credentials.client_secret)
    }

    pub(super) fn portal_id(&self) -> &str {
        &self.credentials.portal_id
    }

    /// Says what is played, has the package made for an LMS at `url`, and unpacks it. Gives back what is to be served there.
    pub(super) async fn install(
        &self,
        partner: &Client,
        url: &str,
        told: watch::Receiver<Told>,
        shutdown: CancellationToken,
    ) -> Result<Router> {
        let content = SetContent { text: Some(TEXT.to_owned()), ..SetContent::default() };
        let set = SetLearningObject { content: Some(Some(content)), ..SetLearningObject::default() };
        partner.set_learning_object(&self.lo_id, &set).await.context("saying what is played")?;
        let customer = self.client(partner);
        let destination = CreateDestination {
            name: Some("The LMS of the demonstration".to_owned()),
            lms_origins: vec![url.to_owned()],
            ..CreateDestination::default()
        };
        let destination = customer.create_destination(&destination).await.context("making a destination")?;
        let options = PackageOptions {
            version: Some("1.2".to_owned()),
            destination: Some(destination.id),
            reference: Some("spring-2026".to_owned()),
        };
        let package = customer.package(&self.lo_id, &options).await.context("downloading the package")?;
        let mut facts = Facts {
            course: COURSE,
            customer: CUSTOMER.0,
            portal_id: self.credentials.portal_id.clone(),
            learner_id: LEARNER.0,
            learner_name: LEARNER.1,
            entry: String::new(),
        };
        let mut archive = Archive::open(Cursor::new(package)).context("reading the package")?;
        let manifest = scorm::course::read(&mut archive).context("reading the manifest of the package")?;
        facts.entry = manifest.entry.path;
        // An LMS hands back at each launch what the manifest says.
        let launch_data = manifest.launch_data.map(|data| ("cmi.launch_data".to_owned(), data.into()));
        let record = Mutex::new(launch_data.into_iter().collect());
        Ok(server::router(Arc::new(Lms { facts, files: unpack(archive)?, record, told, shutdown })))
    }
}

fn unpack(mut archive: Archive<Cursor<Vec<u8>>>) -> Result<BTreeMap<String, Vec<u8>>> {
    let paths: Vec<String> = archive.files().iter().map(|file| file.path.clone()).collect();
    let mut files = BTreeMap::new();
    for path in paths {
        let bytes = archive.read(&path, FILE_BYTES_MAX)?.context("a file that is in the list is there")?;
        files.insert(path, bytes);
    }
    Ok(files)
}
