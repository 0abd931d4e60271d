//! Deciding again when somebody else was faster.

use crate::refusal::Refusal;

/// How often a change is decided before the client is told that it conflicts. Each time somebody else's change went through, so
/// that many writers of one thing all come to their end; each of them may lose once to each of the others.
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use store::error::StoreError;

    use super::*;

    async fn check(conflicts: u32, expected_decisions: u32, expected_conflict: bool) {
        let decisions = Cell::new(0);
        let outcome = on_conflict(|| async {
            decisions.set(decisions.get() + 1);
            if decisions.get() <= conflicts { Err(Refusal::from(StoreError::Conflict)) } else { Ok(()) }
        })
        .await;
        assert_eq!(decisions.get(), expected_decisions);
        assert_eq!(outcome.is_err_and(|refusal| refusal.is_conflict()), expected_conflict);
    }

    #[tokio::test]
    async fn a_conflict_is_decided_again_but_not_for_ever() {
        check(0, 1, false).await;
        check(63, 64, false).await;
        check(64, 64, true).await;
    }
}
