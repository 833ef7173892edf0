"""An app as anybody writes one for Azure: the tests of the hosts publish it as it lies here."""

import json
import logging
import os
import time
from pathlib import Path

import azure.functions as func

app = func.FunctionApp()


@app.route("open/{name}/{count:int?}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
def open_to_all(req: func.HttpRequest) -> func.HttpResponse:
    logging.warning("asked for %s", req.route_params["name"])
    told = {"params": dict(req.route_params), "query": dict(req.params), "body": req.get_body().decode(), "url": req.url}
    return func.HttpResponse(json.dumps(told), headers={"Set-Cookie": "a=b/c; Path=/; HttpOnly"}, mimetype="application/json")


@app.route("open/special", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def special(req: func.HttpRequest) -> str:
    return "the literal part wins"


@app.route("keyed", auth_level=func.AuthLevel.FUNCTION)
def keyed(req: func.HttpRequest) -> str:
    return "in"


@app.route("guarded", auth_level=func.AuthLevel.ADMIN)
def guarded(req: func.HttpRequest) -> str:
    return "in"


@app.route("environment", auth_level=func.AuthLevel.ANONYMOUS)
def environment(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps({**os.environ, "files_at_home": [file.name for file in Path.home().iterdir()]}), mimetype="application/json")


@app.route("sleep/{seconds}", auth_level=func.AuthLevel.ANONYMOUS)
def sleep(req: func.HttpRequest) -> str:
    time.sleep(float(req.route_params["seconds"]))
    return "slept"


@app.route("end", auth_level=func.AuthLevel.ANONYMOUS)
def end(req: func.HttpRequest) -> str:
    print("ending now", flush=True)  # noqa: T201  # what is printed is looked for
    os._exit(3)


@app.route("raise", auth_level=func.AuthLevel.ANONYMOUS)
def raising(req: func.HttpRequest) -> str:
    raise ValueError("no such luck")


@app.queue_trigger(arg_name="message", queue_name="work", connection="DATA")
def work(message: func.QueueMessage) -> None:
    logging.info("work %s, try %s", message.get_body().decode(), message.dequeue_count)
    if message.get_body() == b"bad":
        raise ValueError("not this one")


@app.route("put", auth_level=func.AuthLevel.ANONYMOUS)
@app.queue_output(arg_name="message", queue_name="elsewhere", connection="DATA")
def put(req: func.HttpRequest, message: func.Out[str]) -> str:
    message.set("hello")
    logging.getLogger("quiet").debug("nobody reads this")
    return "put"


@app.timer_trigger(arg_name="timer", schedule="%TICKS%")
def tick(timer: func.TimerRequest) -> None:
    logging.info("tick, past due: %s", timer.past_due)


@app.queue_trigger(arg_name="message", queue_name="nowhere", connection="LOST")
def lost(message: func.QueueMessage) -> None:
    raise AssertionError(message)
