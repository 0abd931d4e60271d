//! What a row found: figures, each perhaps with a budget.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use serde::Serialize;

/// A figure.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) row: &'static str,
    pub(crate) figure: String,
    pub(crate) value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) budget: Option<Budget>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) met: Option<bool>,
    #[serde(skip)]
    digits: usize,
}

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Budget {
    AtMost(f64),
    AtLeast(f64),
}

impl Finding {
    /// A figure without a budget.
    pub(crate) fn plain(row: &'static str, figure: impl Into<String>, value: f64, digits: usize) -> Self {
        Finding { row, figure: figure.into(), value, budget: None, met: None, digits }
    }

    /// The figure with its budget.
    pub(crate) fn within(self, budget: Budget) -> Self {
        let met = match budget {
            Budget::AtMost(most) => self.value <= most,
            Budget::AtLeast(least) => self.value >= least,
        };
        Finding { budget: Some(budget), met: Some(met), ..self }
    }
}

/// For people.
pub(crate) fn table(findings: &[Finding]) -> String {
    const PLAIN: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─'));
    let mut table = Table::new();
    table.load_style(PLAIN).set_header(["row", "figure", "measured", "budget", ""]);
    for Finding { row, figure, value, budget, met, digits } in findings {
        let budget = match budget {
            None => String::new(),
            Some(Budget::AtMost(most)) => format!("≤ {}", to_hundredths(*most)),
            Some(Budget::AtLeast(least)) => format!("≥ {}", to_hundredths(*least)),
        };
        let verdict = met.map_or("", |met| if met { "met" } else { "NOT MET" });
        table.add_row([(*row).to_owned(), figure.clone(), format!("{value:.digits$}"), budget, verdict.to_owned()]);
    }
    for column in table.column_iter_mut().skip(2).take(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let lines: Vec<String> = table.to_string().lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

fn to_hundredths(limit: f64) -> f64 {
    (limit * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: f64, budget: Budget, met: bool) {
        let finding = Finding::plain("row", "figure, ms", value, 1).within(budget);
        assert_eq!(finding.met, Some(met));
        let verdict = if met { "met" } else { "NOT MET" };
        assert!(table(&[finding]).ends_with(verdict));
    }

    #[test]
    fn a_budget_is_met_at_its_limit() {
        check(2.0, Budget::AtMost(2.0), true);
        check(2.1, Budget::AtMost(2.0), false);
        check(0.8, Budget::AtLeast(0.8), true);
        check(0.7, Budget::AtLeast(0.8), false);
    }

    #[test]
    fn a_figure_without_a_budget_has_no_verdict() {
        assert!(table(&[Finding::plain("row", "figure", 1.25, 1)]).ends_with("1.2"));
    }
}
