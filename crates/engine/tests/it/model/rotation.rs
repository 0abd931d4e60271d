//! Replaced secrets: which of them sign, and until when (decision 27).

use contract::event_type::EventType;
use contract::signature::{TOLERANCE, sign, verify};
use domain::id::{PortalId, UserAccountId};
use domain::webhook::{Secret, Webhook, WebhookPatch};
use jiff::{SignedDuration, Timestamp};
use stateright::{Model, Property};
use store::conformance::world::{World, at};
use store_sqlite::testing;

use super::{check, finds};

/// For how long a replaced secret signs, in hours; written down here a second time.
const GRACE_H: u8 = 24;
/// How long is looked ahead, in hours, and how much passes at once.
const HOURS: u8 = 60;
const STEP_H: u8 = 4;
/// How often the secret may be replaced.
const ROTATIONS: u8 = 3;

/// What is left out of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mutant {
    /// The secret that is replaced signs no more.
    NoGrace,
    /// Of the secrets that were replaced only the last signs.
    LastOnly,
    /// The secret that is replaced signs on and on.
    NoEnd,
}

struct Rotation {
    mutant: Option<Mutant>,
    webhook: Webhook,
}

/// Secrets are numbers, instants are hours.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    now_h: u8,
    secret: u8,
    previous: Vec<(u8, u8)>,
    /// When each secret before the present one was replaced.
    replaced_at: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Pass,
    Rotate,
}

fn hour(hour: u8) -> Timestamp {
    at(0) + SignedDuration::from_hours(i64::from(hour))
}

fn secret(number: u8) -> Secret {
    Secret::parse(format!("secret {number}")).unwrap()
}

fn number(secret: &Secret) -> u8 {
    secret.expose().rsplit(' ').next().and_then(|number| number.parse().ok()).expect("it ends with its number")
}

impl Rotation {
    fn new(mutant: Option<Mutant>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (store, _folder) = testing::open();
        let webhook =
            runtime.block_on(async { World::new(store).await.webhook(PortalId(1), &[EventType::EnrollmentComplete]) });
        Rotation { mutant, webhook }
    }

    /// The real webhook in this state.
    fn webhook(&self, state: &State) -> Webhook {
        let until = |hour_h| if self.mutant == Some(Mutant::NoEnd) { Timestamp::MAX } else { hour(hour_h) };
        let mut webhook = self.webhook.clone();
        webhook.secret = Some(secret(state.secret));
        webhook.previous_secrets =
            state.previous.iter().map(|(number, until_h)| (secret(*number), until(*until_h))).collect();
        webhook
    }

    /// Whether a receiver that knows only this secret takes what is sent now.
    fn verifies(&self, state: &State, number: u8) -> bool {
        let (webhook, now) = (self.webhook(state), hour(state.now_h));
        let header = sign(&webhook.secrets_at(now), now, webhook.timestamp_unit, b"{}");
        verify(&header, b"{}", &[secret(number).expose()], now, TOLERANCE).is_ok()
    }
}

impl Model for Rotation {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State { now_h: 0, secret: 0, previous: Vec::new(), replaced_at: Vec::new() }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        steps.extend((state.now_h < HOURS).then_some(Step::Pass));
        steps.extend((state.secret < ROTATIONS).then_some(Step::Rotate));
    }

    fn next_state(&self, last: &State, step: Step) -> Option<State> {
        let mut state = last.clone();
        match step {
            Step::Pass => state.now_h += STEP_H,
            Step::Rotate => {
                let patch = WebhookPatch { secret: Some(Some(secret(last.secret + 1))), ..WebhookPatch::default() };
                let after = self.webhook(last).update(patch, UserAccountId(1), hour(last.now_h));
                let after = after.expect("a new secret is no reason to refuse").after;
                state.secret = after.secret.as_ref().map(number).expect("it was replaced by another");
                let until_h = |until: &Timestamp| until.duration_since(hour(0)).as_hours() as u8;
                let previous =
                    after.previous_secrets.iter().map(|(previous, until)| (number(previous), until_h(until)));
                state.previous = match self.mutant {
                    Some(Mutant::NoGrace) => Vec::new(),
                    Some(Mutant::LastOnly) => previous.take(1).collect(),
                    Some(Mutant::NoEnd) | None => previous.collect(),
                };
                state.replaced_at.push(last.now_h);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("the newest secret verifies", |model: &Rotation, state: &State| {
                model.verifies(state, state.secret)
            }),
            Property::always("each before it verifies for a day", |model: &Rotation, state: &State| {
                let over = |replaced_h: &u8| state.now_h >= replaced_h + GRACE_H;
                (0..).zip(&state.replaced_at).all(|(number, at_h)| over(at_h) || model.verifies(state, number))
            }),
            Property::always("none verifies for longer", |model: &Rotation, state: &State| {
                let over = |replaced_h: &u8| state.now_h >= replaced_h + GRACE_H;
                (0..).zip(&state.replaced_at).all(|(number, at_h)| !over(at_h) || !model.verifies(state, number))
            }),
            Property::sometimes("reached: two secrets sign", |model: &Rotation, state: &State| {
                state.secret > 0 && model.verifies(state, state.secret) && model.verifies(state, state.secret - 1)
            }),
            Property::sometimes("reached: all were replaced and are over", |model: &Rotation, state: &State| {
                state.secret == ROTATIONS && !model.verifies(state, ROTATIONS - 1)
            }),
        ]
    }
}

#[test]
fn a_replaced_secret_verifies_for_a_day_and_no_longer() {
    let states = check(Rotation::new(None));
    proof::held("R18", "states of secrets that are replaced", states, "every order of four secrets over 60 hours");
}

#[test]
fn without_a_grace_or_its_end_something_breaks() {
    assert!(finds(Rotation::new(Some(Mutant::NoGrace)), "each before it verifies for a day"));
    assert!(finds(Rotation::new(Some(Mutant::LastOnly)), "each before it verifies for a day"));
    assert!(finds(Rotation::new(Some(Mutant::NoEnd)), "none verifies for longer"));
}
