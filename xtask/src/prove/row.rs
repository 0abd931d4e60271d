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

/// Every row, in the order in which they run.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    tests(&["R1"], "prove", &["crash_points::", "ledger::"], "death at every named point, under load", "a point that is not reached; a delivery and a number planted wrong in what came"),
    tests(&["R2"], "prove", &["kills::"], "kill -9 at random instants, under load", "a delivery and a number planted wrong in what came"),
    tests(&["R20"], "engine", &["hostile::", "memory::"], "receivers that misbehave, and every status", "readers without a deadline, without a cap, and one that keeps all it reads"),
    tests(&["R21"], "engine", &["tls_matrix::"], "certificates and handshakes that are refused", "good ones beside them; old servers serve old clients"),
    tests(&["S1"], "gateway", &["guard::"], "URLs that lead inside, set", "names, which can be set"),
    tests(&["S1"], "engine", &["guard::"], "URLs that lead inside, delivered to", "the same under an open policy are connected to; public ones are under the strict one"),
    tests(&["S2"], "engine", &["rebinding::"], "names that move, and answers that are mixed", "names that stay public; an open policy"),
    tests(&["S3"], "engine", &["redirects::"], "redirects of every status, to everywhere", "the place they lead to serves who asks"),
    Row { ids: &["S17"], what: "advisories, bans, licences and sources of every locked crate", run: Run::Cargo(&["xtask", "deny"]), control: "a vulnerable and a banned crate planted in a tree of their own" },
];
