//! Replaced secrets, as receivers meet them: whoever still has one that may still sign verifies every delivery (decision 27).

use contract::signature::{TOLERANCE, verify, verify_standard};
use domain::clock::Clock;
use domain::id::{UserAccountId, WebhookId};
use domain::webhook::{Secret, WebhookPatch};
use jiff::{SignedDuration, Timestamp};

use crate::world::{Arrival, World};

/// For how long a replaced secret signs, in hours; written down here a second time.
const GRACE_H: usize = 24;
/// When the secret is replaced, in hours: often within a day, and then not for days. Each three weeks the same.
const ROTATIONS_H: [usize; 6] = [1, 6, 13, 20, 60, 70];
const ROUND_H: usize = 3 * 7 * 24;

fn secret(number: usize) -> Secret {
    Secret::parse(format!("secret {number} of a webhook")).unwrap()
}

async fn rotate(world: &World, id: &WebhookId, number: usize) {
    let partner = world.platform.partner;
    let webhook = world.store().find_webhook(partner, id).await.unwrap().unwrap();
    let patch = WebhookPatch { secret: Some(Some(secret(number))), ..WebhookPatch::default() };
    let change = webhook.update(patch, UserAccountId(1), world.time.now()).unwrap();
    world.store().save_webhook(change, 10).await.unwrap();
}

/// Whether a receiver that has this secret takes it, by either signature, which agree.
fn verifies(arrival: &Arrival, secret: &Secret, now: Timestamp) -> bool {
    let (body, secrets) = (&arrival.request.body, [secret.expose()]);
    let own = verify(arrival.header("go1-signature"), body, &secrets, now, TOLERANCE).is_ok();
    let standard = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| arrival.header(name));
    assert_eq!(verify_standard(standard, body, &secrets, now, TOLERANCE).is_ok(), own);
    own
}

#[tokio::test]
async fn every_secret_verifies_until_a_day_after_it_was_replaced_and_no_longer() {
    let mut world = World::new().await;
    let id = world.add_webhook(world.platform.partner, |webhook| webhook.secret = Some(secret(0))).await;
    // By the number of the secret: when it was replaced.
    let mut replaced_h = Vec::new();
    let (mut tried, mut delivered, mut refused_when_over, mut only_by_an_earlier) = (0, 0, 0, 0);
    for hour in 0..proof::size(100, 2 * ROUND_H) {
        if ROTATIONS_H.contains(&(hour % ROUND_H)) {
            replaced_h.push(hour);
            rotate(&world, &id, replaced_h.len()).await;
        }
        world.complete(0).await;
        let arrival = world.arrival().await;
        let now = world.time.now();
        for number in 0..=replaced_h.len() {
            let signs = replaced_h.get(number).is_none_or(|replaced_h| hour < replaced_h + GRACE_H);
            assert_eq!(verifies(&arrival, &secret(number), now), signs, "secret {number} at hour {hour}");
            tried += 1;
            refused_when_over += u64::from(!signs);
            // The control: with the digests of the newest secret and of the one before it alone, this receiver refuses.
            if signs && number + 1 < replaced_h.len() {
                let header: Vec<_> = arrival.header("go1-signature").split(',').take(3).collect();
                let verified =
                    verify(&header.join(","), &arrival.request.body, &[secret(number).expose()], now, TOLERANCE);
                assert!(verified.is_err());
                only_by_an_earlier += 1;
            }
        }
        arrival.answer(200);
        world.recorded(&id, 1).await;
        delivered += 1;
        world.time.pass(SignedDuration::from_hours(1));
    }
    assert!(refused_when_over > 0 && only_by_an_earlier > 0);
    let progress = format!(
        "{delivered} deliveries over {} rotations; {only_by_an_earlier} verified by a secret replaced more than once",
        replaced_h.len()
    );
    proof::held("S10", "deliveries verified with every secret there ever was", tried, progress);
}
