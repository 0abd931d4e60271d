//! The API beside a reference of its own rules: whatever is asked in whatever order, both say the same.

mod platform;
mod reference;
mod step;

use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use self::platform::Platform;
use self::reference::{Reference, Rules};
use self::step::{STEPS, Step};
use crate::app::App;

/// Where cases are kept that failed once.
const REGRESSIONS: &str = "proptest-regressions/state_machine.txt";
/// How many cases it may take until a wrong reference is found.
const FOUND_WITHIN: u32 = 100;

/// The rules as they are, or one of them otherwise.
struct Api<const RULES: u8>;

impl<const RULES: u8> ReferenceStateMachine for Api<RULES> {
    type State = Reference;
    type Transition = Step;

    fn init_state() -> proptest::strategy::BoxedStrategy<Reference> {
        proptest::strategy::Strategy::boxed(proptest::strategy::Just(Reference::new(Rules::ALL[usize::from(RULES)])))
    }

    fn transitions(state: &Reference) -> proptest::strategy::BoxedStrategy<Step> {
        step::steps(state)
    }

    fn apply(mut state: Reference, step: &Step) -> Reference {
        state.take(step);
        state
    }
}

impl<const RULES: u8> StateMachineTest for Api<RULES> {
    type SystemUnderTest = Platform;
    type Reference = Self;

    fn init_test(_: &Reference) -> Platform {
        Platform::new()
    }

    fn apply(mut platform: Platform, reference: &Reference, step: Step) -> Platform {
        platform.take(reference, &step);
        platform
    }

    fn teardown(platform: Platform, reference: Reference) {
        platform.compare_all(&reference);
    }
}

/// Runs so many cases; what goes wrong is shrunk and told.
fn run<const RULES: u8>(cases: u32, keep: bool) -> Result<u64, String> {
    let persistence = FileFailurePersistence::Direct(REGRESSIONS);
    let config = Config {
        cases,
        max_shrink_iters: if keep { 400 } else { 20 },
        failure_persistence: if keep { Some(Box::new(persistence)) } else { None },
        ..Config::default()
    };
    let steps = std::cell::Cell::new(0);
    let strategy = <Api<RULES> as ReferenceStateMachine>::sequential_strategy(STEPS);
    let result = TestRunner::new(config.clone()).run(&strategy, |(state, transitions, seen)| {
        steps.set(steps.get() + transitions.len() as u64);
        Api::<RULES>::test_sequential(config.clone(), state, transitions, seen);
        Ok::<(), TestCaseError>(())
    });
    result.map(|()| steps.get()).map_err(|error| error.to_string())
}

#[test]
#[ignore = "cargo xtask prove"]
fn whatever_is_asked_the_answers_are_those_of_the_reference() {
    let cases = proof::size(256, 20_000);
    let steps = run::<0>(cases, true).unwrap_or_else(|error| panic!("{error}"));
    let progress = format!("{steps} requests with the same answers, {} of them granted", platform::granted());
    assert!(platform::granted() * 100 >= steps * 40, "{progress}");
    proof::held("R19", "cases of up to 50 requests beside a reference", u64::from(cases), progress);
}

#[test]
fn some_requests_are_answered_like_the_reference() {
    run::<0>(3, true).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
#[ignore = "cargo xtask prove"]
fn a_wrong_reference_is_found() {
    for found in [run::<1>(FOUND_WITHIN, false), run::<2>(FOUND_WITHIN, false), run::<3>(FOUND_WITHIN, false)] {
        assert!(found.is_err());
    }
    assert_eq!(Rules::ALL.len(), 4);
}
