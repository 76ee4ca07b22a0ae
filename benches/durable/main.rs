//! `cargo bench --bench durable`: what a step of a durable execution costs, recorded and replayed, beside AWS's own Python SDK.
//!
//! Each function runs under the Runtime Interface Emulator, and AWS's local runner records the checkpoints. The functions measure the time
//! of their steps themselves; the processor time is that of the runtime's processes. `tests/run --install-only --with-aws` brings both tools.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use serde_json::{Value, json};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/durable");
const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools");
const VENV: &str = "durable-venv";
const PYTHON_CLIENT: &str = "awslambdaric==4.2.2";
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(20);
/// What /proc counts processor time in, a second.
const TICKS: f64 = 100.0;

/// Measures a step of a durable execution beside AWS's Python SDK
#[derive(Clone, Debug, Parser)]
#[command(name = "cargo bench --bench durable --")]
struct Options {
    /// How many steps an execution has
    #[arg(long, value_name = "N", default_value = "100")]
    steps: u32,

    /// How many executions of each kind there are; the median counts
    #[arg(long, value_name = "N", default_value = "5")]
    runs: usize,

    /// `cargo bench` passes this
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    let bootstrap = build()?;
    let python = Path::new(TOOLS).join(VENV).join("bin/python");
    ensure!(python.exists(), "{} is missing: run tests/run --install-only --with-aws", python.display());
    let python = python.display().to_string();
    bring_python_client(&python)?;
    let coshell = [bootstrap.display().to_string()];
    let sdk = [python.clone(), "-m".to_owned(), "awslambdaric".to_owned(), "function.HANDLER".to_owned()];
    println!(
        "| {} steps, median of {} | a step | processor time of a step | a replayed step |",
        options.steps, options.runs
    );
    println!("| --- | ---: | ---: | ---: |");
    let mut steps = Vec::new();
    for (name, command) in [("coshell", &coshell[..]), ("AWS's Python SDK", &sdk[..])] {
        let recorded = Subject::start(command, "steps", &python)?;
        let step = recorded.measure(options)?;
        drop(recorded);
        let replayed = Subject::start(command, "replayed", &python)?.measure(options)?;
        println!("| {name} | {:.2} ms | {:.2} ms | {:.2} ms |", step.time, step.processor, replayed.time);
        steps.push(step.time);
    }
    if let [ours, theirs] = steps[..] {
        println!("\nA step takes {:.2} of the time of the SDK's.", ours / theirs);
    }
    Ok(())
}

/// Installs AWS's runtime client for Python beside the local runner, if it is not there.
fn bring_python_client(python: &str) -> Result<()> {
    let succeeds = |arguments: &[&str]| -> Result<bool> {
        Ok(Command::new(python)
            .args(arguments)
            .stderr(Stdio::null())
            .status()
            .context("cannot start Python")?
            .success())
    };
    if !succeeds(&["-c", "import awslambdaric"])? {
        ensure!(
            succeeds(&["-m", "pip", "install", "--quiet", PYTHON_CLIENT])?,
            "pip could not install {PYTHON_CLIENT}"
        );
    }
    Ok(())
}

fn build() -> Result<PathBuf> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).args([
        "build",
        "--release",
        "--quiet",
        "--no-default-features",
        "--bin",
        "bootstrap",
    ]);
    ensure!(cargo.status()?.success(), "the bootstrap could not be built");
    Ok(Path::new(env!("CARGO_MANIFEST_DIR")).join("target/release/bootstrap"))
}

/// Milliseconds for one step.
struct Cost {
    time: f64,
    processor: f64,
}

/// A function under the emulator, and the local runner before it.
struct Subject {
    emulator: Process,
    _runner: Process,
    runner: String,
}

/// A process that is killed when it is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let below = descendants(self.0.id());
        let _ = self.0.kill();
        for pid in below {
            let _ = Command::new("kill").args(["-9", &pid.to_string()]).stderr(Stdio::null()).status();
        }
        let _ = self.0.wait();
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn wait_for(port: u16) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        ensure!(Instant::now() < end, "nothing listens on port {port}");
        std::thread::sleep(LOOK);
    }
    Ok(())
}

impl Subject {
    fn start(command: &[String], handler: &str, python: &str) -> Result<Subject> {
        let [invoke, runtime, runner] = [free_port()?, free_port()?, free_port()?];
        let at = |port: u16| format!("127.0.0.1:{port}");
        let url = format!("http://{}", at(runner));
        let mut emulator = Command::new(Path::new(TOOLS).join("aws-lambda-rie"));
        emulator.args(["--runtime-interface-emulator-address", &at(invoke), "--runtime-api-address", &at(runtime)]);
        emulator.args(command.iter().map(|word| word.replace("HANDLER", handler)));
        if command.len() == 1 {
            emulator.arg(format!("function.{handler}"));
        }
        let quiet = |command: &mut Command| -> Result<Process> {
            Ok(Process(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?))
        };
        let settings = [
            ("LAMBDA_TASK_ROOT", FOLDER),
            ("PYTHONPATH", FOLDER),
            ("PYTHONDONTWRITEBYTECODE", "1"),
            ("AWS_LAMBDA_FUNCTION_TIMEOUT", "60"),
            ("AWS_ENDPOINT_URL_LAMBDA", &url),
            ("AWS_REGION", "us-west-2"),
            ("AWS_DEFAULT_REGION", "us-west-2"),
            ("AWS_ACCESS_KEY_ID", "x"),
            ("AWS_SECRET_ACCESS_KEY", "y"),
        ];
        let emulator = quiet(emulator.current_dir(FOLDER).envs(settings)).context("cannot start the emulator")?;
        let mut server = Command::new(python);
        server.args(["-m", "aws_durable_execution_sdk_python_testing.cli", "start-server", "--host", "127.0.0.1"]);
        server.args(["--port", &runner.to_string(), "--local-runner-endpoint", &url, "--skip-time"]);
        server.args(["--lambda-endpoint", &format!("http://{}", at(invoke))]).envs(settings);
        let started = quiet(&mut server).context("cannot start the local runner")?;
        wait_for(invoke)?;
        wait_for(runner)?;
        Ok(Subject { emulator, _runner: started, runner: url })
    }

    /// The median cost of a step, after one execution that warms everything up.
    fn measure(&self, options: &Options) -> Result<Cost> {
        self.execute(options.steps)?;
        let before = self.processor_time();
        let mut times = Vec::new();
        for _ in 0..options.runs {
            times.push(self.execute(options.steps)?);
        }
        let steps = f64::from(options.steps);
        let runs = f64::from(u32::try_from(options.runs)?);
        times.sort_by(f64::total_cmp);
        let processor = (self.processor_time() - before) * 1000.0 / (steps * runs);
        Ok(Cost { time: times[times.len() / 2] / 1000.0 / steps, processor })
    }

    /// Runs one execution, and returns the microseconds that it has measured.
    fn execute(&self, steps: u32) -> Result<f64> {
        let start = json!({
            "AccountId": "123456789012", "FunctionName": "function", "FunctionQualifier": "$LATEST",
            "ExecutionName": format!("bench-{}", std::process::id()), "ExecutionTimeoutSeconds": 600,
            "ExecutionRetentionPeriodDays": 1, "InvocationId": format!("i-{:?}", Instant::now()).replace(|c: char| !c.is_ascii_alphanumeric(), ""),
            "Input": steps.to_string(),
        });
        let started: Value =
            read(ureq::post(&format!("{}/start-durable-execution", self.runner)).send(start.to_string().as_bytes()))?;
        let arn = started["ExecutionArn"].as_str().context("the local runner gave no ARN")?.replace('/', "%2F");
        let end = Instant::now() + PATIENCE;
        loop {
            let execution = read(ureq::get(&format!("{}/2025-12-01/durable-executions/{arn}", self.runner)).call())?;
            match execution["Status"].as_str() {
                Some("SUCCEEDED") => {
                    let result = execution["Result"].as_str().and_then(|result| result.parse().ok());
                    return result.with_context(|| format!("the result is no number: {execution}"));
                }
                Some("RUNNING") if Instant::now() < end => std::thread::sleep(LOOK),
                _ => bail!("the execution has not succeeded: {execution}"),
            }
        }
    }

    /// The processor time of the runtime and of all its processes so far, in seconds.
    fn processor_time(&self) -> f64 {
        descendants(self.emulator.0.id()).into_iter().filter_map(ticks).sum::<f64>() / TICKS
    }
}

fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value> {
    let text = answer.context("the local runner has refused")?.body_mut().read_to_string()?;
    serde_json::from_str(&text).with_context(|| format!("the local runner's answer is not JSON: {text}"))
}

/// The fields of /proc/PID/stat after the name.
fn stat(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(") ")?.1.split(' ').map(str::to_owned).collect())
}

fn ticks(pid: u32) -> Option<f64> {
    let stat = stat(pid)?;
    // utime, stime, and those of the children that have been waited for
    stat.get(11..15)?.iter().map(|field| field.parse::<f64>().ok()).sum()
}

fn descendants(pid: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let all: Vec<u32> = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    let parent = |pid: u32| stat(pid)?.get(1)?.parse::<u32>().ok();
    let is_below = |of: &u32| std::iter::successors(parent(*of), |of| parent(*of)).take(64).any(|of| of == pid);
    all.into_iter().filter(is_below).collect()
}
