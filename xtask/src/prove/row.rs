//! The rows. A new one is a line in [`ROWS`], and a test that says `proof::held("…")` at its end.

/// A row, or a few that one run proves together.
#[derive(Debug)]
pub(super) struct Row {
    /// As in `docs/RELIABILITY.md`. Of each of them something must be said.
    pub(super) ids: &'static [&'static str],
    /// What is tried.
    pub(super) what: &'static str,
    pub(super) run: Run,
    /// What must fail, and is seen to, so that a run in which nothing is looked at does not pass.
    pub(super) control: &'static str,
}

/// How a row is run.
#[derive(Debug)]
pub(super) enum Run {
    /// Tests of a crate whose names hold one of these.
    Tests { package: &'static str, filters: &'static [&'static str] },
    /// A cargo command that prints what is proved.
    Cargo(&'static [&'static str]),
}

impl Row {
    /// Their names, as one.
    pub(super) fn ids(&self) -> String {
        self.ids.join(", ")
    }
}

const fn tests(
    ids: &'static [&'static str],
    package: &'static str,
    filters: &'static [&'static str],
    what: &'static str,
    control: &'static str,
) -> Row {
    Row { ids, what, run: Run::Tests { package, filters }, control }
}

/// Every row, in the order in which they run; one id may have several.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    tests(&["R1"], "prove", &["crash_points::", "ledger::"], "death at every named point, under load", "a point that is not reached; a loss and a number used twice, planted in what came"),
    tests(&["R2"], "prove", &["kills::"], "kill -9 at random instants, under load", "a loss and a number used twice, planted in what came"),
    tests(&["R3"], "prove", &["power::", "disk::"], "power cuts at any moment, with torn and reordered writes", "synchronous=NORMAL is caught losing"),
    tests(&["R4"], "prove", &["faults::"], "one fsync or write that fails, whichever of all", "a run without a fault; a retried fsync in a made-up log"),
    tests(&["R5"], "prove", &["disk_full::"], "the disk full, and then space", "nothing is refused while there is space"),
    tests(&["R9"], "prove", &["clock::"], "the clock set forwards and back", "tokens run out, so the clock was set"),
    tests(&["R10"], "prove", &["pause::"], "the process stopped for longer than a lease", "a pause within the lease repeats nothing"),
    tests(&["R17"], "engine", &["simulation::"], "days under a fake clock, by seed, with a crash between any two steps", "mutants of the store and the engine, each of which a seed finds"),
    tests(&["R18"], "engine", &["model::"], "every state of leases and of secrets", "mutants without the fence, and others"),
    tests(&["R19"], "gateway", &["state_machine::"], "the API beside a reference", "the reference without a rule disagrees"),
    tests(&["R20"], "engine", &["hostile::", "memory::"], "hostile receivers", "a healthy receiver beside them"),
    tests(&["R21"], "engine", &["tls_matrix::"], "TLS that must be refused", "good certificates beside them are served"),
    tests(&["R23"], "prove", &["fairness::", "load::figures::"], "poisonous webhooks and a flood beside healthy ones", "one permit for all; a flood counted as a share"),
    tests(&["R25"], "prove", &["latency::"], "500 events a second, each at its time", "a receiver that thinks"),
    tests(&["R26"], "prove", &["overload::"], "three times what can be done", "a server that lets everybody wait"),
    tests(&["R27"], "engine", &["retirement::"], "content that ends at one instant", "a second before its time nothing has ended"),
    tests(&["S1"], "gateway", &["guard::"], "addresses that must not be set", "mere names are set by the same requests"),
    tests(&["S1"], "engine", &["guard::"], "addresses that must not be delivered to", "an open policy reaches them"),
    tests(&["S2"], "engine", &["rebinding::"], "names that move to where they may not", "what was refused would have been served"),
    tests(&["S3"], "engine", &["redirects::"], "redirects", "who asks there is served"),
    tests(&["S4"], "gateway", &["receiver_answers::"], "hostile answers of receivers, shown", "their owner is shown every one of them"),
    tests(&["S5"], "gateway", &["authorization::"], "every caller, operation and owner of what is named", "a wrong table is noticed"),
    tests(&["S6"], "gateway", &["mass_assignment::"], "the server's own fields in every body", "a field of the caller's is stored, and noticed"),
    tests(&["S7"], "gateway", &["token_endpoint::"], "guessing at the token endpoint, also by its time", "a delay of 5 % is noticed"),
    tests(&["S8"], "client", &["forgery::"], "forged deliveries", "good ones beside them are accepted"),
    tests(&["S10"], "engine", &["rotation::every_secret"], "receivers with an old secret, the new one, or one between", "with the last two digests alone some refuse"),
    tests(&["S11"], "hub", &["browser::hostile::"], "texts of strangers on every page of the Hub, and frames round it", "every one is found in a page that forgets to escape; a policy stops it and says so"),
    tests(&["S11"], "hub", &["acts::every_act"], "forms of the Hub that somebody else sent", "the same from its own pages are done"),
    tests(&["S11"], "hub", &["sign_in::sessions"], "sessions that are planted, ended or stolen, and their cookies", "the session itself is let in"),
    tests(&["S12"], "scorm", &["hostile::"], "archives and manifests that are made to do harm", "a careless reader does what they want; good ones beside them are read"),
    tests(&["S13"], "gateway", &["hostile_callers::"], "hostile callers", "without limits the slow stay"),
    tests(&["S14"], "gateway", &["limit::rate::"], "requests beyond a rate", "who asks less often is never refused"),
    tests(&["S14"], "hub", &["sign_in::guessing"], "guessing at the sign-in of the Hub", "who knows the password gets in, however often"),
    Row { ids: &["S15"], what: "any bytes at all, given to what reads the text of strangers", run: Run::Cargo(&["xtask", "fuzz"]), control: "a planted fault is found within the same time" },
    tests(&["S16"], "prove", &["schemathesis::"], "requests made of our own description, as every kind of caller", "descriptions that were made wrong are found out"),
    Row { ids: &["S17"], what: "advisories, bans, licences and sources of every locked crate", run: Run::Cargo(&["xtask", "deny"]), control: "a vulnerable and a banned crate, planted in a tree of their own, are refused" },
    tests(&["OAUTH"], "prove", &["authorization_server::"], "deliveries with tokens of a certified authorization server", "a token that was revoked is refused"),
];
