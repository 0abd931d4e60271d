//! The platform put together: the API and the engine over one store, and their life.

use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result};
use domain::clock::Clock;
use domain::random::Random;
use engine::mailer::Mailer;
use engine::run::{Engine, Stopped};
use engine::timer::ClockTimer;
use engine::transport::http::{HttpSettings, HttpTransport};
use gateway::gateway::{Gateway, Settings};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::ambient::{SystemClock, SystemRandom};
use crate::config::Config;
use crate::data_folder::DataFolder;
use crate::set_back;

/// A platform that is ready to run.
pub(crate) struct Platform {
    gateway: Gateway,
    engine: Engine,
    http: HttpSettings,
}

impl Platform {
    /// Puts a platform together over an opened data folder.
    ///
    /// # Errors
    ///
    /// Names the first key whose value cannot be used.
    pub(crate) fn new(config: &Config, folder: &DataFolder) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let policy = config.delivery.url_policy();
        let settings = Settings {
            url_policy: policy,
            webhooks_per_portal_max: config.server.webhooks_per_portal_max,
            body_bytes_max: config.server.body_bytes_max,
            limits: config.limits.settings()?,
        };
        let http = HttpSettings {
            exchange_for: config.delivery.timeout()?,
            connect_for: config.delivery.connect_timeout()?,
            policy,
        };
        let transport = HttpTransport::new(http, clock.clone());
        let transport = match config.delivery.egress_proxy()? {
            Some(proxy) => transport.through(proxy),
            None => transport,
        };
        let engine = Engine {
            store: folder.store.clone(),
            transport: Arc::new(transport),
            mailer: config.mail.mailer()?.map(|mailer| Arc::new(mailer) as Arc<dyn Mailer>),
            clock: clock.clone(),
            timer: Arc::new(ClockTimer(clock.clone())),
            random: random.clone(),
            schedule: config.delivery.schedule()?,
            settings: engine::run::Settings {
                events_kept_for: config.retention.events_kept_for()?,
                ..config.delivery.engine()?
            },
        };
        let gateway = Gateway::new(folder.store.clone(), clock, random, folder.keyring.clone(), settings);
        Ok(Platform { gateway, engine, http })
    }

    /// Serves on `listener` and delivers until `shutdown`; then finishes what is under way, within the limits.
    ///
    /// The API stops first: what it still accepts is stored, and what is stored is delivered by the next start.
    pub(crate) async fn run(self, listener: TcpListener, shutdown: CancellationToken) -> Result<Stopped> {
        // The lock on the data folder says that nobody else delivers from it, so whoever held a lease is gone.
        crash::point!("start/before-expire-leases");
        let left = self.engine.store.expire_leases(self.engine.clock.now()).await.context("ending old leases")?;
        crash::point!("start/after-expire-leases");
        if left > 0 {
            tracing::info!(left, "{left} attempts were under way when the platform last ended: they are made again");
        }
        tokio::spawn(set_back::watch(self.engine.store.clone(), self.engine.clock.clone(), shutdown.clone()));
        let engine = deliver(self.engine, shutdown.clone())?;
        let app = gateway::router::router(self.gateway);
        gateway::serve::serve(listener, app, gateway::serve::Limits::default(), shutdown.clone()).await;
        crash::point!("stop/api-stopped");
        let stopped = engine.await.context("the delivery engine ended without saying why")?;
        tracing::info!(finished = stopped.finished, left = stopped.left, "stopped");
        Ok(stopped)
    }

    /// How exchanges are limited.
    pub(crate) fn http(&self) -> HttpSettings {
        self.http
    }
}

/// The engine has a thread and a runtime of its own: two threads cost a pooled client more than one, and a busy API does
/// not delay it.
fn deliver(engine: Engine, shutdown: CancellationToken) -> Result<oneshot::Receiver<Stopped>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting the engine")?;
    let (done, stopped) = oneshot::channel();
    let run = move || {
        // If it ends by itself, even by a panic, the API ends too: a platform that accepts and does not deliver is not what was
        // asked for.
        let _ends_all = shutdown.clone().drop_guard();
        let _ = done.send(runtime.block_on(engine::run::run(engine, shutdown)));
    };
    thread::Builder::new().name("engine".into()).spawn(run).context("starting the engine's thread")?;
    Ok(stopped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Broken;

    impl Clock for Broken {
        fn now(&self) -> jiff::Timestamp {
            panic!("on purpose: any bug in the engine")
        }
    }

    #[tokio::test]
    async fn an_engine_that_dies_takes_the_api_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(folder.path(), &SystemRandom).unwrap();
        let platform = Platform::new(&Config::default(), &folder).unwrap();
        let engine = Engine { clock: Arc::new(Broken), ..platform.engine };
        let shutdown = CancellationToken::new();
        let stopped = deliver(engine, shutdown.clone()).unwrap();
        assert!(stopped.await.is_err());
        shutdown.cancelled().await;
    }
}
