"""Lambda's documented events, through the whole shim, in both languages: the same CloudEvents come out."""

import json
from pathlib import Path
from typing import Any

import pytest

from fnctl.manifest.model import Trigger
from runtime.lambdas import EVERYTHING, HERE, Lambda, Outcome, node, python, stored

PYTHON = """
import json

def handler(event):
    names = "id source type subject time data datacontenttype attempt extensions".split()
    seen = {name: getattr(event, name) for name in names}
    if isinstance(event.data, bytes):
        seen["data"] = {"$bytes": event.data.hex()}
    print("SEEN " + json.dumps(seen))
    print("NATIVE " + json.dumps(event.native))
    if isinstance(event.data, dict) and event.data.get("n") in BAD:
        raise ValueError("bad message")
    return {"got": seen["data"]}
"""
NODE = """
export async function handler(event, context) {
  const { id, source, type, subject = null, time = null, datacontenttype, attempt, extensions } = event;
  const data = event.data instanceof Uint8Array ? { $bytes: Buffer.from(event.data).toString("hex") } : event.data;
  console.log("SEEN " + JSON.stringify({ id, source, type, subject, time, data, datacontenttype, attempt, extensions }));
  console.log("NATIVE " + JSON.stringify(event.native));
  if (BAD.includes(event.data?.n)) throw new RangeError("bad message");
  return { got: data };
}
"""
FIXTURES = sorted(path.stem for path in (HERE / "events").glob("*.json"))
LANGUAGES = ("python", "node")


def echo(language: str, folder: Path, bad: tuple[int, ...] = (), **options: Any) -> Lambda:
    if language == "python":
        return python(folder, "event", {"src/app.py": f"BAD = {list(bad)}\n{PYTHON}"}, **options)
    return node(folder, "event", f"const BAD = {list(bad)};\n{NODE}", **options)


def seen(outcome: Outcome, word: str = "SEEN") -> list[Any]:
    return [json.loads(line.removeprefix(word + " ")) for line in outcome.lines if line.startswith(word + " ")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_documented_events_arrive_as_cloudevents(language: str, tmp_path: Path) -> None:
    fixtures = [stored(name) for name in FIXTURES]
    outcome = echo(language, tmp_path).call(*(fixture["event"] for fixture in fixtures))
    expected = [event for fixture in fixtures for event in fixture["expected"]]
    for index, event in enumerate(expected):
        if event["type"] == "fnctl.invoke":
            event["id"] = f"request-{FIXTURES.index('invoke') + 1}"
        assert seen(outcome)[index] == event
    assert len(seen(outcome)) == len(expected)
    assert outcome.answers[FIXTURES.index("invoke")] == {"got": {"hello": "world"}}


@pytest.mark.parametrize("language", LANGUAGES)
def test_native_is_untouched_and_a_redelivery_has_the_same_id(language: str, tmp_path: Path) -> None:
    fixtures = [stored(name)["event"] for name in FIXTURES if name != "invoke"]
    outcome = echo(language, tmp_path).call(*fixtures, *fixtures)
    natives = seen(outcome, "NATIVE")
    half = len(natives) // 2
    assert natives[:half] == [record for event in fixtures for record in event.get("Records", [event])]
    ids = [event["id"] for event in seen(outcome)]
    assert ids[:half] == ids[half:]
    assert len(set(ids[:half])) == half - 2  # one order comes over a queue and over a bus, one occasion as two shapes of a schedule


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("fixture", "bad", "failed", "calls"),
    [
        ("queue", (1,), ["059f36b4-87a3-44ab-83d2-661975830a7d"], 3),
        ("queue", (), [], 3),
        ("queue-fifo", (2,), ["fifo-2", "fifo-3"], 3),
        ("stream", (1, 3), ["101"], 1),
        ("stream", (3,), ["103"], 3),
    ],
)
def test_what_failed_is_said_message_by_message(
    language: str, tmp_path: Path, fixture: str, bad: tuple[int, ...], failed: list[str], calls: int
) -> None:
    outcome = echo(language, tmp_path, bad).call(stored(fixture)["event"])
    assert outcome.answers == [{"batchItemFailures": [{"itemIdentifier": item} for item in failed]}]
    assert len(seen(outcome)) == calls
    errors = [line for line in outcome.logs if line["level"] == "ERROR"]
    assert len(errors) == (1 if failed else 0)
    for error in errors:
        assert (error["msg"], error["error"], error["request_id"], error["function"]) == ("event failed", "bad message", "request-1", "sink")
        assert "handler" in error["stack"]
        assert error["event_id"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_asynchronous_event_that_fails_fails_the_call(language: str, tmp_path: Path) -> None:
    event = json.loads(json.dumps(stored("topic")["event"]).replace('{\\"level\\"', '{\\"n\\": 1, \\"level\\"'))
    (call,) = echo(language, tmp_path, (1,)).call(event).calls
    assert call["message"] == "bad message"


WHOLE_PYTHON = "def handler(events):\n    print([event.id for event in events])\n    return [events[0], 'order-1']\n"
WHOLE_NODE = "export function handler(events) {\n  console.log(events.map((event) => event.id));\n  return [events[0], 'order-1'];\n}\n"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_whole_batch_is_handed_over_as_a_list(language: str, tmp_path: Path) -> None:
    triggers = (Trigger("queue", "jobs", "jobs", {"batch": "whole"}, ()),)
    files = {"src/app.py": WHOLE_PYTHON}
    made = python(tmp_path, "event", files, triggers=triggers) if language == "python" else node(tmp_path, "event", WHOLE_NODE, triggers=triggers)
    (answer,) = made.call(stored("queue")["event"]).answers
    failed = ["059f36b4-87a3-44ab-83d2-661975830a7d", "b9bb4db2-1dd1-4d8d-9c04-d8b4b0a3d1d6"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": item} for item in failed]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_trigger_is_found_by_its_physical_name(language: str, tmp_path: Path) -> None:
    more = (*EVERYTHING, Trigger("queue", "mail", "mail", {}, ()))
    event = stored("queue")["event"]
    foreign = json.loads(json.dumps(event).replace("orders-dev-jobs", "elsewhere"))
    outcome = echo(language, tmp_path, triggers=more).call(event, foreign)
    assert [found["source"] for found in seen(outcome)][::3] == ["/orders/queue/jobs", "/orders/queue/elsewhere"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_schedule_whose_placeholders_nobody_filled_in_is_due_this_minute(language: str, tmp_path: Path) -> None:
    event = {"fnctl": {"schedule": "1a2b3c4d", "time": "<aws.scheduler.scheduled-time>", "id": "<aws.scheduler.execution-id>", "input": [1]}}
    (found,) = seen(echo(language, tmp_path).call(event))
    assert found["time"].endswith(":00.000Z")
    assert found["id"] == f"1a2b3c4d@{found['time']}"
    assert found["data"] == [1]
    assert found["extensions"] == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_logs_carry_the_trace_and_the_correlation_of_the_event(language: str, tmp_path: Path) -> None:
    text = "import logging\ndef handler(event):\n    logging.getLogger('shop').info('got', extra={'amount': 3})\n    logging.debug('not this')\n"
    bundle = "export const handler = () => { console.info('got', { amount: 3 }); console.debug('not this'); };"
    made = python(tmp_path, "event", {"src/app.py": text}) if language == "python" else node(tmp_path, "event", bundle)
    env = {"_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"}
    first, second = made.call(stored("bus-cloudevent")["event"], stored("bus")["event"], env=env).logs
    assert first.items() >= {"level": "INFO", "msg": "got", "amount": 3, "service": "orders", "stage": "dev", "function": "sink"}.items()
    assert first.items() >= {"request_id": "request-1", "event_id": "order-1", "correlation_id": "c-9"}.items()
    assert first["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert second["trace_id"] == "5759e988bd862e3fe1be46a994272793"
    assert "correlation_id" not in second


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_http_request_is_no_event(language: str, tmp_path: Path) -> None:
    request = json.loads((HERE / "requests" / "http-api.json").read_text())["event"]
    (call,) = echo(language, tmp_path).call(request).calls
    assert call["message"] == "sink is of interface `event`, and was sent an HTTP request"
