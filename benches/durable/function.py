"""The durable function of the bench for AWS's Python SDK: the same as function.sh."""

import time

from aws_durable_execution_sdk_python import durable_execution
from aws_durable_execution_sdk_python.config import Duration


def run(event, context):
    begun = time.perf_counter()
    for number in range(event):
        context.step(lambda _: None, name=f"step {number}")
    return int((time.perf_counter() - begun) * 1e6)


@durable_execution
def steps(event, context):
    return run(event, context)


@durable_execution
def replayed(event, context):
    took = run(event, context)
    context.wait(Duration.from_seconds(1))
    return took
