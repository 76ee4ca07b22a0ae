//! What was measured: rows (one table each) of cells (one line for each peer or reference).

pub(crate) mod chart;
pub(crate) mod goals;
pub(crate) mod json;
pub(crate) mod markdown;
mod number;

pub(crate) use number::Unit;

use crate::stats::median;

/// One table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The name for `--only`.
    pub(crate) name: &'static str,
    /// The heading.
    pub(crate) title: String,
    /// How it was measured, or why it was not.
    pub(crate) how: String,
    /// The columns' headings and units.
    pub(crate) columns: Vec<(String, Unit)>,
    /// The lines.
    pub(crate) cells: Vec<Cell>,
}

/// One line of a table.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    /// The peer's name, or what else was measured for comparison.
    pub(crate) who: String,
    /// A value for each column; `None` where it cannot be had.
    pub(crate) values: Vec<Option<f64>>,
}

impl Row {
    /// A row that this machine does not allow.
    pub(crate) fn skipped(name: &'static str, title: &str, why: &str) -> Row {
        Row { name, title: title.to_owned(), how: format!("skipped: {why}"), columns: Vec::new(), cells: Vec::new() }
    }

    /// The value of one line in one column.
    pub(crate) fn value(&self, who: &str, column: &str) -> Option<f64> {
        let at = self.columns.iter().position(|(title, _)| title == column)?;
        *self.cells.iter().find(|cell| cell.who == who)?.values.get(at)?
    }
}

/// The median of each value over several runs of all rows.
pub(crate) fn median_of(runs: &[Vec<Row>]) -> Vec<Row> {
    let Some(first) = runs.first() else { return Vec::new() };
    let mut rows = first.clone();
    for (at, row) in rows.iter_mut().enumerate() {
        for (line, cell) in row.cells.iter_mut().enumerate() {
            for (column, value) in cell.values.iter_mut().enumerate() {
                let all = runs.iter().filter_map(|run| *run.get(at)?.cells.get(line)?.values.get(column)?);
                *value = median(&all.collect::<Vec<_>>());
            }
        }
    }
    rows
}
