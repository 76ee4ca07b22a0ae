//! The tools of a release beside those that a layer would bring else: the small `aws` beside the AWS CLI, and jq. Each call is a new process.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use coshell::lambda::invocation::Bytes;
use tempfile::TempDir;

use super::measured::Measured;
use crate::arrival::Arrival;
use crate::call::{Call, Cost};
use crate::peer::Peer;
use crate::report::{Cell, Row, Unit};
use crate::sandbox::Conditions;
use crate::stats::{median, us};
use crate::store::Store;
use crate::subject::Bench;

/// The tools of a release, and the others.
const SETS: [&str; 2] = ["small aws", "AWS CLI"];
/// The lines of the handler.
pub(crate) const HANDLER: [&str; 2] =
    ["handler with the tools of a release", "handler with Debian's jq and the AWS CLI"];
const KILOBYTE: u64 = 1_000;
const LARGE: u64 = 100_000_000;

/// A line of a table: which tools, which call, and its name.
type Line = (usize, &'static str, &'static str);
const LINES: [Line; 4] = [
    (0, "ssm get-parameter --name /bench --query Parameter.Value --output text", SMALL_SSM),
    (1, "ssm get-parameter --name /bench --query Parameter.Value --output text", CLI_SSM),
    (0, "s3 cp small s3://bench/key --quiet", SMALL_CP),
    (1, "s3 cp small s3://bench/key --quiet", CLI_CP),
];
pub(crate) const SMALL_SSM: &str = "small aws, ssm get-parameter";
pub(crate) const CLI_SSM: &str = "AWS CLI, ssm get-parameter";
pub(crate) const SMALL_CP: &str = "small aws, s3 cp of 1 kB";
pub(crate) const CLI_CP: &str = "AWS CLI, s3 cp of 1 kB";
pub(crate) const SMALL_UP: &str = "small aws, 100 MB to S3";
pub(crate) const CLI_UP: &str = "AWS CLI, 100 MB to S3";
pub(crate) const SMALL_DOWN: &str = "small aws, 100 MB from S3";
pub(crate) const CLI_DOWN: &str = "AWS CLI, 100 MB from S3";

/// Two folders with `aws` and `jq`, files to copy, and a server.
struct Tools {
    folder: TempDir,
    store: Store,
}

impl Tools {
    /// Fails where the tools have not been made.
    fn find(object_bytes: u64) -> Result<Tools> {
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
        let found = |path: String, by: &str| {
            fs::canonicalize(project.join(&path)).with_context(|| format!("`{path}` is not there: {by} makes it"))
        };
        let release = ".ci/release --install";
        let debian = PathBuf::from("/usr/bin/jq");
        let programs = [
            (0, "aws", found(format!("dist/aws-{architecture}"), release)?),
            (0, "jq", found(format!("target/tools/jq-{architecture}/bin/jq"), release)?),
            (1, "aws", found("target/tools/venv/bin/aws".to_owned(), "tests/run --with-aws")?),
            (1, "jq", fs::canonicalize(&debian).context("Debian's jq is not installed")?),
        ];
        let folder = tempfile::tempdir().context("cannot make a folder for the tools")?;
        for (set, name, program) in programs {
            let set = folder.path().join(set.to_string());
            fs::create_dir_all(&set)?;
            symlink(program, set.join(name))?;
        }
        fs::write(folder.path().join("small"), vec![0; 1_000])?;
        Ok(Tools { folder, store: Store::start(object_bytes)? })
    }

    fn programs(&self, set: usize) -> PathBuf {
        self.folder.path().join(set.to_string())
    }

    /// The variables of a call: credentials that no one checks, and the server.
    fn variables(&self, set: usize) -> Vec<(&'static str, String)> {
        let path = std::env::var("PATH").unwrap_or_default();
        vec![
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
            ("AWS_REGION", "eu-west-1".to_owned()),
            ("AWS_DEFAULT_REGION", "eu-west-1".to_owned()),
            ("AWS_ENDPOINT_URL", self.store.url()),
            ("AWS_CONFIG_FILE", "/nonexistent".to_owned()),
            ("BENCH_TOOLS", format!("{}:{path}", self.programs(set).display())),
        ]
    }

    fn call(&self, set: usize, arguments: &str) -> Call {
        Call {
            program: self.programs(set).join("aws"),
            arguments: arguments.split(' ').map(str::to_owned).collect(),
            variables: self.variables(set),
            folder: self.folder.path().to_owned(),
        }
    }
}

/// One call of each program, with a whole processor.
pub(super) fn run(bench: &Bench) -> Result<Row> {
    small_calls(bench, "tools", "The small aws beside the AWS CLI", false, 12)
}

/// The same with the processor of a function with 128 MB.
pub(super) fn run_128mb(bench: &Bench) -> Result<Row> {
    small_calls(bench, "tools-128mb", "The same at 128 MB", true, 3)
}

fn small_calls(bench: &Bench, name: &'static str, title: &str, quota: bool, rounds: usize) -> Result<Row> {
    let tools = match ready(KILOBYTE, quota) {
        Ok(tools) => tools,
        Err(error) => return Ok(Row::skipped(name, title, &format!("{error:#}"))),
    };
    let calls = LINES.map(|(set, arguments, who)| (who, tools.call(set, arguments)));
    let mut row = measure(bench, name, title, &calls, quota, rounds)?;
    if !quota {
        // The AWS CLI is not one file.
        row.columns.push(("file".to_owned(), Unit::Memory));
        #[allow(clippy::cast_precision_loss)]
        let bytes = fs::metadata(tools.programs(0).join("aws"))?.len() as f64;
        let is_small = |who: &str| who.starts_with(SETS[0]);
        row.cells.iter_mut().for_each(|cell| cell.values.push(is_small(&cell.who).then_some(bytes)));
    }
    row.how =
        "From the start of the process to its end; the server is in the bench, and forgets what it is sent.".to_owned();
    Ok(row)
}

/// 100 MB in each direction.
pub(super) fn run_large(bench: &Bench) -> Result<Row> {
    const NAME: &str = "tools-100mb";
    const TITLE: &str = "aws s3 cp of 100 MB";
    let tools = match ready(LARGE, false) {
        Ok(tools) => tools,
        Err(error) => return Ok(Row::skipped(NAME, TITLE, &format!("{error:#}"))),
    };
    fs::File::create(tools.folder.path().join("large"))?.set_len(LARGE)?;
    let calls = [
        (SMALL_UP, tools.call(0, "s3 cp large s3://bench/key --quiet")),
        (CLI_UP, tools.call(1, "s3 cp large s3://bench/key --quiet")),
        (SMALL_DOWN, tools.call(0, "s3 cp s3://bench/key down --quiet")),
        (CLI_DOWN, tools.call(1, "s3 cp s3://bench/key down --quiet")),
    ];
    let mut row = measure(bench, NAME, TITLE, &calls, false, 3)?;
    row.how = "A file of zeros to and from a server in the bench, over HTTP on 127.0.0.1.".to_owned();
    Ok(row)
}

fn ready(object_bytes: u64, quota: bool) -> Result<Tools> {
    Conditions { quota, frozen: false }.check()?;
    Tools::find(object_bytes)
}

fn measure(
    bench: &Bench,
    name: &'static str,
    title: &str,
    calls: &[(&str, Call)],
    quota: bool,
    rounds: usize,
) -> Result<Row> {
    let mut costs: Vec<Vec<Cost>> = calls.iter().map(|_| Vec::new()).collect();
    for round in 0..bench.scaled(rounds) {
        for turn in 0..calls.len() {
            let at = (round + turn) % calls.len();
            let (who, call) = &calls[at];
            costs[at].push(call.run(quota).with_context(|| format!("cannot measure {who}"))?);
        }
    }
    let cells = calls.iter().zip(&costs).map(|((who, call), costs)| {
        let times: Vec<f64> = costs.iter().map(|cost| us(cost.time)).collect();
        let processor: Vec<f64> = costs.iter().map(|cost| us(cost.processor)).collect();
        let memory = if quota { None } else { Some(call.peak_memory()?) };
        let mut values = vec![median(&times), median(&processor)];
        values.extend((!quota).then_some(memory));
        Ok(Cell { who: (*who).to_owned(), values })
    });
    let columns = [("time", Unit::Time), ("processor", Unit::Time), ("peak memory", Unit::Memory)];
    let columns = columns.into_iter().take(if quota { 2 } else { 3 });
    Ok(Row {
        name,
        title: title.to_owned(),
        how: String::new(),
        columns: columns.map(|(title, unit)| (title.to_owned(), unit)).collect(),
        cells: cells.collect::<Result<_>>()?,
    })
}

/// A handler that calls jq once and `aws s3 cp` once, at 128 MB.
pub(super) fn run_handler(bench: &Bench) -> Result<Row> {
    const NAME: &str = "tools-handler-128mb";
    const TITLE: &str = "A handler with one jq and one aws s3 cp, at 128 MB";
    let conditions = Conditions { quota: true, frozen: false };
    let tools = match ready(KILOBYTE, true) {
        Ok(tools) => tools,
        Err(error) => return Ok(Row::skipped(NAME, TITLE, &format!("{error:#}"))),
    };
    let event = Bytes::from_static(br#"{"order":{"id":"A-1"},"items":[1,2,3]}"#);
    let mut cells = Vec::new();
    for (set, who) in HANDLER.into_iter().enumerate() {
        let variables = tools.variables(set);
        let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut measured = Measured::new(bench.start_with(Peer::Coshell, "store_order", &variables, conditions)?);
        let events = if set == 0 { bench.scaled(30) } else { bench.scaled(3) };
        measured.block(Arrival::Every(std::time::Duration::from_millis(20)), &event, events)?;
        let values = measured.values();
        cells.push(Cell { who: who.to_owned(), values: vec![values[0], values[3]] });
    }
    Ok(Row {
        name: NAME,
        title: TITLE.to_owned(),
        how: "`jq -r .order.id`, then `aws s3 cp - s3://bench/orders/ID.json`; from delivery to the answer.".to_owned(),
        columns: ["p50", "processor"].map(|title| (title.to_owned(), Unit::Time)).to_vec(),
        cells,
    })
}
