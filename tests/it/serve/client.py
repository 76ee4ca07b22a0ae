"""boto3 against `coshell serve`: what a program that calls Lambda sees. Arguments: two URLs, the
second one with a time limit of 1 second.

The function answers 1 with its client context, fails on 2, sleeps on 3, meets another event on "a" and "b", else echoes.
"""

import base64
import json
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

CONFIG = Config(region_name="eu-west-1", retries={"total_max_attempts": 1}, read_timeout=60)
lambda_, hasty = (boto3.client("lambda", endpoint_url=url, config=CONFIG) for url in sys.argv[1:])


def invoke(event, **more):
    return lambda_.invoke(FunctionName="any-name", Payload=json.dumps(event), **more)


def body(answer):
    return json.loads(answer["Payload"].read())


def context(value):
    return base64.b64encode(json.dumps(value).encode()).decode()


def refusal(exception, **arguments):
    try:
        lambda_.invoke(FunctionName="any-name", **arguments)
    except exception as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"]
    raise AssertionError(f"no {exception.__name__}")


success = invoke({"a": "é"})
assert success["StatusCode"] == 200 and success["ExecutedVersion"] == "$LATEST", success
assert "FunctionError" not in success and body(success) == {"a": "é"}

assert body(lambda_.invoke(FunctionName="any-name")) == {}  # no payload
assert body(invoke(1, ClientContext=context({"custom": {"k": "v"}}))) == {"custom": {"k": "v"}}

error = invoke(2)
assert error["StatusCode"] == 200 and error["FunctionError"] == "Unhandled", error
assert body(error)["errorType"] == "Function.ExitStatus"

log = base64.b64decode(invoke(4, LogType="Tail")["LogResult"]).decode()
assert log.startswith("START RequestId: ") and "\nlogged 4\n" in log and "\nREPORT RequestId: " in log, log

late = body(hasty.invoke(FunctionName="any-name", Payload="3"))
assert late["errorType"] == "Sandbox.Timedout" and late["errorMessage"].endswith("Task timed out after 1.00 seconds"), late

with ThreadPoolExecutor(2) as both:
    assert list(both.map(lambda event: body(invoke(event)), ["a", "b"])) == ["b", "a"]

assert invoke(5, InvocationType="Event")["StatusCode"] == 202
assert invoke(6, InvocationType="DryRun")["StatusCode"] == 204

arn = "arn:aws:lambda:eu-west-1:111122223333:function:other"
assert body(lambda_.invoke(FunctionName=arn, Qualifier="live", Payload="7")) == 7
assert body(lambda_.invoke(FunctionName="any-name", TenantId="blue", Payload='"tenant"')) == "blue"

exceptions = lambda_.exceptions
assert refusal(exceptions.RequestTooLargeException, Payload=json.dumps("x" * (6 << 20))) == 413
assert refusal(exceptions.RequestTooLargeException, Payload=json.dumps("x" * (1 << 20)), InvocationType="Event") == 413
assert refusal(exceptions.InvalidRequestContentException, Payload="{") == 400
assert refusal(exceptions.InvalidRequestContentException, ClientContext="e30h") == 400
