"""Starts `coshell serve` and AWS's local runner, which call each other, and speaks to the runner's API."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

START_SECONDS = 60
# The functions that handlers invoke: an ordinary one, and one that is durable.
FUNCTIONS = {"other": {}, "sub": {"DurableConfig": {"ExecutionTimeout": 60, "RetentionPeriodInDays": 1}}}
API = "/2025-12-01"
# Any keys do: the runner checks no signature.
KEYS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-2"}


class Log:
    """The log of the function: JSON lines, those of a handler with the ARN of its execution."""

    def __init__(self, path):
        self.path = path

    def messages(self, arn):
        found = []
        for line in self.path.read_text(errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                entry = json.loads(line[line.index("{") :])
                if entry.get("executionArn") == arn:
                    found.append(str(entry.get("message", "")))
        return found


class Runner:
    """The API of the local runner."""

    def __init__(self, url):
        self.url = url

    def call(self, method, path, body=None):
        request = urllib.request.Request(self.url + path, data=body, method=method, headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read()!r}") from None
        return json.loads(text) if text else {}

    def start(self, alias, payload):
        body = {
            "AccountId": "123456789012",
            "FunctionName": "requirements",
            "FunctionQualifier": alias,
            "ExecutionName": alias,
            "ExecutionTimeoutSeconds": 600,
            "ExecutionRetentionPeriodDays": 1,
            "Input": payload,
        }
        return self.call("POST", "/start-durable-execution", json.dumps(body).encode())["ExecutionArn"]

    def of_execution(self, arn, more=""):
        return f"{API}/durable-executions/{urllib.parse.quote(arn, safe='')}{more}"

    def execution(self, arn):
        return self.call("GET", self.of_execution(arn, "?IncludeExecutionData=true"))

    def history(self, arn):
        return self.call("GET", self.of_execution(arn, "/history?IncludeExecutionData=true&MaxItems=1000"))["Events"]

    def stop(self, arn):
        self.call("POST", self.of_execution(arn, "/stop"), b"{}")

    def complete(self, id, operation, payload):
        verb = {"success": "succeed", "failure": "fail", "heartbeat": "heartbeat"}[operation]
        body = b"" if payload is None else json.dumps(payload).encode()
        self.call("POST", f"{API}/durable-execution-callbacks/{urllib.parse.quote(id, safe='')}/{verb}", body)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for_port(port, process, log):
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"nothing listens on port {port}: {log.read_text(errors='replace')[-4000:]}")


@contextlib.contextmanager
def running(arguments, log, port, environment):
    with log.open("wb") as out:
        process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={**os.environ, **environment})
    try:
        wait_for_port(port, process, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def start(coshell, runner, handlers, folder, *more):
    """Both programs, on free ports: yields the API of the runner, and the log of the function."""
    function_port, runner_port = free_port(), free_port()
    runner_url = f"http://127.0.0.1:{runner_port}"
    function_url = f"http://127.0.0.1:{function_port}"
    marks = folder / "marks"
    marks.mkdir()
    variables = {
        **KEYS,
        "AWS_ENDPOINT_URL_LAMBDA": runner_url,
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "COSHELL_LOG_REPEATS": "1",
        "MARKS": str(marks),
    }
    serve = [coshell, "serve", str(handlers), "--port", str(function_port), "--timeout", "60", "--concurrency", "4"]
    for name, value in variables.items():
        serve += ["--env", f"{name}={value}"]
    server = [runner, "start-server", "--host", "127.0.0.1", "--port", str(runner_port), "--lambda-endpoint", function_url]
    server += ["--local-runner-endpoint", runner_url, "--function-configs", json.dumps(FUNCTIONS), *more]
    log = pathlib.Path(folder / "function.log")
    with running(serve, log, function_port, {}), running(server, folder / "runner.log", runner_port, KEYS):
        yield Runner(runner_url), Log(log)
