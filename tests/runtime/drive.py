"""Calls a handler of an artifact as Lambda does: a process of its own that sees the artifact and the standard library, JSON in and out."""

import importlib
import json
import sys
import time
import traceback


class Context:
    """What awslambdaric gives, as far as it is documented."""

    def __init__(self, request_id):
        self.aws_request_id = request_id
        self.function_name = "orders-dev-sink"
        self.invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders-dev-sink:live"
        self._deadline = time.time() + 3

    def get_remaining_time_in_millis(self):
        return max(0, int((self._deadline - time.time()) * 1000))


def call(handler, index, event):
    try:
        return {"answer": json.loads(json.dumps(handler(event, Context(f"request-{index + 1}"))))}
    except Exception as error:  # as Lambda reports it
        return {"error": type(error).__name__, "message": str(error), "stack": traceback.format_exc()}


def main(folder, name, results):
    sys.path.insert(0, folder)
    events = json.load(sys.stdin)
    module, _, attribute = name.rpartition(".")
    try:
        handler = getattr(importlib.import_module(module.replace("/", ".")), attribute)
    except Exception as error:
        outcome = {"init": f"{type(error).__name__}: {error}"}
    else:
        outcome = {"calls": [call(handler, index, event) for index, event in enumerate(events)]}
    with open(results, "w", encoding="utf-8") as file:
        json.dump(outcome, file)


main(*sys.argv[1:])
