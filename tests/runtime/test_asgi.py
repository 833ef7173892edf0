"""ASGI applications through the shim: streaming bodies, lifespan, the end of a request, and applications that break the protocol."""

import base64
import json
from pathlib import Path
from typing import Any

from runtime.lambdas import HERE, Outcome, python

REQUEST: dict[str, Any] = json.loads((HERE / "requests" / "http-api.json").read_text())["event"]

APP = """
import asyncio

LIFE = []

async def lifespan(receive, send, scope):
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            LIFE.append("up")
            scope["state"]["pool"] = LIFE
            await send({"type": "lifespan.startup.complete"})
        else:
            print("SHUTDOWN")
            await send({"type": "lifespan.shutdown.complete"})
            return

async def start(send, status=200, headers=()):
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})

async def body(send, data, more=False):
    await send({"type": "http.response.body", "body": data, "more_body": more})

async def stream(receive, send):
    await start(send, 201, [(b"X-A", b"1"), (b"x-a", b"2"), (b"Set-Cookie", b"a=1"), (b"set-cookie", b"b=2")])
    for part in (b"one,", b"two,", b"three"):
        await asyncio.sleep(0)
        await body(send, part, more=True)
    await body(send, b"")

async def disconnect(receive, send):
    watching = asyncio.ensure_future(gone(receive))
    await start(send)
    await asyncio.sleep(0)
    early = watching.done()
    await body(send, b"early" if early else b"late")
    print("GONE", await watching)

async def gone(receive):
    await receive()
    return (await receive())["type"]

async def background(receive, send):
    await start(send)
    await body(send, b"done")
    await asyncio.sleep(0.01)
    print("BACKGROUND")

async def binary(receive, send):
    await start(send)
    await body(send, bytes(range(256)))

async def state(receive, send):
    await start(send)
    await body(send, repr(LIFE).encode())

async def nothing(receive, send):
    await start(send)

async def twice(receive, send):
    await start(send)
    await start(send)

async def headless(receive, send):
    await body(send, b"x")

async def broken(receive, send):
    await start(send)
    raise RuntimeError("half-way")

async def late(receive, send):
    await start(send)
    await body(send, b"whole")
    await body(send, b"and more")

async def left(receive, send):
    raise SystemExit(3)

async def cancelled(receive, send):
    raise asyncio.CancelledError

async def page(receive, send):
    await start(send, 500)
    await body(send, b"sorry")
    raise RuntimeError("for the log")

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return await lifespan(receive, send, scope)
    assert scope["state"]["pool"] is LIFE and scope["query_string"] == b"tag=a&tag=b%20c&empty="
    await globals()[scope["path"].strip("/")](receive, send)
"""


def asked(path: str) -> dict[str, Any]:
    return {**REQUEST, "rawPath": path}


def call(folder: Path, *paths: str, text: str = APP) -> Outcome:
    return python(folder, "asgi", {"src/app.py": text}, "src/app.py:app", triggers=()).call(*map(asked, paths))


def test_bodies_in_parts_are_put_together(tmp_path: Path) -> None:
    stream, binary = call(tmp_path, "/stream", "/binary").answers
    assert (stream["statusCode"], stream["body"]) == (201, "one,two,three")
    assert stream["headers"] == {"x-a": "1, 2"}
    assert stream["cookies"] == ["a=1", "b=2"]
    assert (base64.b64decode(binary["body"]), binary["isBase64Encoded"]) == (bytes(range(256)), True)


def test_the_lifespan_starts_once_and_ends_with_the_process(tmp_path: Path) -> None:
    outcome = call(tmp_path, "/state", "/state")
    assert [answer["body"] for answer in outcome.answers] == ["['up']", "['up']"]
    assert outcome.lines == ["SHUTDOWN"]


def test_the_client_is_gone_when_the_answer_is_complete_and_not_before(tmp_path: Path) -> None:
    outcome = call(tmp_path, "/disconnect")
    assert outcome.answers[0]["body"] == "late"
    assert "GONE http.disconnect" in outcome.lines


def test_work_after_the_answer_is_finished_before_the_platform_freezes_us(tmp_path: Path) -> None:
    assert "BACKGROUND" in call(tmp_path, "/background").lines


def test_an_application_that_breaks_the_protocol_is_a_500_and_the_next_request_works(tmp_path: Path) -> None:
    outcome = call(tmp_path, "/nothing", "/twice", "/headless", "/broken", "/unknown", "/cancelled", "/left", "/state")
    assert [answer["statusCode"] for answer in outcome.answers] == [500] * 7 + [200]
    assert [line["error"] for line in outcome.logs] == [
        "the application ended without a complete answer",
        "the answer was started twice",
        "a body came before the start of the answer",
        "half-way",
        "'unknown'",
        "the handler's own work was cancelled, and nothing caught that",
        "the handler called sys.exit(3)",
    ]


def test_an_application_that_answers_and_then_raises_keeps_its_answer_and_is_logged(tmp_path: Path) -> None:
    outcome = call(tmp_path, "/page", "/late", "/state")
    assert [(answer["statusCode"], answer["body"]) for answer in outcome.answers] == [(500, "sorry"), (200, "whole"), (200, "['up']")]
    assert [(line["msg"], line["error"], line["path"]) for line in outcome.logs] == [
        ("request failed", "for the log", "/page"),
        ("request failed", "a body came after the end of the answer", "/late"),
    ]


def test_a_startup_that_fails_says_so_before_the_first_request(tmp_path: Path) -> None:
    text = """
async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})
    raise RuntimeError("as Starlette does")
"""
    assert call(tmp_path, "/x", text=text).init == "ProtocolError: the application's startup failed: no database"
