//! What may take the place of content that ends.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{LearningObject, LifecycleState};
use crate::id::LearningObjectId;

/// How much of a library is looked at, the newest first.
pub const CANDIDATES_MAX: u32 = 20_000;
/// What likeness weighs; a title that is the same weighs [`TITLE`].
const PROVIDER: f64 = 0.5;
/// All topics in common.
const TOPICS: f64 = 1.5;
/// The same language; content in another is of little use.
const LANGUAGE: f64 = 1.5;
/// The same kind.
const KIND: f64 = 0.5;
/// The same title, letter by letter.
const TITLE: f64 = 2.0;
/// Topics and title together must weigh this much: the same provider, language and kind are no reason yet.
const SUBJECT_MIN: f64 = 0.8;

/// The candidates that may take the place of `content`, the best first: what its owner named, in that order, and then what
/// is most like it. Only what can be played at `now` and does not end itself.
pub fn rank(content: &LearningObject, candidates: &[LearningObject], now: Timestamp) -> Vec<LearningObjectId> {
    let stays = |candidate: &&LearningObject| {
        candidate.id != content.id
            && candidate.state_at(now) == LifecycleState::Published
            && candidate.retirement.is_none()
    };
    let mut ranked: Vec<(usize, f64, LearningObjectId)> = candidates
        .iter()
        .filter(stays)
        .filter_map(|candidate| {
            let named = content.replacements.iter().position(|id| *id == candidate.id);
            let subject = subject(content, candidate);
            let is_alike = named.is_some() || subject >= SUBJECT_MIN;
            is_alike.then(|| (named.unwrap_or(usize::MAX), subject + circumstances(content, candidate), candidate.id))
        })
        .collect();
    ranked.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2)));
    ranked.into_iter().map(|(_, _, id)| id).collect()
}

/// How much the two are about the same.
fn subject(one: &LearningObject, other: &LearningObject) -> f64 {
    let titles = strsim::sorensen_dice(&one.title.to_lowercase(), &other.title.to_lowercase());
    TOPICS * overlap(&one.topics, &other.topics) + TITLE * titles
}

/// How much else they have in common.
fn circumstances(one: &LearningObject, other: &LearningObject) -> f64 {
    let same = |is_same: bool, weight| if is_same { weight } else { 0.0 };
    same(one.owner_id == other.owner_id, PROVIDER)
        + same(language(one) == language(other), LANGUAGE)
        + same(one.kind == other.kind, KIND)
}

/// The part of all topics that both have.
fn overlap(one: &[String], other: &[String]) -> f64 {
    let lower = |topics: &[String]| topics.iter().map(|topic| topic.to_lowercase()).collect::<BTreeSet<_>>();
    let (one, other) = (lower(one), lower(other));
    let all = one.union(&other).count();
    if all == 0 { 0.0 } else { one.intersection(&other).count() as f64 / all as f64 }
}

/// A language without its region: `pt` for `pt-BR`.
fn language(content: &LearningObject) -> Option<String> {
    content.language.as_ref().and_then(|tag| tag.split('-').next()).map(str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PortalId;
    use crate::learning_object::retirement::Retirement;
    use crate::learning_object::tests::content;

    fn other(id: i64, title: &str) -> LearningObject {
        LearningObject { id: LearningObjectId(id), title: title.to_owned(), ..content() }
    }

    #[track_caller]
    fn check(content: &LearningObject, candidates: &[LearningObject], expected: &[i64]) {
        let ranked = rank(content, candidates, Timestamp::UNIX_EPOCH);
        assert_eq!(ranked.into_iter().map(|id| id.0).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_the_owner_names_comes_first_and_in_order() {
        let named = [3, 1].map(LearningObjectId).to_vec();
        let content = LearningObject { replacements: named, ..content() };
        let candidates = [other(1, "Knitting"), other(2, "Fire safety"), other(3, "Chess"), other(4, "Sailing")];
        check(&content, &candidates, &[3, 1, 2]);
    }

    #[test]
    fn the_most_alike_comes_first() {
        let topics = vec!["Safety".to_owned(), "Fire".to_owned()];
        let content = LearningObject { topics: topics.clone(), language: Some("en".to_owned()), ..content() };
        let english =
            |id, title, topics| LearningObject { language: Some("en-GB".to_owned()), topics, ..other(id, title) };
        let spanish = LearningObject { language: Some("es".to_owned()), ..english(4, "Fire safety", topics.clone()) };
        let foreign = LearningObject {
            owner_id: PortalId(9),
            kind: "video".to_owned(),
            ..english(5, "Fire safety", topics.clone())
        };
        let candidates = [
            english(1, "Accounting", vec![]),
            english(2, "Fire drills", vec!["fire".to_owned()]),
            english(3, "Fire safety basics", topics),
            spanish,
            foreign,
        ];
        check(&content, &candidates, &[3, 5, 4, 2]);
    }

    #[test]
    fn what_cannot_be_played_or_ends_itself_takes_no_place() {
        let draft = LearningObject { state: LifecycleState::Draft, ..other(1, "Fire safety") };
        let at = Timestamp::UNIX_EPOCH;
        let retirement = Some(Retirement { flagged_at: at, retired_at: None, removed_at: Timestamp::MAX });
        let flagged = LearningObject { retirement, ..other(2, "Fire safety") };
        check(&content(), &[draft, flagged, content(), other(3, "Fire safety")], &[3]);
    }
}
