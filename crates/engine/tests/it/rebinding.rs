//! S2: names that lead elsewhere than they did, and to several places at once, in a network where every address is served.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::address::AddressPolicy;
use domain::delivery::{FailureKind, Outcome};

use crate::name_server::{Answer, NameServer, addresses};
use crate::namespace::{everywhere, runs_in_namespace};
use crate::receiver::{Sender, transport};

const PUBLIC: &str = "93.184.216.34";
const ELSEWHERE: &str = "1.1.1.1";
const PUBLIC_V6: &str = "2606:4700::1111";
/// A little longer than names are kept.
const NAMES_KEPT_FOR: Duration = Duration::from_millis(5_001);
/// A little longer than connections are.
const CONNECTIONS_KEPT_FOR: Duration = Duration::from_millis(60_001);

const REFUSED: Result<u16, FailureKind> = Err(FailureKind::AddressRefused);

/// What each name leads to at each turn.
fn script(name: &str, turn: usize) -> Answer {
    let turns: &[&[&str]] = match name {
        "rebinding.example.com" => &[&[PUBLIC], &["127.0.0.1"], &["10.0.0.1"], &["169.254.169.254"], &["::1"]],
        "flipping.example.com" => &[&[PUBLIC], &["127.0.0.1"]],
        "moving.example.com" => &[&[PUBLIC], &[ELSEWHERE], &[PUBLIC]],
        "steady.example.com" => &[&[PUBLIC]],
        "dual.example.com" => &[&[PUBLIC, PUBLIC_V6]],
        "mixed-v6.example.com" => &[&[PUBLIC, "::1"]],
        "mixed-v4.example.com" => &[&[PUBLIC_V6, "10.0.0.1"]],
        "mixed-first.example.com" => &[&["192.168.0.1", PUBLIC]],
        "mixed-last.example.com" => &[&[PUBLIC, ELSEWHERE, "127.0.0.1"]],
        "mapped.example.com" => &[&["::ffff:127.0.0.1"]],
        "translated.example.com" => &[&["64:ff9b::a9fe:a9fe"]],
        "tunnelled.example.com" => &[&["2002:7f00:1::"]],
        "unspecified.example.com" => &[&["0.0.0.0"]],
        "many.example.com" => return many(None),
        "many-and-one.example.com" => return many(Some("10.0.0.1")),
        "alias.example.com" => return Answer::Alias("localhost", vec![[127, 0, 0, 1].into()]),
        "bare-alias.example.com" => return Answer::Alias("localhost", Vec::new()),
        "inside-alias.example.com" => return Answer::Alias("vault.internal", vec![[10, 0, 0, 1].into()]),
        "loop.example.com" => return Answer::Alias("loop.example.com", Vec::new()),
        "flapping.example.com" if turn.is_multiple_of(2) => return Answer::NoSuchName,
        "flapping.example.com" => &[&[PUBLIC]],
        "failing.example.com" => return Answer::Failure,
        "silent.example.com" => return Answer::Silence,
        _ => return Answer::NoSuchName,
    };
    let last = turns.len() - 1;
    addresses(turns[if name.starts_with("flipping") { turn % turns.len() } else { turn.min(last) }])
}

/// A thousand public addresses, and perhaps one more at the end.
fn many(one_more: Option<&str>) -> Answer {
    let public = (0..1_000_u32).map(|n| [93, 184, (n / 250) as u8, (n % 250) as u8].into());
    Answer::Addresses(public.chain(one_more.map(|address| address.parse().unwrap())).collect())
}

struct Bench {
    sender: Sender,
    served: Arc<AtomicUsize>,
    names: NameServer,
    tried: u64,
}

impl Bench {
    /// What is told of a delivery to a name, and how many connections there were for it.
    #[track_caller]
    fn check(&mut self, name: &str, expected: Result<u16, FailureKind>, connects: usize) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        self.tried += 1;
        async move {
            let before = self.served.load(Ordering::Relaxed);
            let outcome = self.sender.send(&format!("http://{name}.example.com/")).await;
            let told = match &outcome {
                Outcome::Answered(answer) => Ok(answer.status),
                Outcome::Failed(failure) => Err(failure.kind),
            };
            let connected = self.served.load(Ordering::Relaxed) - before;
            assert_eq!((told, connected), (expected, connects), "{name} at {caller}: {outcome:?}");
        }
    }
}

/// Lets time pass for what is kept.
async fn pass(span: Duration) {
    tokio::time::pause();
    tokio::time::advance(span).await;
    tokio::time::resume();
}

#[test]
#[ignore = "cargo xtask prove"]
fn names_that_lead_inside_are_refused_whatever_they_led_to_before() {
    if !runs_in_namespace("rebinding::names_that_lead_inside_are_refused_whatever_they_led_to_before") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let names = NameServer::open(by_name()).await;
        let public = transport(AddressPolicy::Public, Duration::from_secs(3), None).asking(names.address);
        let served = everywhere(&[80]).await;
        let mut bench = Bench { sender: Sender::of(public), served, names, tried: 0 };
        steady(&mut bench).await;
        rebinding(&mut bench).await;
        mixed(&mut bench).await;
        troubled(&mut bench).await;
        // A control: what was refused would have been served.
        let any = transport(AddressPolicy::Any, Duration::from_secs(3), None).asking(bench.names.address);
        let before = bench.served.load(Ordering::Relaxed);
        assert!(Sender::of(any).send("http://inside-alias.example.com/").await.is_success());
        assert_eq!(bench.served.load(Ordering::Relaxed), before + 1);
        let progress = format!("{before} connects, all to public addresses");
        proof::held("S2", "deliveries to names that move", bench.tried, progress);
    });
}

/// The script, with turns counted for each name and each kind apart.
fn by_name() -> impl Fn(&str, usize) -> Answer + Send + Sync + 'static {
    let turns: std::sync::Mutex<std::collections::HashMap<String, usize>> = Default::default();
    move |name, _| {
        let mut turns = turns.lock().unwrap();
        let turn = turns.entry(name.to_owned()).or_default();
        let answer = script(name, *turn / 2);
        *turn += 1;
        answer
    }
}

/// Controls: what stays public is delivered to, over one connection for as long as one may be kept.
async fn steady(bench: &mut Bench) {
    bench.check("steady", Ok(200), 1).await;
    bench.check("steady", Ok(200), 0).await;
    pass(NAMES_KEPT_FOR).await;
    bench.check("steady", Ok(200), 0).await;
    pass(CONNECTIONS_KEPT_FOR).await;
    bench.check("steady", Ok(200), 1).await;
    bench.check("dual", Ok(200), 1).await;
    bench.check("many", Ok(200), 1).await;
}

async fn rebinding(bench: &mut Bench) {
    bench.check("rebinding", Ok(200), 1).await;
    for _ in 0..4 {
        // A connection to where it led waits in the pool all the while.
        pass(NAMES_KEPT_FOR).await;
        bench.check("rebinding", REFUSED, 0).await;
    }
    for turn in 0..20 {
        // The first connection is kept, and taken again whenever the name leads there again.
        let expected = if turn % 2 == 0 { Ok(200) } else { REFUSED };
        bench.check("flipping", expected, usize::from(turn == 0 || turn == 12)).await;
        pass(NAMES_KEPT_FOR).await;
    }
    bench.check("moving", Ok(200), 1).await;
    pass(NAMES_KEPT_FOR).await;
    bench.check("moving", Ok(200), 1).await;
    pass(NAMES_KEPT_FOR).await;
    bench.check("moving", Ok(200), 0).await;
}

async fn mixed(bench: &mut Bench) {
    for name in ["mixed-v6", "mixed-v4", "mixed-first", "mixed-last", "many-and-one"] {
        bench.check(name, REFUSED, 0).await;
    }
    for name in ["mapped", "translated", "tunnelled", "unspecified", "alias", "inside-alias"] {
        bench.check(name, REFUSED, 0).await;
    }
}

async fn troubled(bench: &mut Bench) {
    const UNRESOLVED: Result<u16, FailureKind> = Err(FailureKind::NameResolution);
    for name in ["loop", "failing", "silent", "nobody"] {
        bench.check(name, UNRESOLVED, 0).await;
    }
    let asked = bench.names.asked();
    bench.check("flapping", UNRESOLVED, 0).await;
    bench.check("flapping", Ok(200), 1).await;
    assert!(bench.names.asked() > asked + 2, "that a name does not exist is not kept");
}
