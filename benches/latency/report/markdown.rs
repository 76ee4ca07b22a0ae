//! The report as Markdown with padded columns: readable on a terminal and in a browser.

use super::Row;
use super::goals::Judged;
use super::number::ratio;
use crate::machine::Machine;
use crate::peer::Peer;

/// The whole report.
pub(crate) fn write(machine: &Machine, runs: usize, rows: &[Row], goals: &[Judged]) -> String {
    let mut text = format!("# coshell side by side with others\n\n{}", machine.markdown());
    if runs > 1 {
        text += &format!("\nEach value is the median of {runs} runs.\n");
    }
    text += &goals_table(goals);
    text.extend(rows.iter().map(row_section));
    text
}

fn goals_table(goals: &[Judged]) -> String {
    if goals.is_empty() {
        return String::new();
    }
    let mut lines = vec![["goal", "at most", "measured", ""].map(str::to_owned).to_vec()];
    lines.extend(goals.iter().map(|judged| {
        let verdict = if judged.reached { "reached" } else { "NOT reached" };
        vec![judged.what.to_owned(), judged.goal.clone(), judged.measured.clone(), verdict.to_owned()]
    }));
    format!("\n## Goals\n\n{}", table(&lines))
}

/// A row's table; behind the values stand the ratios of the first column.
fn row_section(row: &Row) -> String {
    let mut text = format!("\n## {} (`{}`)\n\n{}\n", row.title, row.name, row.how);
    if row.cells.is_empty() {
        return text;
    }
    let mut header = vec![String::new()];
    header.extend(row.columns.iter().map(|(title, _)| title.clone()));
    let bases = [Peer::Rust, Peer::Shell].map(|peer| (peer, first_value(row, peer.name())));
    let bases: Vec<(Peer, f64)> = bases.into_iter().filter_map(|(peer, value)| Some((peer, value?))).collect();
    let first = row.columns.first().map_or("", |(title, _)| title);
    header.extend(bases.iter().map(|(peer, _)| format!("{first} to {}", peer.name())));
    let mut lines = vec![header];
    for cell in &row.cells {
        let mut line = vec![cell.who.replace('|', "\\|")];
        let values = cell.values.iter().zip(&row.columns);
        line.extend(values.map(|(value, (_, unit))| value.map_or("–".to_owned(), |value| unit.write(value))));
        let value = cell.values.first().copied().flatten();
        line.extend(bases.iter().map(|(_, base)| value.map_or(String::new(), |value| ratio(value / base))));
        lines.push(line);
    }
    text += &format!("\n{}", table(&lines));
    text
}

fn first_value(row: &Row, who: &str) -> Option<f64> {
    *row.cells.iter().find(|cell| cell.who == who)?.values.first()?
}

/// The first line is the header; all but the first column is right-aligned.
fn table(lines: &[Vec<String>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0).max(3);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        let fields = line.iter().zip(&widths).enumerate().map(|(column, (field, width))| match column {
            0 => format!("{field:<width$}"),
            _ => format!("{field:>width$}"),
        });
        text += &format!("| {} |\n", fields.collect::<Vec<_>>().join(" | "));
        if number == 0 {
            let rules = widths.iter().enumerate().map(|(column, width)| match column {
                0 => "-".repeat(*width),
                _ => format!("{}:", "-".repeat(width - 1)),
            });
            text += &format!("| {} |\n", rules.collect::<Vec<_>>().join(" | "));
        }
    }
    text
}
