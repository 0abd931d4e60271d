use std::path::PathBuf;

use super::*;
use crate::spread::Spread;

fn round(platform_us: f64) -> Round {
    Round {
        platform_us,
        platform_user_us: 30.0,
        platform_system_us: platform_us - 30.0,
        control_client_us: 12.0,
        control_ingest_us: 8.0,
        deliveries_per_s: 15_000.4,
        patch_ms: Spread { p50: 2.0, p99: 7.0 },
        patch_to_received_ms: Spread { p50: 3.0, p99: 9.0 },
        load_generator_us: 11.0,
        receiver_us: 10.0,
        repeated: 0,
        others_percent: 3.0,
    }
}

fn measured(platform_us: &[f64], troubles: usize) -> Measured {
    Measured {
        settings: Settings {
            schoolbell: PathBuf::new(),
            folder: PathBuf::new(),
            events: 100,
            rounds: platform_us.len(),
            connections: 64,
            due: 1,
            stored: 1,
        },
        machine: Machine {
            measured_on: "2026-11-21".to_owned(),
            processor: "a processor".to_owned(),
            cores: 2,
            kernel: "Linux 6".to_owned(),
            load_before: "0.10".to_owned(),
            sync_us: 800.0,
        },
        rounds: platform_us.iter().map(|us| round(*us)).collect(),
        troubles,
    }
}

#[track_caller]
fn check(platform_us: &[f64], ratio: f64, within: bool) {
    let measured = measured(platform_us, 0);
    let json = json(&measured);
    assert_eq!(json["median"]["ratio"], ratio);
    assert_eq!(json["within_budget"], within);
    let verdict = if within { "within the budget" } else { "over the budget" };
    assert!(table(&measured).ends_with(&format!("{ratio:.2} × the controls, budget 2.2 ×: {verdict}")));
}

#[test]
fn the_verdict_is_about_the_median_of_the_ratios_and_the_budget_is_its_limit() {
    check(&[44.0], 2.2, true);
    check(&[44.2], 2.21, false);
    check(&[40.0, 100.0, 20.0], 2.0, true);
    check(&[60.0, 100.0, 20.0], 3.0, false);
}

#[test]
fn the_table_has_the_median_before_the_rounds() {
    let table = table(&measured(&[40.0, 100.0, 20.0], 0));
    let line = table.lines().find(|line| line.contains("platform, CPU an event")).unwrap();
    let values: Vec<&str> = line.rsplit(' ').filter(|word| !word.is_empty()).take(4).collect();
    assert_eq!(values, ["20.0", "100.0", "40.0", "40.0"]);
}

#[test]
fn every_figure_is_in_both() {
    let measured = measured(&[40.0], 0);
    let (table, json) = (table(&measured), json(&measured));
    for figure in FIGURES.iter().chain(&BESIDE) {
        assert!(table.contains(figure.label.trim()), "{}", figure.label);
        assert!(json["rounds"][0][figure.key].is_f64(), "{}", figure.key);
        assert!(json["median"][figure.key].is_f64(), "{}", figure.key);
    }
}

#[test]
fn trouble_is_told() {
    assert!(table(&measured(&[40.0], 3)).contains("3 warning(s) or error(s)"));
    assert!(!table(&measured(&[40.0], 0)).contains("warning"));
    assert_eq!(json(&measured(&[40.0], 3))["troubles"], 3);
}

#[test]
fn a_busy_machine_is_told() {
    let mut measured = measured(&[40.0], 0);
    measured.rounds[0].others_percent = OTHERS_PERCENT_MAX;
    assert!(!table(&measured).contains("quiet"));
    measured.rounds[0].others_percent = OTHERS_PERCENT_MAX + 1.0;
    assert!(table(&measured).contains("others used 11 % of the machine"));
}
