//! A platform with a partner, a customer and everybody who takes part, before anything is measured.

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::budget::Settings;
use crate::job::Asked;
use crate::platform::Platform;
use crate::round::Cast;
use crate::world::{self, Caller};

/// Ends with this value, and its folder with it.
pub(crate) struct Scene {
    pub(crate) cast: Cast,
    pub(crate) caller: Caller,
    /// Completions that were not taken yet.
    completions: Vec<(u64, Asked)>,
    /// The webhooks, by their ids.
    pub(crate) webhooks: Vec<String>,
    connections: usize,
    _folder: TempDir,
}

impl Scene {
    /// With so many enrollments that can be completed, and no webhook.
    pub(crate) fn set(settings: &Settings, completions: usize) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(&settings.folder);
        let folder = folder.with_context(|| format!("making a folder in {}", settings.folder.display()))?;
        let platform = Platform::start(&settings.schoolbell, folder.path())?;
        eprintln!("the platform is process {} and listens on {}", platform.pid(), platform.address);
        let mut cast = Cast::assemble(platform)?;
        let customer = cast.platform.sandbox.customers.first().context("the sandbox has no customer")?.clone();
        let caller = Caller::new(&mut cast.load, &cast.platform, &customer, settings.connections)?;
        let enrollments = world::enroll(&mut cast.load, &cast.platform, &caller, completions)?;
        let completions = enrollments.iter().map(|id| Ok((id.parse()?, world::completion(id)?)));
        let completions = completions.collect::<Result<_>>()?;
        let connections = settings.connections;
        Ok(Scene { cast, caller, completions, webhooks: Vec::new(), connections, _folder: folder })
    }

    /// Makes so many webhooks. They are the partner's, as in the published walk-through: the event is a customer's.
    pub(crate) fn subscribe(&mut self, webhooks: usize) -> Result<()> {
        let Cast { load, platform, receiver_address, .. } = &mut self.cast;
        let partner = Caller::new(load, platform, &platform.sandbox.partner, self.connections)?;
        for number in 0..webhooks {
            let url = format!(
                "http://{receiver_address}/hook{}",
                if number == 0 { String::new() } else { number.to_string() }
            );
            self.webhooks.push(world::subscribe(load, platform, &partner, url)?);
        }
        Ok(())
    }

    /// So many completions, or as many as there are left.
    pub(crate) fn take(&mut self, count: usize) -> Vec<(u64, Asked)> {
        self.completions.drain(..count.min(self.completions.len())).collect()
    }
}
