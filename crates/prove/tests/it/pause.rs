//! R10: the process stands still for longer than its leases, with requests on their way.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use sqlite::rusqlite::{Connection, OpenFlags};

use crate::binary::Environment;
use crate::burst::burst;
use crate::dice::Dice;
use crate::lives::ALL_WITHIN;
use crate::receiver::{Manner, Receiver, by_delivery};
use crate::world::{World, customer_tokens};

/// Completions before each pause.
const COMPLETIONS: usize = 40;
/// A lease is for 60 s.
const LONG: Duration = Duration::from_secs(62);
const SHORT: Duration = Duration::from_secs(1);
/// How long the receiver thinks, so that there are always requests that wait for an answer.
const THINKS_FOR: Duration = Duration::from_millis(400);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "cargo xtask prove"]
async fn r10_what_came_of_an_attempt_after_its_lease_is_not_recorded() {
    let pauses: u64 = proof::size(1, 20);
    let mut dice = Dice::new();
    let world = Arc::new(World::make("").await);
    let receiver = Receiver::start(Manner { takes: THINKS_FOR, ..Manner::default() }, dice.split()).await;
    let platform = world.serve(&Environment::new()).await;
    let tokens = customer_tokens(&world, platform.url()).await;
    world.subscribe(platform.url(), &receiver, "main").await;
    let (mut fenced, mut acked) = (0, HashMap::new());
    // The control: a pause within the lease repeats nothing and records everything.
    for pause in [SHORT].into_iter().chain((0..pauses).map(|_| LONG)) {
        let before = receiver.count();
        let (acks, _) = burst(&world, platform.url(), &tokens, 4, COMPLETIONS, || 0).await;
        assert!(receiver.waits(ALL_WITHIN, |all| all.len() > before).await, "{}", platform.last_lines());
        acked.extend(acks);
        platform.signal("STOP").await;
        tokio::time::sleep(pause).await;
        platform.signal("CONT").await;
        let all = receiver.waits(ALL_WITHIN, |all| acked.keys().all(|id| all.iter().any(|one| one.enrollment == *id)));
        assert!(all.await, "not all came; {}", platform.last_lines());
        assert!(world.settles(platform.url(), ALL_WITHIN).await, "deliveries stay open; {}", platform.last_lines());
        let lost = platform.said("is not recorded: its lease ran out");
        let repeated = by_delivery(&receiver.all()).values().map(|requests| requests.len() - 1).sum::<usize>();
        if pause == SHORT {
            assert_eq!((lost, repeated), (0, 0), "a short pause");
        } else {
            assert!(lost > fenced, "no attempt outlived its lease");
        }
        assert_eq!(lost, repeated, "every attempt that was fenced off was made again, and no other");
        fenced = lost;
    }
    let outcomes = outcomes(&world);
    for ((event, _), requests) in by_delivery(&receiver.all()) {
        let sent: Vec<u64> = requests.iter().map(|request| request.number).collect();
        let recorded = &outcomes[&event];
        assert_eq!(recorded, &sent[sent.len() - 1..], "{event}: sent {sent:?}");
    }
    assert_eq!(outcomes.len(), acked.len(), "one outcome is recorded for each that was acknowledged");
    let progress = format!("{} delivered; {fenced} results fenced off, each made again once", acked.len());
    proof::held("R10", "SIGSTOP for 62 s, a lease being 60 s, with requests on their way", pauses, progress);
}

/// The numbers of the attempts that are recorded, by event.
fn outcomes(world: &World) -> BTreeMap<String, Vec<u64>> {
    let connection = Connection::open_with_flags(world.database(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sql = "SELECT events.id, number FROM attempts JOIN deliveries ON deliveries.no = delivery_no
        JOIN events ON events.no = event_no ORDER BY number";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))).unwrap();
    let mut outcomes: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for row in rows {
        let (event, number) = row.unwrap();
        outcomes.entry(event).or_default().push(number.unsigned_abs());
    }
    outcomes
}
