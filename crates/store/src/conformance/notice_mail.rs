//! Notices on their way to administrators.

use std::sync::Arc;

use domain::delivery::Finished;
use domain::notice::mail::{FinishedMail, MailLease, MailNext, MailOutcome, MailState, RECIPIENTS_MAX};
use domain::user_account::Role;

use super::notice::{DAY, Failing, HOUR, add_account};
use super::world::{PAGE, at};
use crate::Store;

async fn finish_mail(
    failing_webhook: &Failing,
    lease: MailLease,
    outcome: MailOutcome,
    next: MailNext,
    second: i64,
) -> Finished {
    let mail = FinishedMail { lease, outcome, next };
    failing_webhook.world.store.finish_mails(vec![mail], at(second)).await.unwrap().remove(0)
}

/// Mail goes to the active administrators of the portal that owns the webhook, once each, and to nobody else.
pub async fn administrators_are_mailed(store: Arc<dyn Store>) {
    let failing_webhook = Failing::new(store).await;
    let world = &failing_webhook.world;
    let add = async |portal_id, name: &str, role, active| add_account(world, portal_id, name, role, active).await;
    let ada = add(world.partner, "ada", Role::Administrator, true).await;
    let alan = add(world.partner, "alan", Role::Administrator, true).await;
    add(world.partner, "blocked", Role::Administrator, false).await;
    add(world.partner, "content", Role::ContentAdministrator, true).await;
    add(world.partner, "learner", Role::Learner, true).await;
    add(world.customers[0], "below", Role::Administrator, true).await;
    add(world.stranger, "stranger", Role::Administrator, true).await;
    failing_webhook.be_gone(1).await;
    assert_eq!(failing_webhook.mailed().await.1, [], "not before mail is made of it");
    assert_eq!(failing_webhook.lease_mails(2).await, []);
    failing_webhook.expand(2).await;
    assert!(!failing_webhook.expand(2).await);
    let (notice, mails) = failing_webhook.mailed().await;
    let pending = |user_account_id, address: &str| {
        (user_account_id, address.to_owned(), MailState::Pending { due_at: at(2) }, None)
    };
    let mails: Vec<_> = mails
        .into_iter()
        .map(|mail| (mail.user_account_id, mail.address.as_str().to_owned(), mail.state, mail.error))
        .collect();
    assert_eq!(mails, [pending(ada, "ada@example.com"), pending(alan, "alan@example.com")]);
    let leases = failing_webhook.lease_mails(2).await;
    let mut leased: Vec<_> = leases.iter().map(|lease| (lease.user_account_id, lease.attempt_number)).collect();
    leased.sort();
    assert_eq!(leased, [(ada, 1), (alan, 1)]);
    assert!(leases.iter().all(|lease| *lease.notice == notice && lease.expires_at == at(62)));
}

/// A notice is mailed to so many administrators, those who are there longest, and to no more.
pub async fn so_many_administrators_are_mailed(store: Arc<dyn Store>) {
    let failing_webhook = Failing::new(store).await;
    let world = &failing_webhook.world;
    let mut ids = Vec::new();
    for i in 0..=RECIPIENTS_MAX {
        ids.push(add_account(world, world.partner, &format!("ada{i}"), Role::Administrator, true).await);
    }
    ids.sort();
    failing_webhook.be_gone(1).await;
    failing_webhook.expand(1).await;
    let (_, mails) = failing_webhook.mailed().await;
    let mailed: Vec<_> = mails.into_iter().map(|mail| mail.user_account_id).collect();
    assert_eq!(mailed, ids[..RECIPIENTS_MAX as usize]);
}

/// A notice that counts is mailed once it had time to; one that nobody could mail for days is not mailed any more.
pub async fn mail_has_its_time(store: Arc<dyn Store>) {
    let failing_webhook = Failing::new(store).await;
    let world = &failing_webhook.world;
    add_account(world, world.partner, "ada", Role::Administrator, true).await;
    failing_webhook.give_up("a", 0).await;
    failing_webhook.expand(HOUR - 1).await;
    assert_eq!(failing_webhook.lease_mails(HOUR).await, []);
    failing_webhook.expand(HOUR).await;
    assert_eq!(failing_webhook.lease_mails(HOUR).await.len(), 1);
    failing_webhook.be_gone(HOUR).await;
    failing_webhook.expand(HOUR + 3 * DAY + 1).await;
    let listed = world.store.list_notices(world.partner, None, PAGE).await.unwrap();
    assert_eq!(listed.items.iter().map(|mailed| mailed.mails.len()).collect::<Vec<_>>(), [0, 1]);
    assert!(!failing_webhook.expand(9 * DAY).await);
}

/// Many who lease mail at the same time get each once; whoever comes late records nothing.
pub async fn mail_is_leased_by_one(store: Arc<dyn Store>) {
    let failing_webhook = Failing::new(store).await;
    let world = &failing_webhook.world;
    for i in 0..20 {
        add_account(world, world.partner, &format!("ada{i}"), Role::Administrator, true).await;
    }
    failing_webhook.be_gone(1).await;
    failing_webhook.expand(1).await;
    let leases = (0..10).map(|_| {
        let store = world.store.clone();
        tokio::spawn(async move { store.lease_mails(7, at(2), at(62)).await.unwrap() })
    });
    let mut leased = Vec::new();
    for lease in leases.collect::<Vec<_>>() {
        leased.extend(lease.await.unwrap());
    }
    leased.sort_by_key(|lease| lease.id);
    assert_eq!(leased.len(), 20);
    leased.dedup_by_key(|lease| lease.id);
    assert_eq!(leased.len(), 20);
    let late = leased.remove(0);
    let finish = async |lease: &MailLease, second| {
        finish_mail(&failing_webhook, lease.clone(), MailOutcome::Taken, MailNext::Sent, second).await
    };
    assert_eq!(finish(&late, 62).await, Finished::LeaseLost);
    let again = failing_webhook.lease_mails(62).await;
    let again = again.iter().find(|lease| lease.id == late.id).unwrap();
    assert_eq!(again.attempt_number, 2);
    assert_eq!(finish(&late, 63).await, Finished::LeaseLost);
    assert_eq!(finish(again, 63).await, Finished::Recorded);
    assert_eq!(finish(again, 63).await, Finished::LeaseLost);
}

/// What is not taken now waits for its time, what is refused is given up, and both can be read.
pub async fn mail_is_retried_sent_and_given_up(store: Arc<dyn Store>) {
    let failing_webhook = Failing::new(store).await;
    let world = &failing_webhook.world;
    let ada = add_account(world, world.partner, "ada", Role::Administrator, true).await;
    let alan = add_account(world, world.partner, "alan", Role::Administrator, true).await;
    failing_webhook.be_gone(1).await;
    failing_webhook.expand(1).await;
    let states = async || -> Vec<_> {
        failing_webhook
            .mailed()
            .await
            .1
            .into_iter()
            .map(|mail| (mail.user_account_id, mail.state, mail.error))
            .collect()
    };
    for lease in failing_webhook.lease_mails(2).await {
        let (outcome, next) = if lease.user_account_id == ada {
            (MailOutcome::NotNow("451 later".to_owned()), MailNext::Retry { at: at(60) })
        } else {
            (MailOutcome::Refused("550 nobody".to_owned()), MailNext::GivenUp)
        };
        assert_eq!(finish_mail(&failing_webhook, lease, outcome, next, 3).await, Finished::Recorded);
    }
    let refused = (alan, MailState::Failed { at: at(3) }, Some("550 nobody".to_owned()));
    let waiting = (ada, MailState::Pending { due_at: at(60) }, Some("451 later".to_owned()));
    assert_eq!(states().await, [waiting, refused.clone()]);
    assert_eq!(failing_webhook.lease_mails(59).await, []);
    let [lease] = failing_webhook.lease_mails(60).await.try_into().unwrap();
    assert_eq!(lease.attempt_number, 2);
    finish_mail(&failing_webhook, lease, MailOutcome::Taken, MailNext::Sent, 61).await;
    let sent = (ada, MailState::Sent { at: at(61) }, Some("451 later".to_owned()));
    assert_eq!(states().await, [sent, refused]);
    assert_eq!(failing_webhook.lease_mails(9 * DAY).await, []);
}
