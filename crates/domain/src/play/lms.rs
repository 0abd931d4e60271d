//! What an LMS says when a package is launched, by the names of its generation. The words are SCORM's.

use std::collections::BTreeMap;

use contract::lms_text::LmsText;

use crate::learning_activity::ScormVersion;
use crate::user_account::TEXT_CHARS_MAX;

/// The names that we understand.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    /// Who learns.
    pub learner_id: &'static str,
    /// What they are called.
    pub learner_name: &'static str,
    entry: &'static str,
    mode: &'static str,
    credit: &'static str,
    statuses: &'static [&'static str],
}

const V1_2: Names = Names {
    learner_id: "cmi.core.student_id",
    learner_name: "cmi.core.student_name",
    entry: "cmi.core.entry",
    mode: "cmi.core.lesson_mode",
    credit: "cmi.core.credit",
    statuses: &["cmi.core.lesson_status"],
};

const V2004: Names = Names {
    learner_id: "cmi.learner_id",
    learner_name: "cmi.learner_name",
    entry: "cmi.entry",
    mode: "cmi.mode",
    credit: "cmi.credit",
    statuses: &["cmi.completion_status", "cmi.success_status"],
};

impl Names {
    /// The names of a generation.
    pub const fn of(version: ScormVersion) -> Names {
        match version {
            ScormVersion::V1_2 => V1_2,
            ScormVersion::V2004 => V2004,
        }
    }
}

/// What an LMS says of a launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LmsLaunch {
    /// Who learns, in the LMS's own words. What tells one learner from another, together with where the package was handed to.
    pub learner_id: LmsText,
    /// Their given and family name, if the LMS said any: never what tells them apart.
    pub name: Option<(String, String)>,
    /// Whether the LMS would not have its values changed: review, browse, or without credit.
    pub is_read_only: bool,
    /// Whether the LMS begins anew: it says so, knows of no status from before, and would have its values changed.
    pub begins_anew: bool,
}

impl LmsLaunch {
    /// Reads what an LMS passed; none if it does not say who learns.
    pub fn read(version: ScormVersion, values: &BTreeMap<String, LmsText>) -> Option<Self> {
        let names = Names::of(version);
        let value = |name: &str| values.get(name).map_or("", |value| value.as_str().trim());
        let learner_id = values.get(names.learner_id).filter(|id| !id.trim().is_empty())?.clone();
        let is_read_only = matches!(value(names.mode), "review" | "browse") || value(names.credit) == "no-credit";
        // An LMS that says ab-initio to everybody still knows what it was told before.
        let knows_nothing = names.statuses.iter().all(|name| matches!(value(name), "not attempted" | "unknown" | ""));
        let says_any = names.statuses.iter().any(|name| !value(name).is_empty());
        let begins_anew = value(names.entry) == "ab-initio" && knows_nothing && says_any && !is_read_only;
        Some(LmsLaunch { learner_id, name: split(value(names.learner_name)), is_read_only, begins_anew })
    }
}

/// `Last, First` as the standard has it, or `First Last` as most have it.
fn split(name: &str) -> Option<(String, String)> {
    let (given, family) = match name.split_once(',') {
        Some((family, given)) => (given, family),
        None => name.rsplit_once(' ').unwrap_or((name, "")),
    };
    let cut = |name: &str| name.trim().chars().take(TEXT_CHARS_MAX).collect::<String>();
    (!name.is_empty()).then(|| (cut(given), cut(family)))
}
