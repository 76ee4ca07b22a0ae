//! Draws tables as the AWS CLI does where stdout is no terminal: without colours, and for 80 columns.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{is_true, python};

/// A wider table shows a section with one row as a list of names and values.
const MAX_WIDTH: usize = 80;

#[derive(Default)]
struct Section {
    title: String,
    headers: Vec<String>,
    rows: Vec<Vec<String>>,
    indent: usize,
    widths: Vec<usize>,
}

impl Section {
    fn measure(&mut self, row: &[String]) {
        if self.widths.is_empty() {
            self.widths = row.iter().map(|cell| width(cell)).collect();
        } else {
            self.widths.iter_mut().zip(row).for_each(|(widest, cell)| *widest = width(cell).max(*widest));
        }
    }

    fn header(&mut self, headers: Vec<String>) {
        self.measure(&headers);
        self.headers = headers;
    }

    fn row(&mut self, row: Vec<String>) {
        self.measure(&row);
        self.rows.push(row);
    }

    /// The same with a row for each header, where there is one row.
    fn vertical(self) -> Section {
        match self.rows.as_slice() {
            [row] if !self.headers.is_empty() => {
                let mut section = Section { title: self.title, indent: self.indent, ..Section::default() };
                self.headers.into_iter().zip(row).for_each(|(header, cell)| section.row(vec![header, cell.clone()]));
                section
            }
            _ => self,
        }
    }

    fn total_width(&self) -> usize {
        let outer = 2 * self.indent;
        let columns: usize = self.widths.iter().map(|width| width + 4).sum();
        (width(&self.title) + 2 + outer).max(columns + 2 + outer)
    }

    /// Columns scaled to the width of the table.
    fn columns(&self, total: usize) -> Vec<usize> {
        let natural: Vec<usize> = self.widths.iter().map(|width| width + 4).collect();
        let sum: usize = natural.iter().sum();
        if sum == 0 {
            return natural;
        }
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "widths are small"
        )]
        let mut scaled: Vec<usize> = natural
            .iter()
            .map(|width| ((total as f64 / sum as f64) * *width as f64).round_ties_even() as usize)
            .collect();
        let mut position = 0;
        let count = scaled.len();
        while scaled.iter().sum::<usize>() > total {
            scaled[position % count] -= 1;
            position += 1;
        }
        position = 0;
        while scaled.iter().sum::<usize>() < total {
            scaled[count - 1 - position % count] += 1;
            position += 1;
        }
        scaled
    }
}

/// The table of an operation's result; empty where there is none.
pub(super) fn render(title: &str, value: &Value) -> String {
    let mut sections = Vec::new();
    if !build(&mut sections, Some(title), value, 0) {
        return String::new();
    }
    let widest = |sections: &[Section]| sections.iter().map(Section::total_width).max().unwrap_or(0);
    if widest(&sections) > MAX_WIDTH {
        sections = sections.into_iter().map(Section::vertical).collect();
    }
    let widest = widest(&sections);
    let mut text = "-".repeat(widest) + "\n";
    sections.iter().for_each(|section| draw(&mut text, section, widest - section.indent * 2));
    text
}

fn last(sections: &mut Vec<Section>) -> &mut Section {
    if sections.is_empty() {
        sections.push(Section::default());
    }
    let end = sections.len() - 1;
    &mut sections[end]
}

fn build(sections: &mut Vec<Section>, title: Option<&str>, value: &Value, indent: usize) -> bool {
    if !is_true(value) {
        return false;
    }
    if let Some(title) = title {
        sections.push(Section { title: title.to_owned(), indent, ..Section::default() });
    }
    match value {
        Value::Array(items) if items[0].is_object() => build_objects(sections, title.unwrap_or(""), items, indent),
        Value::Array(items) => {
            for item in items {
                match item.as_array() {
                    None => last(sections).row(vec![python(item)]),
                    Some(inner) if inner.iter().all(is_scalar) => {
                        last(sections).row(inner.iter().map(python).collect())
                    }
                    Some(_) => drop(build(sections, None, item, 0)),
                }
            }
        }
        Value::Object(members) => build_object(sections, members, indent),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    true
}

fn is_scalar(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

fn split(members: &Map<String, Value>) -> (BTreeSet<String>, BTreeSet<String>) {
    let (scalars, others): (Vec<_>, Vec<_>) = members.iter().partition(|(_, value)| is_scalar(value));
    let names = |pairs: Vec<(&String, &Value)>| pairs.into_iter().map(|(name, _)| name.clone()).collect();
    (names(scalars), names(others))
}

fn build_object(sections: &mut Vec<Section>, members: &Map<String, Value>, indent: usize) {
    let (headers, more) = split(members);
    let values: Vec<String> = headers.iter().map(|name| python(&members[name])).collect();
    match headers.len() {
        0 => {}
        1 => last(sections).row(headers.into_iter().chain(values).collect()),
        _ => {
            last(sections).header(headers.into_iter().collect());
            last(sections).row(values);
        }
    }
    for name in more {
        build(sections, Some(&name), &members[&name], indent + 1);
    }
}

fn build_objects(sections: &mut Vec<Section>, title: &str, items: &[Value], indent: usize) {
    let mut headers = BTreeSet::new();
    let mut more = BTreeSet::new();
    for members in items.iter().filter_map(Value::as_object) {
        let (scalars, others) = split(members);
        headers.extend(scalars);
        more.extend(others);
    }
    let headers: Vec<String> = headers.into_iter().collect();
    last(sections).header(headers.clone());
    for (position, members) in items.iter().filter_map(Value::as_object).enumerate() {
        if position > 0 && !more.is_empty() {
            sections.push(Section { title: title.to_owned(), indent, ..Section::default() });
            last(sections).header(headers.clone());
        }
        last(sections).row(headers.iter().map(|name| members.get(name).map_or_else(String::new, python)).collect());
        for name in more.iter().filter(|name| members.contains_key(*name)) {
            build(sections, Some(name), &members[name], indent + 1);
        }
    }
}

fn draw(text: &mut String, section: &Section, total: usize) {
    let edge = "|".repeat(section.indent);
    let mut line = |content: &str| text.push_str(&format!("{edge}{content}{edge}\n"));
    if !section.title.is_empty() {
        line(&centered(&section.title, total, "|"));
        if section.headers.is_empty() && section.rows.is_empty() {
            line(&format!("+{}+", "-".repeat(total.saturating_sub(2))));
        }
    }
    let widths = section.columns(total);
    let rule: String = widths
        .iter()
        .enumerate()
        .map(|(position, width)| {
            if position == 0 {
                format!("+{}+", "-".repeat(width.saturating_sub(2)))
            } else {
                format!("{}+", "-".repeat(width.saturating_sub(1)))
            }
        })
        .collect();
    let left = |position: usize| if position == 0 { "|" } else { "" };
    if !section.headers.is_empty() {
        line(&rule);
        let cells = section.headers.iter().zip(&widths).enumerate();
        line(&cells.map(|(position, (cell, width))| centered(cell, *width, left(position))).collect::<String>());
    }
    if !section.rows.is_empty() && !widths.is_empty() {
        line(&rule);
        for row in &section.rows {
            let cells = row.iter().zip(&widths).enumerate();
            line(&cells.map(|(position, (cell, width))| aligned(cell, *width, left(position))).collect::<String>());
        }
        line(&rule);
    }
}

fn centered(cell: &str, length: usize, left: &str) -> String {
    let before = (length / 2).saturating_sub(width(cell) / 2 + 1);
    let used = left.len() + before + width(cell) + 1;
    format!("{left}{}{cell}{}|", " ".repeat(before), " ".repeat(length.saturating_sub(used)))
}

fn aligned(cell: &str, length: usize, left: &str) -> String {
    let padding = if width(cell) + 2 + left.len() < length { 2 } else { 0 };
    let used = left.len() + padding + width(cell) + 1;
    format!("{left}{}{cell}{}|", " ".repeat(padding), " ".repeat(length.saturating_sub(used)))
}

/// Columns that a text takes; wide characters of East Asia take two.
fn width(text: &str) -> usize {
    text.chars().map(|character| if is_wide(character) { 2 } else { 1 }).sum()
}

fn is_wide(character: char) -> bool {
    matches!(u32::from(character), 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1f64f | 0x20000..=0x3fffd)
}
