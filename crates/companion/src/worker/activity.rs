//! What the integrator's LMS passed through SCORM about whoever learned (contract, section 8).

use client::platform::Platform;
use client::platform::error::Error;
use contract::api::learning_activity::LearningActivity;

use crate::inbox::Due;
use crate::learner::selector::{self, Selector};

/// What the learning activities of an enrollment come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    /// There is none, or none yet.
    Absent,
    /// There are some.
    Read {
        /// The newest that was selected; `None` when none of them has any.
        external_id: Option<String>,
        /// What the LMS calls the learner.
        name: Option<String>,
    },
    /// They are about something else, for this reason.
    Strange(String),
}

/// Asks for them. A platform that says 404 has none, for none is described (contract, section 8).
pub(crate) async fn ask(platform: &Platform, due: &Due, selector: &Selector) -> Result<Activity, Error> {
    match platform.v2().learning_activity(&due.enrollment_id).await {
        Ok(page) => Ok(read(due, page.hits, selector)),
        Err(Error::NotFound(_)) => Ok(Activity::Absent),
        Err(error) => Err(error),
    }
}

/// Of several the one that was last written to counts, if it has what is looked for.
fn read(due: &Due, mut activities: Vec<LearningActivity>, selector: &Selector) -> Activity {
    for LearningActivity { id, enrollment_id, portal_id, .. } in &activities {
        let other = [("enrollment", &due.enrollment_id, enrollment_id), ("portal", &due.portal_id, portal_id)];
        if let Some((what, asked, got)) = other.into_iter().find(|(_, asked, got)| asked != got) {
            return Activity::Strange(format!("learning activity {id} is of {what} {got}, not {asked}"));
        }
    }
    if activities.is_empty() {
        return Activity::Absent;
    }
    activities.sort_by_key(|activity| std::cmp::Reverse(activity.updated_time));
    let payloads = || activities.iter().map(|activity| &activity.payload);
    Activity::Read {
        external_id: payloads().find_map(|payload| selector.select(payload)),
        name: payloads().find_map(|payload| selector::name(payload)).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use contract::time::Millis;
    use jiff::Timestamp;

    use super::*;

    fn due() -> Due {
        Due {
            number: 1,
            event_id: "e".into(),
            event_time: Timestamp::UNIX_EPOCH,
            portal_id: "2".into(),
            enrollment_id: "1".into(),
            fetches: 0,
            misses: 0,
        }
    }

    fn activity(second: i64, fields: &[(&str, &str)]) -> LearningActivity {
        let at = Millis(Timestamp::from_second(second).unwrap());
        LearningActivity {
            id: format!("a{second}"),
            enrollment_id: "1".into(),
            lo_id: "3".into(),
            portal_id: "2".into(),
            user_id: "4".into(),
            created_time: at,
            updated_time: at,
            scorm_version: "1.2".into(),
            payload: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect(),
        }
    }

    fn some(external_id: Option<&str>, name: Option<&str>) -> Activity {
        Activity::Read { external_id: external_id.map(str::to_owned), name: name.map(str::to_owned) }
    }

    #[track_caller]
    fn check(activities: Vec<LearningActivity>, expected: Activity) {
        assert_eq!(read(&due(), activities, &Selector::default()), expected);
    }

    #[test]
    fn the_newest_that_has_it_counts() {
        let id = |second, id| activity(second, &[("cmi.core.student_id", id)]);
        check(vec![id(1, "a"), id(3, "c"), id(2, "b")], some(Some("c"), None));
        check(vec![id(1, "a"), activity(3, &[("cmi.learner_name", "Ada")])], some(Some("a"), Some("Ada")));
        check(vec![activity(1, &[])], some(None, None));
        check(vec![], Activity::Absent);
    }

    #[test]
    fn what_is_about_something_else_is_not_read() {
        let strange = |text: &str| Activity::Strange(text.to_owned());
        let other = LearningActivity { enrollment_id: "9".into(), ..activity(1, &[]) };
        check(vec![activity(2, &[]), other], strange("learning activity a1 is of enrollment 9, not 1"));
        let other = LearningActivity { portal_id: "9".into(), ..activity(1, &[]) };
        check(vec![other], strange("learning activity a1 is of portal 9, not 2"));
    }
}
