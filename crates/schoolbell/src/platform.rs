//! The platform put together: the API and the engine over one store, and their life.

use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result};
use domain::clock::Clock;
use domain::random::Random;
use engine::mailer::Mailer;
use engine::run::{Engine, Stopped};
use engine::timer::{ClockTimer, Timer};
use engine::transport::http::{HttpSettings, HttpTransport};
use gateway::gateway::{Gateway, Settings};
use hub::hub::Hub;
use player::player::Player;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::ambient::{SystemClock, SystemRandom};
use crate::config::Config;
use crate::data_folder::DataFolder;
use crate::front;
use crate::set_back;

/// A platform that is ready to run.
pub(crate) struct Platform {
    gateway: Gateway,
    hub: Hub,
    /// Where the Hub is served, if not with the API.
    office: Option<TcpListener>,
    /// Cancelled when the platform stops: what the Hub streams would outlast it.
    hub_ending: CancellationToken,
    player: Player,
    /// Where learners come, if they do.
    learners: Option<TcpListener>,
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
        Platform::by(config, folder, clock.clone(), Arc::new(ClockTimer(clock)))
    }

    /// The same by another clock, and what waits for that.
    ///
    /// # Errors
    ///
    /// Names the first key whose value cannot be used.
    pub(crate) fn by(
        config: &Config,
        folder: &DataFolder,
        clock: Arc<dyn Clock>,
        timer: Arc<dyn Timer>,
    ) -> Result<Self> {
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        config.server.check()?;
        let policy = config.delivery.url_policy();
        let settings = Settings {
            url_policy: policy,
            webhooks_per_portal_max: config.server.webhooks_per_portal_max,
            body_bytes_max: config.server.body_bytes_max,
            package_bytes_max: config.server.package_bytes_max,
            packages_per_portal_bytes_max: config.server.packages_per_portal_bytes_max,
            limits: config.limits.settings()?,
            schemas: Arc::new(config.scorm.schemas()?),
            player_url: config.player.url(config.server.listen)?,
        };
        let player = player_settings(&settings);
        let hub_ending = CancellationToken::new();
        let hub = hub_settings(&settings, hub_ending.clone());
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
            timer,
            random: random.clone(),
            schedule: config.delivery.schedule()?,
            settings: engine::run::Settings {
                events_kept_for: config.retention.events_kept_for()?,
                audit_kept_for: config.retention.audit_kept_for()?,
                ..config.delivery.engine()?
            },
        };
        let (store, keyring) = (&folder.store, &folder.keyring);
        let player = Player::new(store.clone(), clock.clone(), random.clone(), keyring.clone(), player);
        let hub = Hub::new(store.clone(), clock.clone(), random.clone(), keyring.clone(), hub);
        let gateway = Gateway::new(store.clone(), clock, random, keyring.clone(), settings);
        Ok(Platform { gateway, hub, office: None, hub_ending, player, learners: None, engine, http })
    }

    /// The platform with its Hub served on `listener` instead of with the API.
    pub(crate) fn with_hub_on(self, listener: Option<TcpListener>) -> Self {
        Platform { office: listener, ..self }
    }

    /// The platform with its player served on `listener` too, whose address is in the configuration that it was made of.
    pub(crate) fn with_player_on(self, listener: TcpListener) -> Self {
        Platform { learners: Some(listener), ..self }
    }

    /// Serves on `listener` and delivers until `shutdown`; then finishes what is under way, within the limits.
    ///
    /// The API and the player stop first: what they still accept is stored, and what is stored is delivered by the next start.
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
        let limits = gateway::serve::Limits::default();
        let (api, hub) = (gateway::router::router(self.gateway), hub::router::router(self.hub));
        let (app, office) = match self.office {
            None => (front::both(api, hub), None),
            Some(listener) => {
                let pages = gateway::serve::serve(listener, front::pages(hub), limits.clone(), shutdown.clone());
                (api, Some(tokio::spawn(pages)))
            }
        };
        let (stopping, hub_ending) = (shutdown.clone(), self.hub_ending);
        tokio::spawn(async move {
            stopping.cancelled().await;
            hub_ending.cancel();
        });
        let learners = self.learners.map(|listener| {
            let player = player::router::router(self.player);
            tokio::spawn(gateway::serve::serve(listener, player, limits.clone(), shutdown.clone()))
        });
        gateway::serve::serve(listener, app, limits, shutdown.clone()).await;
        if let Some(learners) = learners {
            learners.await.context("the player ended without saying why")?;
        }
        if let Some(office) = office {
            office.await.context("the Hub ended without saying why")?;
        }
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

/// The player is reached where the API says that it is, and believes the same proxies.
fn player_settings(settings: &Settings) -> player::player::Settings {
    let trusted = settings.limits.trusted_proxies.clone();
    player::player::Settings {
        address_of: Arc::new(move |headers, extensions| gateway::limit::origin(headers, extensions, &trusted)),
        public_url: settings.player_url.clone(),
    }
}

/// The Hub takes what the API takes, and believes the same proxies.
fn hub_settings(settings: &Settings, ending: CancellationToken) -> hub::hub::Settings {
    let trusted = settings.limits.trusted_proxies.clone();
    let origin = move |headers: &_, extensions: &_| gateway::limit::origin(headers, extensions, &trusted);
    hub::hub::Settings {
        url_policy: settings.url_policy,
        webhooks_per_portal_max: settings.webhooks_per_portal_max,
        player_url: settings.player_url.clone(),
        schemas: settings.schemas.clone(),
        origin: Arc::new(move |headers, extensions| origin(headers, extensions).map(gateway::limit::site)),
        ending,
        ..hub::hub::Settings::default()
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
