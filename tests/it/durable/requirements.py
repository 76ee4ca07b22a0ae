"""Runs the handlers in handlers/ against AWS's local runner, and compares what happens with the requirements.

usage: requirements.py COSHELL RUNNER HANDLERS FOLDER [REQUIREMENTS]

REQUIREMENTS is a folder with the data files of AWS's conformance suite. Without it, only the expectations that stand in the handlers'
comments are checked. Prints the page tests/durable.md; a requirement that is not met makes the exit status 1, and is explained on stderr.
COSHELL_DURABLE_ONLY limits the run to the requirements whose function matches this regular expression.
"""

import concurrent.futures
import json
import os
import pathlib
import random
import re
import string
import sys
import threading
import time
import traceback

import yaml

import comparison
import programs

# So many executions run at a time. More would be slower than the time limits in some requirements.
AT_ONCE = 12
GIVE_UP_SECONDS = 180
POLL_SECONDS = 0.3
SUITES = {1: "step", 2: "wait", 3: "child", 4: "callback", 5: "invoke", 6: "wait_for_condition", 7: "wait_for_callback", 8: "parallel", 9: "map", 10: "more"}
# Delays of callbacks that this repository's own expectations complete.
OWN_DELAY_SECONDS = 1
NO_NAME = "-"


class Requirement:
    """A requirement as the comment above its handler states it."""

    def __init__(self, number, title, notes, function):
        self.number, self.title, self.function = number, title, function
        self.suite = SUITES[int(number.split("-")[0])]
        self.actions, self.history, self.error, self.crash, self.is_open = [], None, None, None, False
        for note in notes:
            self.read(note)

    def read(self, note):
        word, _, rest = note.partition(" ")
        if word == "error:":
            self.error = rest
        elif word == "history:":
            self.history = rest.split()
        elif word == "crash:":
            self.crash = int(rest)
        elif word == "open":
            self.is_open = True
        elif word == "callback":
            name, operation, payload = (rest.split(" ", 2) + [None])[:3]
            self.actions.append(
                {
                    "CallbackName": name,
                    "Operation": operation,
                    "Payload": json.loads(payload) if payload else None,
                    "Delay": OWN_DELAY_SECONDS,
                }
            )
        else:
            given, _, expected = note.partition(" -> ")
            status, _, result = expected.partition(" ")
            self.input = json.loads(given)
            self.result = {"ExecutionStatus": status}
            if result:
                self.result["Result"] = json.loads(result)

    def expectation(self, folder):
        """What is expected, in the form of the data files."""
        file = folder and folder / self.suite / f"{self.number}.yaml"
        if file and file.is_file():
            data = yaml.safe_load(file.read_text())
            is_listed = True
        else:
            data = {"Input": self.input, "ExpectedResult": self.result, "CallbackActions": self.actions}
            is_listed = False
        variables = {name: value_of(text) for name, text in data.get("Variables", {}).items()}
        data = comparison.substitute(data, variables)
        if self.crash and is_listed:
            data["ExpectedExecutionHistory"] = without_event(data["ExpectedExecutionHistory"], self.crash)
        if not is_listed:
            data.update(Sequence=self.history, Error=self.error)
        return data, variables, is_listed


def value_of(text):
    """`${GEN_STR:8}` is a random text of 8 letters."""
    made = re.fullmatch(r"\$\{GEN_STR:(\d+)\}", text)
    return "".join(random.choices(string.ascii_letters, k=int(made[1]))) if made else text


def without_event(events, number):
    """The events after `number` move up by one."""
    return [{**event, "EventId": event["EventId"] - (event["EventId"] > number)} for event in events if event["EventId"] != number]


def read_requirements(folder):
    found = []
    for file in sorted(folder.glob("*.sh")):
        comment = []
        for line in file.read_text().splitlines():
            if line.startswith("# "):
                comment.append(line[2:])
                continue
            function = re.match(r"(\w+)\(\)", line)
            head = comment and re.fullmatch(r"(\d+-\d+): (.*)", comment[0])
            if function and head:
                found.append(Requirement(head[1], head[2], comment[1:], function[1]))
            comment = []
    return sorted(found, key=lambda requirement: [int(part) for part in requirement.number.split("-")])


class Run:
    """One execution of a requirement's handler."""

    def __init__(self, requirement, expectation, runner):
        self.requirement, self.expectation, self.runner = requirement, expectation, runner
        self.arn = None
        self.pending = list(expectation.get("CallbackActions") or [])
        self.seen = {}

    def wait_for_end(self):
        self.arn = self.runner.start(self.requirement.function, json.dumps(self.expectation.get("Input")))
        end = time.monotonic() + GIVE_UP_SECONDS
        last_id = max((event["EventId"] for event in self.expectation.get("ExpectedExecutionHistory", [])), default=2)
        while time.monotonic() < end:
            execution = self.runner.execution(self.arn)
            if execution["Status"] != "RUNNING":
                return execution, self.runner.history(self.arn)
            if self.pending or self.requirement.is_open:
                history = self.runner.history(self.arn)
                if self.requirement.is_open and len(history) >= last_id and is_suspended(history):
                    self.runner.stop(self.arn)
                    return {"Status": "RUNNING"}, history
                self.act(history)
            time.sleep(POLL_SECONDS)
        raise TimeoutError(f"the execution has not ended within {GIVE_UP_SECONDS} s: {self.runner.history(self.arn)}")

    def act(self, history):
        """Completes the callback whose time has come, if the handler is suspended: what happens first is then no matter of speed."""
        now = time.monotonic()
        due = []
        for action in self.pending:
            id = callback_id(history, action["CallbackName"])
            if id:
                seen = self.seen.setdefault(id, now)
                due.append((seen + action.get("Delay", 0), id, action))
        due = sorted((entry for entry in due if entry[0] <= now), key=lambda entry: entry[0])
        if due and is_suspended(history):
            _, id, action = due[0]
            self.pending.remove(action)
            self.runner.complete(id, action["Operation"], action.get("Payload"))


def is_suspended(history):
    return history[-1]["EventType"] == "InvocationCompleted"


def callback_id(history, name):
    """The id of the open callback of this name; a wait for a callback gives its name to its callback, with more words."""
    ended = {event["Id"] for event in history if event["EventType"] in ("CallbackSucceeded", "CallbackFailed", "CallbackTimedOut")}
    for event in history:
        own = event.get("Name") or ""
        is_named = name == NO_NAME or own == name or own.startswith(f"{name} ")
        if event["EventType"] == "CallbackStarted" and is_named and event["Id"] not in ended:
            return event["CallbackStartedDetails"]["CallbackId"]
    return None


class Outcome:
    """How an execution compares with its requirement."""

    def __init__(self, requirement, is_listed, problems, left_out):
        self.requirement, self.is_listed, self.problems, self.left_out = requirement, is_listed, problems, left_out

    def verdict(self):
        return "**not met**" if self.problems else "met"

    def not_shown(self):
        crash = [f"event {self.requirement.crash}: the crash"] if self.requirement.crash and self.is_listed else []
        return ", ".join(crash + sorted(self.left_out))


def check(requirement, folder, runner, log):
    expectation, variables, is_listed = requirement.expectation(folder)
    run = Run(requirement, expectation, runner)
    try:
        execution, history = run.wait_for_end()
    except Exception as error:  # noqa: BLE001 - the other requirements go on
        return Outcome(requirement, is_listed, ["".join(traceback.format_exception(error))], set())
    compared = comparison.Comparison(variables)
    compared.result(expectation.get("ExpectedResult") or {}, execution)
    compared.events(expectation.get("ExpectedExecutionHistory", []), history)
    compared.sequence(expectation.get("Sequence"), history)
    compared.error(expectation.get("Error"), execution)
    if expectation.get("ExpectedLogs"):
        compared.logs(expectation["ExpectedLogs"], log.messages(run.arn))
    if compared.problems:
        shown = [json.dumps(event) for event in history] + [json.dumps(execution)] + log.messages(run.arn)
        compared.problems.append("\n    ".join(["what happened:", *shown]))
    return Outcome(requirement, is_listed, compared.problems, compared.left_out)


def page(outcomes):
    parts = [(pathlib.Path(__file__).parent / "head.md").read_text()]
    suites = {}
    for outcome in outcomes:
        suites.setdefault(outcome.requirement.suite, []).append(outcome)
    rows = []
    for suite, of_suite in suites.items():
        met = sum(not outcome.problems for outcome in of_suite)
        basis = "AWS's data" if of_suite[0].is_listed else "own expectations"
        rows.append([suite, f"{met} of {len(of_suite)}", basis])
    parts.append(table(["suite", "met", "compared with"], rows))
    for suite, of_suite in suites.items():
        rows = [[f"{one.requirement.number} {one.requirement.title}", one.verdict(), one.not_shown()] for one in of_suite]
        parts += [f"## {suite}\n", table(["requirement", "", "not shown by the runner"], rows)]
    return "\n".join(parts)


def table(head, rows):
    return "".join(f"| {' | '.join(row)} |\n" for row in [head, ["---"] * len(head), *rows])


def main(coshell, runner, handlers, folder, requirements=None):
    handlers, folder = pathlib.Path(handlers), pathlib.Path(folder)
    requirements = requirements and pathlib.Path(requirements)
    wanted = re.compile(os.environ.get("COSHELL_DURABLE_ONLY", ""))
    chosen = [requirement for requirement in read_requirements(handlers) if wanted.search(requirement.function)]
    with programs.start(coshell, runner, handlers, folder) as (api, log):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            outcomes = list(pool.map(lambda one: check(one, requirements, api, log), chosen))
    for outcome in outcomes:
        if outcome.problems:
            print(f"{outcome.requirement.number} {outcome.requirement.title}:", *outcome.problems, sep="\n  ", file=sys.stderr)
    sys.stdout.write(page(outcomes))
    sys.exit(any(outcome.problems for outcome in outcomes))


if __name__ == "__main__":
    main(*sys.argv[1:])
