//! What the engine and its store show of themselves, on the thread of one test.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use metrics::{
    Counter, Gauge, Histogram, HistogramFn, Key, KeyName, LocalRecorderGuard, Metadata, Recorder, SharedString, Unit,
};

/// Gauges by name, attempts by outcome, and by verb how often the store was asked.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    gauges: Mutex<HashMap<String, Arc<AtomicU64>>>,
    attempts: Mutex<HashMap<String, Arc<AtomicU64>>>,
    verbs: Mutex<HashMap<String, Arc<Times>>>,
}

/// How often something was measured.
#[derive(Debug, Default)]
struct Times(AtomicU64);

impl HistogramFn for Times {
    fn record(&self, _: f64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Metrics {
    /// Collects from now on, for as long as the test lasts.
    pub(crate) fn collect() -> (&'static Self, LocalRecorderGuard<'static>) {
        let metrics: &'static Metrics = Box::leak(Box::default());
        (metrics, metrics::set_default_local_recorder(metrics))
    }

    /// What a gauge says.
    pub(crate) fn gauge(&self, name: &str) -> f64 {
        f64::from_bits(self.gauges.lock().unwrap()[name].load(Ordering::Relaxed))
    }

    /// How many attempts met this.
    pub(crate) fn attempts(&self, outcome: &str) -> u64 {
        self.attempts.lock().unwrap()[outcome].load(Ordering::Relaxed)
    }

    /// How often the store was asked this.
    pub(crate) fn verbs(&self, verb: &str) -> u64 {
        self.verbs.lock().unwrap().get(verb).map_or(0, |times| times.0.load(Ordering::Relaxed))
    }
}

impl Recorder for Metrics {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        match key.labels().find(|label| label.key() == "outcome") {
            Some(outcome) => {
                let mut attempts = self.attempts.lock().unwrap();
                Counter::from_arc(attempts.entry(outcome.value().to_owned()).or_default().clone())
            }
            None => Counter::noop(),
        }
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.gauges.lock().unwrap().entry(key.name().to_owned()).or_default().clone())
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        match key.labels().find(|label| label.key() == "verb") {
            Some(verb) => {
                Histogram::from_arc(self.verbs.lock().unwrap().entry(verb.value().to_owned()).or_default().clone())
            }
            None => Histogram::noop(),
        }
    }
}
