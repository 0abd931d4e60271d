//! Sessions of people who are signed in to the Hub.

use std::sync::Arc;

use domain::change::Change;
use domain::hub_session::HubSession;
use domain::oauth::Digest;
use domain::user_account::{Role, UserAccountPatch};

use super::password::hash;
use super::world::{World, at};
use crate::Store;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

fn session(world: &World, i: usize, byte: u8, second: i64) -> HubSession {
    HubSession {
        digest: Digest([byte; 32]),
        portal_id: world.customers[i],
        user_account_id: world.learners[i],
        created_at: at(second),
        used_at: at(second),
    }
}

async fn is_there(world: &World, session: &HubSession, second: i64) -> bool {
    world.store.find_hub_session(&session.digest, at(second)).await.unwrap().is_some()
}

/// A session is found with its account until it is idle for too long; what is noted of its use lengthens it, but not for ever.
pub async fn sessions_last_while_they_are_used(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let session = session(&world, 0, 1, 0);
    world.store.save_hub_session(session.clone()).await.unwrap();
    let account = world.store.find_user_account(world.customers[0], world.learners[0]).await.unwrap().unwrap();
    let found = world.store.find_hub_session(&session.digest, at(1)).await.unwrap();
    assert_eq!(found, Some((session.clone(), account)));
    assert!(is_there(&world, &session, 12 * HOUR - 1).await && !is_there(&world, &session, 12 * HOUR).await);
    for hour in (11..7 * 24).step_by(11) {
        world.store.renew_hub_session(&session.digest, at(hour * HOUR)).await.unwrap();
        assert!(is_there(&world, &session, hour * HOUR).await, "{hour}");
    }
    assert!(is_there(&world, &session, 7 * DAY - 1).await && !is_there(&world, &session, 7 * DAY).await);
    // What is not there is not made by being used.
    world.store.renew_hub_session(&Digest([9; 32]), at(1)).await.unwrap();
    assert!(world.store.find_hub_session(&Digest([9; 32]), at(1)).await.unwrap().is_none());
}

/// A session ends when it is told to, and those of an account when its password is set; others go on.
pub async fn sessions_end_at_once(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let sessions = [(0, 1), (0, 2), (0, 3), (1, 4)].map(|(i, byte)| session(&world, i, byte, 0));
    for session in &sessions {
        world.store.save_hub_session(session.clone()).await.unwrap();
    }
    let there = async || {
        let mut there = Vec::new();
        for session in &sessions {
            there.push(is_there(&world, session, 1).await);
        }
        there
    };
    world.store.expire_hub_session(&sessions[0].digest).await.unwrap();
    world.store.expire_hub_session(&Digest([9; 32])).await.unwrap();
    assert_eq!(there().await, [false, true, true, true]);
    world.store.save_password(world.customers[0], world.learners[0], hash(1), at(1)).await.unwrap();
    assert_eq!(there().await, [false, false, false, true]);
}

/// Whoever may not sign in any more is not signed in any more.
pub async fn sessions_end_with_the_right_to_sign_in(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let session = session(&world, 0, 1, 0);
    world.store.save_hub_session(session.clone()).await.unwrap();
    let mut account = world.store.find_user_account(world.customers[0], world.learners[0]).await.unwrap().unwrap();
    account.roles = vec![Role::Learner];
    world.store.save_user_account(Change::silent(account)).await.unwrap();
    assert!(!is_there(&world, &session, 1).await);
}

/// An account that is blocked ends its sessions, also when it is let in again.
pub async fn a_blocked_account_ends_its_sessions(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let [session, later] = [(1, 0), (2, 4)].map(|(byte, second)| session(&world, 0, byte, second));
    world.store.save_hub_session(session.clone()).await.unwrap();
    for (active, second) in [(false, 2), (true, 3)] {
        assert_eq!(is_there(&world, &session, second).await, second == 2);
        let found = world.store.find_user_account(world.customers[0], world.learners[0]).await.unwrap().unwrap();
        let patch = UserAccountPatch { active: Some(active), ..Default::default() };
        world.store.save_user_account(found.update(patch, at(second)).unwrap()).await.unwrap();
    }
    world.store.save_hub_session(later.clone()).await.unwrap();
    assert!(!is_there(&world, &session, 4).await && is_there(&world, &later, 4).await);
}

/// What is over is pruned in small steps, what is not stays.
pub async fn old_sessions_are_pruned(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    for byte in 1..=5 {
        world.store.save_hub_session(session(&world, 0, byte, i64::from(byte))).await.unwrap();
    }
    let old = session(&world, 0, 6, 12 * HOUR + 3 - 7 * DAY);
    world.store.save_hub_session(HubSession { used_at: at(12 * HOUR), ..old }).await.unwrap();
    let prune = async |second: i64| world.store.prune_hub_sessions(at(second), 2).await.unwrap();
    assert_eq!(prune(12 * HOUR).await, 0);
    assert_eq!([prune(12 * HOUR + 3).await, prune(12 * HOUR + 3).await, prune(12 * HOUR + 3).await], [2, 2, 0]);
    assert!(is_there(&world, &session(&world, 0, 4, 4), 12 * HOUR + 3).await);
}
