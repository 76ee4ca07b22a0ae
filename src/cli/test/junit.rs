//! The results as JUnit's XML, which CI services read: a suite for the function, a case for each event.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{Tested, Verdict};

/// Writes them to `file`.
///
/// # Errors
/// When that cannot be written.
pub(super) fn write(file: &Path, suite: &str, tested: &[Tested]) -> Result<()> {
    let written = File::create(file).and_then(|file| {
        let mut writer = Writer::new_with_indent(BufWriter::new(file), b' ', 2);
        document(&mut writer, suite, tested)?;
        writer.get_mut().flush()
    });
    written.with_context(|| format!("cannot write `{}`", file.display()))
}

fn document(writer: &mut Writer<impl Write>, suite: &str, tested: &[Tested]) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let count = |is: fn(&Verdict) -> bool| tested.iter().filter(|tested| is(&tested.verdict)).count().to_string();
    let counts = [
        ("tests", tested.len().to_string()),
        ("failures", count(|verdict| matches!(verdict, Verdict::Failed(_)))),
        ("errors", "0".to_owned()),
        ("skipped", count(|verdict| matches!(verdict, Verdict::NotRun))),
        ("time", seconds(tested.iter().map(|tested| tested.duration).sum())),
    ];
    let counts = || counts.iter().map(|(name, count)| (*name, count.as_str()));
    writer.create_element("testsuites").with_attributes(counts()).write_inner_content(|writer| {
        let element = writer.create_element("testsuite").with_attribute(("name", suite)).with_attributes(counts());
        element.write_inner_content(|writer| tested.iter().try_for_each(|tested| case(writer, suite, tested)))?;
        Ok(())
    })?;
    writer.get_mut().write_all(b"\n")
}

fn case(writer: &mut Writer<impl Write>, suite: &str, tested: &Tested) -> io::Result<()> {
    let (name, time) = (allowed(&tested.name), seconds(tested.duration));
    let attributes = [("classname", suite), ("name", &name), ("time", &time)];
    writer.create_element("testcase").with_attributes(attributes).write_inner_content(|writer| {
        match &tested.verdict {
            Verdict::Passed | Verdict::Written { .. } => {}
            Verdict::NotRun => drop(writer.create_element("skipped").write_empty()?),
            Verdict::Failed(fault) => {
                let failure =
                    writer.create_element("failure").with_attribute(("message", allowed(&fault.why).as_str()));
                failure.write_text_content(BytesText::new(&allowed(&fault.shown)))?;
            }
        }
        if !tested.log.is_empty() {
            writer.create_element("system-out").write_text_content(BytesText::new(&allowed(&tested.log)))?;
        }
        Ok(())
    })?;
    Ok(())
}

fn seconds(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64())
}

/// Without what cannot stand in XML at all, not even as a reference. Source: XML 1.0, production 2.
fn allowed(text: &str) -> String {
    let stands = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|c| if stands(c) { c } else { '\u{fffd}' }).collect()
}
