"""What ties calls together: the trace and the correlation, from headers, messages and X-Ray in, and on to what a handler asks or sends."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fnctl_runtime.event import Event
from fnctl_runtime.invocation import Invocation, enter, trace_id, traceparent
from runtime.lambdas import HERE, Lambda, node, python, stored

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
XRAY = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
FROM_XRAY = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"
LANGUAGES = ("python", "node")
MODULE = Path(__file__).parents[2] / "cli/fnctl_runtime/node/invocation.mjs"

CASES = [
    (PARENT, XRAY, PARENT),
    (None, XRAY, FROM_XRAY),
    ("nonsense", "Parent=53995c3f42cd8ad8;Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0", FROM_XRAY[:-1] + "0"),
    (None, "Root=1-5759e988-bd862e3fe1be46a994272793", None),
    ("00-short-b7ad6b7169203331-01", "", None),
    (None, "Root=1-", None),
    (None, None, None),
]


@pytest.mark.parametrize(("given", "xray", "expected"), CASES)
def test_a_traceparent_is_the_callers_or_made_of_x_rays(given: str | None, xray: str | None, expected: str | None) -> None:
    assert traceparent(given, xray) == expected
    assert trace_id(given, xray) == (expected.split("-")[1] if expected else ("5759e988bd862e3fe1be46a994272793" if "57" in (xray or "") else None))


def test_node_reads_traces_alike() -> None:
    pairs = json.dumps([[given, xray] for given, xray, _ in CASES]).replace("null", "undefined")
    code = f"import {{ traceId, traceparentOf }} from {MODULE.as_uri()!r};\n"
    code += f"console.log(JSON.stringify({pairs}.map((pair) => [traceparentOf(...pair) ?? null, traceId(...pair) ?? null])));"
    done = subprocess.run(["node", "--input-type=module", "-e", code], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == [[expected, trace_id(given, xray)] for given, xray, expected in CASES]


HTTP = {
    "python": "from fnctl_runtime import current, trace\ndef handler(request):\n    return {'on': trace(), 'about': current().correlation_id}\n",
    "node": "export const handler = (request, context) => ({ on: context.trace(), about: context.correlationId ?? null });",
}


def made(language: str, folder: Path, interface: str, text: str) -> Lambda:
    return python(folder, interface, {"src/app.py": text}) if language == "python" else node(folder, interface, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_request_hands_its_trace_and_its_correlation_on(language: str, tmp_path: Path) -> None:
    request: dict[str, Any] = json.loads((HERE / "requests" / "http-api.json").read_text())["event"]
    headers = {"traceparent": PARENT, "tracestate": "a=1", "X-Correlation-Id": "c-7"}
    traced = {**request, "headers": {**request["headers"], **headers}}
    outcome = made(language, tmp_path, "function", HTTP[language]).call(traced, request, env={"_X_AMZN_TRACE_ID": XRAY})
    first, second = (json.loads(answer["body"]) for answer in outcome.answers)
    assert first == {"on": {"traceparent": PARENT, "tracestate": "a=1", "x-correlation-id": "c-7"}, "about": "c-7"}
    assert second == {"on": {"traceparent": FROM_XRAY}, "about": None}


FOLLOW = {
    "python": """
import json
def handler(event):
    print("SENT " + json.dumps([event.follow("order.paid", {"n": 1}).to_dict(), event.follow("order.paid", name="second", source="/x").to_dict()]))
""",
    "node": """
export function handler(event) {
  console.log("SENT " + JSON.stringify([event.follow("order.paid", { n: 1 }), event.follow("order.paid", null, { name: "second", source: "/x" })]));
}
""",
}


def test_what_an_event_leads_to_has_a_derived_id_in_both_languages(tmp_path: Path) -> None:
    sent = {}
    for language in LANGUAGES:
        event = stored("bus-cloudevent")["event"]
        outcome = made(language, tmp_path / language, "event", FOLLOW[language]).call(event, event)
        sent[language] = [json.loads(line.removeprefix("SENT ")) for line in outcome.lines if line.startswith("SENT ")]
    first, again = ([{**event, "time": ""} for event in events] for events in sent["python"])
    assert first == again
    assert [[{**event, "time": ""} for event in events] for events in sent["node"]] == [first, again]
    paid, second = first
    assert paid.items() >= {"source": "/shop", "type": "order.paid", "data": {"n": 1}, "specversion": "1.0"}.items()
    assert paid.items() >= {"correlationid": "c-9", "causationid": "order-1", "traceparent": PARENT}.items()
    assert paid["id"] != second["id"]
    assert second["source"] == "/x"


def test_the_first_event_of_a_chain_gives_it_its_correlation() -> None:
    enter(Invocation("r-1"))
    following = Event("e-1", "/s", "t").follow("u")
    assert following.extensions == {"correlationid": "e-1", "causationid": "e-1"}
