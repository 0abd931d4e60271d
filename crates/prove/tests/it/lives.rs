//! One platform after the other over one world, under load, and what is asked of each start.

use std::collections::HashMap;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use crate::binary::{Environment, Platform};
use crate::dice::Dice;
use crate::ledger::{Ledger, Verdict};
use crate::receiver::{Manner, Received, Receiver};
use crate::world::{IN_FLIGHT_MAX, Load, World, customer_tokens};

/// How soon after a start the first delivery arrives, while there is one.
const FIRST_WITHIN: Duration = Duration::from_secs(2);
/// How soon after a start everything has arrived that was promised before it.
pub(crate) const ALL_WITHIN: Duration = Duration::from_secs(30);

/// What goes on through all lives.
pub(crate) struct Lives {
    pub(crate) world: Arc<World>,
    pub(crate) receiver: Receiver,
    pub(crate) load: Load,
    /// The webhook that is judged.
    pub(crate) webhook: String,
    life: u32,
    /// The longest time from a start to the first delivery.
    pub(crate) slowest_first: Duration,
}

impl Lives {
    /// A world with a webhook, and `rate` completions a second as soon as there is a platform.
    pub(crate) async fn begin(delivery: &str, manner: Manner, rate: u32, dice: &mut Dice) -> Self {
        let world = Arc::new(World::make(delivery).await);
        let receiver = Receiver::start(manner, dice.split()).await;
        let mut platform = world.serve(&Environment::new()).await;
        let tokens = customer_tokens(&world, platform.url()).await;
        let webhook = world.subscribe(platform.url(), &receiver, "main").await;
        platform.kill().await;
        let load = Load::start(&world, rate, &tokens);
        Lives { world, receiver, load, webhook, life: 0, slowest_first: Duration::ZERO }
    }

    /// Starts a platform, which may be told to die; the callers find it if it comes to listen.
    pub(crate) async fn start(&mut self, environment: &Environment) -> Platform {
        self.life = self.receiver.next_life();
        let platform = self.world.start(environment).await;
        self.load.aim(platform.url.as_deref(), self.life);
        platform
    }

    /// Takes note that the platform is gone.
    pub(crate) async fn gone(&self) {
        self.load.aim(None, self.life);
        self.receiver.settles().await;
    }

    /// Waits for a platform to die by itself.
    pub(crate) async fn dies(&self, platform: &mut Platform, within: Duration) -> Option<ExitStatus> {
        let status = platform.ended(within).await;
        self.gone().await;
        status
    }

    /// Kills it.
    pub(crate) async fn kill(&self, platform: &mut Platform) {
        platform.kill().await;
        self.gone().await;
    }

    /// Starts a platform that is well, and sees that the first delivery comes soon and that all that was promised before comes.
    pub(crate) async fn recover(&mut self, after: &str) -> Platform {
        let promised: Vec<String> = self.load.acks().into_keys().collect();
        let before = self.receiver.count();
        let platform = self.start(&Environment::new()).await;
        assert!(platform.url.is_some(), "after {after} it does not start; {}", platform.last_lines());
        let came = self.receiver.waits(ALL_WITHIN, |all| all.len() > before).await;
        assert!(came, "after {after} nothing is delivered; {}", platform.last_lines());
        let first_at = self.receiver.all()[before].at;
        let first = first_at.saturating_duration_since(platform.ready_at);
        assert!(first <= FIRST_WITHIN, "after {after} the first delivery came {first:?} after the start");
        self.slowest_first = self.slowest_first.max(first);
        let mut judged = Judged::default();
        let came = self.receiver.waits(ALL_WITHIN, |all| judged.has_all(all, &promised)).await;
        assert!(
            came,
            "after {after} {} of {} promises are not kept",
            promised.len() - judged.kept(&promised),
            promised.len()
        );
        platform
    }

    /// Ends the load, waits for everything to arrive and to be recorded, and judges all of it.
    pub(crate) async fn end(self, mut platform: Platform) -> (Verdict, HashMap<String, u32>, Vec<Received>) {
        let acks = self.load.end().await;
        let promised: Vec<String> = acks.keys().cloned().collect();
        let mut judged = Judged::default();
        self.receiver.waits(ALL_WITHIN, |all| judged.has_all(all, &promised)).await;
        let settled = self.world.settles(platform.url(), ALL_WITHIN).await;
        assert!(settled, "deliveries stay open; {}", platform.last_lines());
        platform.kill().await;
        self.receiver.settles().await;
        let received: Vec<Received> =
            self.receiver.all().into_iter().filter(|received| received.webhook == self.webhook).collect();
        let ledger = Ledger { acks: &acks, received: &received, in_flight_max: IN_FLIGHT_MAX };
        let verdict = ledger.judge().unwrap_or_else(|broken| panic!("{broken}"));
        // Whoever was left without an answer asked again with the same key, and has one now.
        let unasked = received.iter().filter(|one| !acks.contains_key(&one.enrollment)).count();
        assert_eq!(unasked, 0, "requests tell of what was done twice");
        check_judge(&acks, &received);
        (verdict, acks, received)
    }
}

/// Which enrollments were accepted, read on as more comes.
#[derive(Default)]
struct Judged {
    read: usize,
    accepted: std::collections::HashSet<String>,
}

impl Judged {
    fn has_all(&mut self, all: &[Received], promised: &[String]) -> bool {
        let fresh = all[self.read..].iter().filter(|received| received.accepted);
        self.accepted.extend(fresh.map(|received| received.enrollment.clone()));
        self.read = all.len();
        self.kept(promised) == promised.len()
    }

    fn kept(&self, promised: &[String]) -> usize {
        promised.iter().filter(|id| self.accepted.contains(*id)).count()
    }
}

/// The negative control: the judge sees each fault when it is planted in what really came.
fn check_judge(acks: &HashMap<String, u32>, received: &[Received]) {
    let judge = |received: &[Received]| Ledger { acks, received, in_flight_max: IN_FLIGHT_MAX }.judge().is_err();
    let one = received.iter().find(|one| acks.contains_key(&one.enrollment)).expect("something arrived").clone();
    let lost: Vec<Received> =
        received.iter().filter(|received| received.enrollment != one.enrollment).cloned().collect();
    assert!(judge(&lost), "a lost delivery is not noticed");
    let twice: Vec<Received> = received.iter().cloned().chain([one]).collect();
    assert!(judge(&twice), "an attempt number that comes twice is not noticed");
}
