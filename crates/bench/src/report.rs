//! What was measured, for people and for scripts. One list of figures makes both.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use serde_json::{Map, Value, json};

use crate::budget::{Measured, RATIO_MAX, Settings};
use crate::machine::Machine;
use crate::round::Round;
use crate::spread::median;

/// One line of the table, one key of the JSON.
struct Figure {
    key: &'static str,
    label: &'static str,
    of: fn(&Round) -> f64,
    digits: usize,
}

const RATIO: Figure = Figure { key: "ratio", label: "ratio to the controls", of: Round::ratio, digits: 2 };

const FIGURES: [Figure; 13] = [
    Figure { key: "platform_us", label: "platform, CPU an event, µs", of: |round| round.platform_us, digits: 1 },
    Figure { key: "platform_user_us", label: "  of it user", of: |round| round.platform_user_us, digits: 1 },
    Figure { key: "platform_system_us", label: "  of it system", of: |round| round.platform_system_us, digits: 1 },
    Figure { key: "control_client_us", label: "control: client, µs", of: |round| round.control_client_us, digits: 1 },
    Figure { key: "control_ingest_us", label: "control: ingest, µs", of: |round| round.control_ingest_us, digits: 1 },
    Figure { key: "controls_us", label: "controls together, µs", of: Round::controls_us, digits: 1 },
    RATIO,
    Figure { key: "deliveries_per_s", label: "deliveries a second", of: |round| round.deliveries_per_s, digits: 0 },
    Figure { key: "patch_p50_ms", label: "PATCH answered, p50, ms", of: |round| round.patch_ms.p50, digits: 1 },
    Figure { key: "patch_p99_ms", label: "PATCH answered, p99, ms", of: |round| round.patch_ms.p99, digits: 1 },
    Figure {
        key: "patch_to_received_p50_ms",
        label: "PATCH sent to delivery received, p50, ms",
        of: |round| round.patch_to_received_ms.p50,
        digits: 1,
    },
    Figure {
        key: "patch_to_received_p99_ms",
        label: "PATCH sent to delivery received, p99, ms",
        of: |round| round.patch_to_received_ms.p99,
        digits: 1,
    },
    Figure { key: "repeated", label: "deliveries repeated", of: |round| round.repeated as f64, digits: 0 },
];

/// Who runs beside the platform, which the budget does not count but the machine does.
const BESIDE: [Figure; 3] = [
    Figure {
        key: "load_generator_us",
        label: "beside: load generator, µs",
        of: |round| round.load_generator_us,
        digits: 1,
    },
    Figure { key: "receiver_us", label: "beside: receiver, µs", of: |round| round.receiver_us, digits: 1 },
    OTHERS,
];

const OTHERS: Figure = Figure {
    key: "others_percent",
    label: "beside: others, % of the machine",
    of: |round| round.others_percent,
    digits: 0,
};

/// How much others may use before the figures say more about them than about us.
const OTHERS_PERCENT_MAX: f64 = 10.0;

/// A line below the header and no other.
const PLAIN: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─'));

/// For people.
pub(crate) fn table(measured: &Measured) -> String {
    let mut table = Table::new();
    let rounds = (1..=measured.rounds.len()).map(|number| format!("round {number}"));
    table.load_style(PLAIN).set_header([String::new(), "median".to_owned()].into_iter().chain(rounds));
    for Figure { label, of, digits, .. } in FIGURES.iter().chain(&BESIDE) {
        let each = measured.rounds.iter().map(of);
        let values = [median(each.clone().collect())].into_iter().chain(each);
        table.add_row([(*label).to_owned()].into_iter().chain(values.map(|value| format!("{value:.digits$}"))));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let table: Vec<String> = table.to_string().lines().map(|line| line.trim_end().to_owned()).collect();
    format!("{}\n{}\n{}", head(measured), table.join("\n"), foot(measured))
}

/// For scripts.
pub(crate) fn json(measured: &Measured) -> Value {
    let values = |value: &dyn Fn(&Figure) -> f64| -> Map<String, Value> {
        FIGURES.iter().chain(&BESIDE).map(|figure| (figure.key.to_owned(), json!(value(figure)))).collect()
    };
    let rounds: Vec<_> = measured.rounds.iter().map(|round| values(&|figure| (figure.of)(round))).collect();
    let Settings { events, connections, .. } = &measured.settings;
    json!({
        "row": "SQLite (synchronous=FULL), 1 webhook",
        "events": events,
        "connections": connections,
        "machine": measured.machine,
        "rounds": rounds,
        "median": values(&|figure| figure.median(measured)),
        "budget_ratio": RATIO_MAX,
        "within_budget": is_within_budget(measured),
        "troubles": measured.troubles,
    })
}

impl Figure {
    fn median(&self, measured: &Measured) -> f64 {
        median(measured.rounds.iter().map(self.of).collect())
    }
}

fn is_within_budget(measured: &Measured) -> bool {
    RATIO.median(measured) <= RATIO_MAX
}

/// Where and when, for people.
pub(crate) fn machine(machine: &Machine) -> String {
    let (date, processor, cores, kernel) = (&machine.measured_on, &machine.processor, machine.cores, &machine.kernel);
    format!(
        "{date}, {cores} × {processor}, {kernel}; load before {}; one sync of the disk {:.0} µs",
        machine.load_before, machine.sync_us,
    )
}

fn head(measured: &Measured) -> String {
    let Measured { settings: Settings { events, connections, .. }, rounds, .. } = measured;
    format!(
        "SQLite (synchronous=FULL), 1 webhook: {events} completions a round, {} round(s), {connections} connections\n{}\n",
        rounds.len(),
        machine(&measured.machine),
    )
}

fn foot(measured: &Measured) -> String {
    let verdict = if is_within_budget(measured) { "within the budget" } else { "over the budget" };
    let others = OTHERS.median(measured);
    let noise = if others <= OTHERS_PERCENT_MAX {
        String::new()
    } else {
        format!("\nothers used {others:.0} % of the machine meanwhile: measure again when it is quiet")
    };
    let troubles = match measured.troubles {
        0 => String::new(),
        count => format!("\nthe platform's log has {count} warning(s) or error(s)"),
    };
    format!("\n{:.2} × the controls, budget {RATIO_MAX} ×: {verdict}{noise}{troubles}", RATIO.median(measured))
}

#[cfg(test)]
mod tests;
