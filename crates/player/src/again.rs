//! Deciding again when somebody else was faster.

use crate::refusal::Refusal;

/// How often a change is decided before it is given up for now. Each time somebody else's change went through.
const DECISIONS_MAX: u32 = 64;

/// Loads, decides and saves, and does so again when what was loaded was not stored any more at the save.
pub(crate) async fn on_conflict<T, F>(decide: impl Fn() -> F) -> Result<T, Refusal>
where
    F: Future<Output = Result<T, Refusal>>,
{
    for _ in 1..DECISIONS_MAX {
        match decide().await {
            Err(refusal) if refusal.is_conflict() => {}
            decided => return decided,
        }
    }
    decide().await
}
