//! What may be asked, at random: sensible things most of the time.

use std::ops::RangeInclusive;

use proptest::option;
use proptest::prelude::*;

use super::reference::Reference;

/// How many steps a case has.
pub(crate) const STEPS: RangeInclusive<usize> = 1..=50;

/// Something that is asked. Whoever asks is one of the tenants; what it asks for is named by its place among those that were made,
/// counted round.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    MakeWebhook { who: usize, types: u8, status: Option<Asked>, name: Option<u8> },
    ChangeWebhook { who: usize, webhook: usize, types: Option<u8>, status: Option<Asked>, name: Option<Option<u8>> },
    DeleteWebhook { who: usize, webhook: usize },
    ShowWebhook { who: usize, webhook: usize },
    ListWebhooks { who: usize },
    AddLearner { who: usize, name: u8 },
    AddContent { who: usize },
    Enroll { who: usize, learner: usize, content: usize, status: usize, result: Option<i64>, again: bool },
    Report { who: usize, enrollment: usize, status: Option<usize>, result: Option<i64> },
    DeleteEnrollment { who: usize, enrollment: usize },
    ShowEnrollment { who: usize, enrollment: usize },
    ListEnrollments { who: usize },
    ListDeliveries { who: usize },
}

/// A status that a webhook is asked to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Active,
    Inactive,
    Paused,
}

impl Asked {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Asked::Active => "active",
            Asked::Inactive => "inactive",
            Asked::Paused => "paused",
        }
    }
}

fn asked() -> impl Strategy<Value = Asked> + Clone {
    prop_oneof![3 => Just(Asked::Active), 1 => Just(Asked::Inactive), 1 => Just(Asked::Paused)]
}

/// The customer most of the time.
fn who() -> impl Strategy<Value = usize> + Clone {
    prop_oneof![2 => Just(0_usize), 6 => Just(1_usize), 1 => Just(2_usize), 1 => Just(3_usize)]
}

fn any_of_those() -> impl Strategy<Value = usize> + Clone {
    0..12_usize
}

/// What is asked next: first of all, most of the time, what the rest needs.
pub(crate) fn steps(reference: &Reference) -> BoxedStrategy<Step> {
    let needed = if reference.webhooks.is_empty() {
        Step::MakeWebhook { who: 0, types: 7, status: None, name: None }
    } else if reference.learners.is_empty() {
        Step::AddLearner { who: 1, name: 0 }
    } else if reference.contents.is_empty() {
        Step::AddContent { who: 1 }
    } else {
        return anything();
    };
    prop_oneof![3 => Just(needed), 1 => anything()].boxed()
}

fn anything() -> BoxedStrategy<Step> {
    let types = prop_oneof![9 => 1..8_u8, 1 => Just(0)];
    let result = || option::weighted(0.3, prop_oneof![6 => 0..=100_i64, 1 => Just(-1), 1 => Just(101)]);
    prop_oneof![
        3 => (who(), types.clone(), option::of(asked()), option::of(0..3_u8))
            .prop_map(|(who, types, status, name)| Step::MakeWebhook { who, types, status, name }),
        3 => (who(), any_of_those(), option::weighted(0.3, types), option::of(asked()), option::of(option::of(0..3_u8)))
            .prop_map(|(who, webhook, types, status, name)| Step::ChangeWebhook { who, webhook, types, status, name }),
        1 => (who(), any_of_those()).prop_map(|(who, webhook)| Step::DeleteWebhook { who, webhook }),
        1 => (who(), any_of_those()).prop_map(|(who, webhook)| Step::ShowWebhook { who, webhook }),
        1 => who().prop_map(|who| Step::ListWebhooks { who }),
        3 => (who(), 0..6_u8).prop_map(|(who, name)| Step::AddLearner { who, name }),
        2 => who().prop_map(|who| Step::AddContent { who }),
        8 => (who(), any_of_those(), any_of_those(), 0..3_usize, result(), any::<bool>()).prop_map(
            |(who, learner, content, status, result, again)| Step::Enroll { who, learner, content, status, result, again }
        ),
        6 => (who(), any_of_those(), option::weighted(0.8, 0..3_usize), result())
            .prop_map(|(who, enrollment, status, result)| Step::Report { who, enrollment, status, result }),
        2 => (who(), any_of_those()).prop_map(|(who, enrollment)| Step::DeleteEnrollment { who, enrollment }),
        1 => (who(), any_of_those()).prop_map(|(who, enrollment)| Step::ShowEnrollment { who, enrollment }),
        1 => who().prop_map(|who| Step::ListEnrollments { who }),
        1 => who().prop_map(|who| Step::ListDeliveries { who }),
    ]
    .boxed()
}
