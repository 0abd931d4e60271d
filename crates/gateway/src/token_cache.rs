//! Tokens that were found good a moment ago, so that the next request with one of them does not ask the database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::oauth::{Digest, Token};
use jiff::{SignedDuration, Timestamp};

/// How long a token is taken to be good after it was found so: what a revocation on another node may come late by.
const GOOD_FOR: SignedDuration = SignedDuration::from_secs(1);
/// How many tokens are kept. They are some 300 bytes each.
const TOKENS_MAX: usize = 10_000;

/// Tokens by the digests of their texts.
#[derive(Default)]
pub(crate) struct TokenCache {
    tokens: Mutex<HashMap<Digest, Known>>,
}

struct Known {
    token: Arc<Token>,
    until: Timestamp,
    /// How much had ended on this node before it was found good.
    endings: u64,
}

impl TokenCache {
    /// A token that was found good lately and has not ended since. `endings` says how much has ended on this node by now: whatever
    /// it was, a token that was found before it is looked up again.
    pub(crate) fn find(&self, digest: &Digest, now: Timestamp, endings: u64) -> Option<Arc<Token>> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        // Nor is it believed when the clock was set back meanwhile.
        let is_fresh = |known: &&Known| {
            known.endings == endings && now < known.until && known.until.duration_since(now) <= GOOD_FOR
        };
        tokens.get(digest).filter(is_fresh).map(|known| known.token.clone())
    }

    /// Keeps a token that the store found good at `now`, when at least so much had ended.
    pub(crate) fn keep(&self, token: Arc<Token>, now: Timestamp, endings: u64) {
        let until = token.expires_at.min(now.saturating_add(GOOD_FOR).unwrap_or(now));
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= TOKENS_MAX {
            tokens.retain(|_, known| now < known.until);
        }
        if tokens.len() >= TOKENS_MAX {
            tokens.clear();
        }
        tokens.insert(token.digest, Known { token, until, endings });
    }

    /// Forgets a token, because it was revoked.
    pub(crate) fn forget(&self, digest: &Digest) {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).remove(digest);
    }
}

#[cfg(test)]
mod tests {
    use domain::id::{PortalId, UserAccountId};
    use domain::oauth::{Scopes, TokenKind};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn token(number: usize) -> Arc<Token> {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&number.to_be_bytes());
        Arc::new(Token {
            digest: Digest(digest),
            kind: TokenKind::Access,
            client_id: "00112233445566778899aabbccddeeff00112233".parse().unwrap(),
            portal_id: PortalId(1),
            user_account_id: UserAccountId(1),
            scopes: Scopes::all(),
            created_at: at(0),
            expires_at: at(1000),
        })
    }

    #[track_caller]
    fn check(kept_at: Timestamp, now: Timestamp, expected: bool) {
        let cache = TokenCache::default();
        cache.keep(token(1), kept_at, 0);
        assert_eq!(cache.find(&token(1).digest, now, 0).is_some(), expected);
    }

    #[test]
    fn a_token_is_known_for_a_second_and_not_past_its_end() {
        let short_of = SignedDuration::from_nanos(-1);
        check(at(10), at(10), true);
        check(at(10), at(11) + short_of, true);
        check(at(10), at(11), false);
        check(at(999) - short_of, at(1000) + short_of, true);
        check(at(999) - short_of, at(1000), false);
    }

    #[test]
    fn what_is_revoked_is_forgotten() {
        let cache = TokenCache::default();
        cache.keep(token(1), at(0), 0);
        cache.forget(&token(1).digest);
        assert!(cache.find(&token(1).digest, at(0), 0).is_none());
    }

    #[test]
    fn what_was_found_good_before_something_ended_is_not_believed() {
        let cache = TokenCache::default();
        cache.keep(token(1), at(0), 7);
        assert!(cache.find(&token(1).digest, at(0), 7).is_some());
        assert!(cache.find(&token(1).digest, at(0), 8).is_none());
        // Looked up before that ended, and kept after it: it may have ended.
        cache.keep(token(1), at(0), 7);
        assert!(cache.find(&token(1).digest, at(0), 8).is_none());
    }

    #[test]
    fn there_is_room_for_so_many_and_the_latest_is_kept() {
        let cache = TokenCache::default();
        for number in 0..=TOKENS_MAX {
            cache.keep(token(number), at(0), 0);
        }
        assert!(cache.tokens.lock().unwrap().len() <= TOKENS_MAX);
        assert!(cache.find(&token(TOKENS_MAX).digest, at(0), 0).is_some());
    }
}
