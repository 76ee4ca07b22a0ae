"""Compares what happened in an execution with a requirement, by the rules of AWS's conformance suite: `*` is anything, `${NAME}` binds a
value and must match it again, `${/PATTERN/}` is a regular expression, and what a requirement does not list is not compared."""

import json
import re

VARIABLE = re.compile(r"\$\{(\w+)\}")
PATTERN = re.compile(r"\$\{/(.*)/\}")

# What the local runner 1.4.0 does not write: the type of the event, the member, and how the page names it.
NOT_WRITTEN = {
    ("InvocationCompleted", "InvocationCompletedDetails"): None,
    ("StepSucceeded", "RetryDetails"): "attempts",
    ("CallbackStarted", "Timeout"): "time limit",
    ("CallbackStarted", "HeartbeatTimeout"): "time limit of the heartbeat",
    ("StepSucceeded", "Payload"): "state",
}
UNLISTED = {"ExecutionStarted", "ExecutionSucceeded", "ExecutionFailed", "InvocationCompleted"}


def substitute(expected, variables):
    """Puts the values of variables in; other names stay."""
    if isinstance(expected, dict):
        return {name: substitute(value, variables) for name, value in expected.items()}
    if isinstance(expected, list):
        return [substitute(value, variables) for value in expected]
    if isinstance(expected, str):
        return VARIABLE.sub(lambda found: variables.get(found[1], found[0]), expected)
    return expected


class Comparison:
    def __init__(self, variables):
        self.bound = dict(variables)
        self.problems = []
        self.left_out = set()

    def result(self, expected, execution):
        """A result is compared as the value that its JSON has; text that is not JSON stands for itself."""
        if "ExecutionStatus" in expected and execution["Status"] != expected["ExecutionStatus"]:
            self.problems.append(f"the status is {execution['Status']}: {execution.get('Error')}")
        if "Result" in expected:
            text = execution.get("Result")
            try:
                found = json.loads(text)
            except (TypeError, ValueError):
                found = text
            if found != expected["Result"]:
                self.problems.append(f"the result is {found!r}, and not {expected['Result']!r}")

    def error(self, expected, execution):
        """The type of the error and the beginning of its message."""
        error = execution.get("Error") or {}
        found = f"{error.get('ErrorType')} {error.get('ErrorMessage')}"
        if expected is not None and not found.startswith(expected):
            self.problems.append(f"the error is {found!r}, and not {expected!r}")

    def events(self, expected, history):
        by_id = {event["EventId"]: event for event in history}
        for event in expected:
            found = by_id.get(event["EventId"])
            if found is None:
                self.problems.append(f"there is no event {event['EventId']} ({event['EventType']})")
            else:
                self.match(event, found, event["EventType"], f"event {event['EventId']}")

    def match(self, expected, found, event_type, path):
        if expected == "*":
            return
        if isinstance(expected, dict):
            if not isinstance(found, dict):
                self.problems.append(f"{path} is {found!r}, and not an object")
                return
            for name, value in expected.items():
                if name not in found and (event_type, name) in NOT_WRITTEN:
                    self.left_out.update(filter(None, [NOT_WRITTEN[event_type, name]]))
                else:
                    self.match(value, found.get(name), event_type, f"{path}: {name}")
            return
        if isinstance(expected, str):
            pattern, variable = PATTERN.fullmatch(expected), VARIABLE.fullmatch(expected)
            if pattern:
                if not re.search(pattern[1], str(found)):
                    self.problems.append(f"{path} is {found!r}, and does not match {pattern[1]}")
                return
            if variable:
                expected = self.bound.setdefault(variable[1], found)
        if expected != found:
            self.problems.append(f"{path} is {found!r}, and not {expected!r}")

    def sequence(self, expected, history):
        """The types of the events in order, each with its name after a `/` if that is expected."""
        if expected is None:
            return
        events = [event for event in history if event["EventType"] not in UNLISTED]
        found = [(event["EventType"], event.get("Name")) for event in events]
        wanted = [tuple(entry.partition("/")[::2]) for entry in expected]
        is_same = len(found) == len(wanted) and all(
            type == wanted_type and (not wanted_name or name == wanted_name)
            for (type, name), (wanted_type, wanted_name) in zip(found, wanted)
        )
        if not is_same:
            self.problems.append(f"the events are {found}, and not {expected}")

    def logs(self, expected, messages):
        for entry in expected:
            pattern = entry["match"]["message"].strip("/")
            count = sum(bool(re.search(pattern, message)) for message in messages)
            if count != entry["count"]:
                self.problems.append(f"{count} log messages match {pattern}, and not {entry['count']}: {messages}")
