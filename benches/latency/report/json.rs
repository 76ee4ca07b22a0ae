//! The report for programs: every value in its base unit, null where it cannot be had.

use serde_json::{Map, Value, json};

use super::Row;
use super::goals::Judged;
use crate::machine::Machine;

/// The whole report.
pub(crate) fn write(machine: &Machine, runs: usize, rows: &[Row], goals: &[Judged]) -> String {
    let goals = goals.iter().map(|judged| {
        let Judged { what, goal, measured, reached } = judged;
        json!({ "what": what, "goal": goal, "measured": measured, "reached": reached })
    });
    let report = json!({
        "machine": machine.json(),
        "runs": runs,
        "goals": goals.collect::<Value>(),
        "rows": rows.iter().map(row_value).collect::<Value>(),
    });
    format!("{report:#}\n")
}

fn row_value(row: &Row) -> Value {
    let cells = row.cells.iter().map(|cell| {
        let values = row.columns.iter().zip(&cell.values);
        let values = values.map(|((title, unit), value)| (format!("{title} [{}]", unit.name()), json!(value)));
        (cell.who.clone(), Value::Object(values.collect()))
    });
    json!({ "name": row.name, "title": row.title, "how": row.how, "cells": cells.collect::<Map<_, _>>() })
}
