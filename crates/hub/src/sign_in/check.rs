//! Whether a password is right, without telling by the answer or by the time it takes which addresses are known.
//!
//! The salt of a password follows from the address under a key of ours ([`password`](crate::password)), so one hash is computed for each try, whether nobody has the
//! address, one person in one portal or in several. Only where an address was changed since its password was set, that salt
//! is another one, and another hash is computed.

use std::sync::Arc;

use domain::password::{Cost, Password, PasswordHash, SALT_BYTES};
use domain::user_account::UserAccount;
use tokio::sync::Semaphore;

use crate::refusal::Refusal;

/// How many hashes are computed at a time: each takes a core and 19 MiB.
const AT_ONCE: usize = 2;
/// How many wait for that; for one more it is too busy.
const WAITING_MAX: usize = 32;
/// How many hashes of changed addresses are computed for one try.
const OTHER_SALTS_MAX: usize = 4;

/// Where hashes are computed.
#[derive(Clone)]
pub(crate) struct Hashing {
    places: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Hashing {
    fn default() -> Self {
        Hashing { places: Arc::new(Semaphore::new(AT_ONCE)), waiting: Arc::new(Semaphore::new(WAITING_MAX)) }
    }
}

impl Hashing {
    /// Runs what takes a core, on a thread where nothing waits for it.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
        let waiting = self.waiting.clone().try_acquire_owned().map_err(|_| Refusal::Busy)?;
        let place = self.places.clone().acquire_owned().await.map_err(|_| Refusal::Busy)?;
        drop(waiting);
        let computed = tokio::task::spawn_blocking(move || {
            // Here until it is computed, also when nobody waits for it any more.
            let _place = place;
            work()
        });
        computed.await.map_err(|_| Refusal::Busy)
    }

    /// Those of the accounts whose password this is.
    pub(crate) async fn whose(
        &self,
        accounts: Vec<(UserAccount, PasswordHash)>,
        password: Password,
        salt: [u8; SALT_BYTES],
        cost: Cost,
    ) -> Result<Vec<UserAccount>, Refusal> {
        self.run(move || whose(accounts, &password, salt, cost)).await
    }
}

fn whose(
    accounts: Vec<(UserAccount, PasswordHash)>,
    password: &Password,
    salt: [u8; SALT_BYTES],
    cost: Cost,
) -> Vec<UserAccount> {
    let mut computed = vec![password.hash(salt, cost)];
    let mut right = |kept: &PasswordHash| {
        if !computed.iter().any(|hash| hash.is_like(kept)) && computed.len() <= OTHER_SALTS_MAX {
            computed.push(password.hash(kept.salt, kept.cost));
        }
        computed.iter().any(|hash| hash.matches(kept))
    };
    accounts.into_iter().filter(|(_, kept)| right(kept)).map(|(account, _)| account).collect()
}
