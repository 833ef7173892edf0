"""Log lines: one JSON object a call, under Lambda's own handlers too, and nothing wrapped twice."""

import json
import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from fnctl.manifest.model import Logs
from fnctl_runtime.invocation import Invocation, current, enter
from runtime.lambdas import node, python

PYTHON = """
import logging, sys, threading

def handler(event):
    print("printed")
    logging.warning("careful %s", "now", extra={"level": "mine", "amount": 3, "when": object})
    logging.debug("quiet")
    try:
        1 / 0
    except ZeroDivisionError:
        logging.exception("sums")
    thread = threading.Thread(target=logging.info, args=("from a thread",))
    thread.start()
    thread.join()
"""

# What awslambdaric 4 sets up before it imports the handler: its formatter marks the record for the frame that its sink writes.
PLATFORM = """
import json, logging, sys

class Platform(logging.Formatter):
    def format(self, record):
        record._frame_type = {"INFO": "info frame"}.get(record.levelname, "other frame")
        return json.dumps({"timestamp": "", "message": record.getMessage()}) + "\\n"

class LambdaLoggerHandlerWithFrameType(logging.Handler):
    def emit(self, record):
        text = self.format(record)
        sys.stdout.write(record._frame_type + " " + text)

handler = LambdaLoggerHandlerWithFrameType()
handler.setFormatter(Platform())
logging.getLogger().addHandler(handler)
import _fnctl_aws
handler = _fnctl_aws.handler
"""


def test_a_line_of_python(tmp_path: Path) -> None:
    outcome = python(tmp_path, "event", {"src/app.py": PYTHON}).call({})
    assert outcome.lines[0] == "printed"
    careful, sums, thread = outcome.logs
    assert len(outcome.lines) == 4
    assert list(careful)[:4] == ["time", "level", "msg", "logger"]
    assert careful.items() >= {"level": "WARN", "msg": "careful now", "logger": "root", "amount": 3, "when": "<class 'object'>"}.items()
    assert (sums["error_type"], sums["error"]) == ("ZeroDivisionError", "division by zero")
    assert "Traceback" in sums["stack"]
    assert (thread["msg"], thread["request_id"]) == ("from a thread", "request-1")


def test_lambdas_own_handler_keeps_its_frame_and_writes_our_line(tmp_path: Path) -> None:
    made = python(tmp_path, "event", {"src/app.py": PYTHON})
    (made.folder / "platform_first.py").write_text(PLATFORM)
    outcome = type(made)(made.folder, type(made.shim)((), "platform_first.handler", "")).call({})
    frames = [line.split(" frame ") for line in outcome.lines if " frame " in line]
    assert [frame for frame, _ in frames] == ["other", "other", "info"]
    lines = [json.loads(line) for _, line in frames]
    assert [line["msg"] for line in lines] == ["careful now", "sums", "from a thread"]
    assert all(line["request_id"] == "request-1" and "timestamp" not in line for line in lines)
    assert len(outcome.lines) == 4


@pytest.mark.parametrize(("level", "words"), [("debug", ["WARN", "DEBUG", "ERROR", "INFO"]), ("warning", ["WARN", "ERROR"]), ("error", ["ERROR"])])
def test_the_manifests_level_decides(tmp_path: Path, level: str, words: list[str]) -> None:
    outcome = python(tmp_path, "event", {"src/app.py": PYTHON}, logs=Logs(level=level)).call({})
    assert [line["level"] for line in outcome.logs] == words


def test_text_leaves_lambdas_own_lines_as_they_are(tmp_path: Path) -> None:
    made = python(tmp_path, "event", {"src/app.py": PYTHON}, logs=Logs(format="text"))
    (made.folder / "platform_first.py").write_text(PLATFORM)
    outcome = type(made)(made.folder, type(made.shim)((), "platform_first.handler", "")).call({})
    assert [json.loads(line.split(" frame ")[1])["message"] for line in outcome.lines[1:]] == ["careful now", "sums", "from a thread"]


NODE = """
export function handler() {
  console.log("printed", { a: 1 });
  const circle = { name: "c" };
  circle.self = circle;
  console.warn("careful %s", "now", { level: "mine", amount: 3, big: 10n, circle });
  console.debug("quiet");
  console.error(new RangeError("sums"));
  console.error("with a word", new RangeError("sums"), { amount: 4 });
  console.info("plain", [1]);
}
"""


def test_a_line_of_node(tmp_path: Path) -> None:
    outcome = node(tmp_path, "event", NODE).call({}, env={"AWS_LAMBDA_LOG_FORMAT": "JSON"})
    assert "printed { a: 1 }" in outcome.lines
    by_message = {line["msg"]: line for line in outcome.logs}
    careful, alone, word, plain = (by_message[text] for text in ("careful now", "sums", "with a word", "plain [ 1 ]"))
    assert len(outcome.logs) == 4
    assert careful.items() >= {"level": "WARN", "amount": 3, "big": "10", "request_id": "request-1", "function": "sink"}.items()
    assert careful["circle"] == {"name": "c", "self": "[seen above]"}
    assert careful["timestamp"] == careful["time"]
    assert (alone["error_type"], alone["error"]) == ("RangeError", "sums")
    assert (word["error"], word["amount"]) == ("sums", 4)
    assert plain["level"] == "INFO"


def test_the_running_invocation_is_seen_from_a_thread() -> None:
    enter(Invocation("r-1", deadline=0.0))
    seen: list[Any] = []
    thread = threading.Thread(target=lambda: seen.append(current()))
    thread.start()
    thread.join()
    assert [invocation.request_id for invocation in seen] == ["r-1"]
    assert seen[0].remaining() == 0.0
    assert logging.getLogger("fnctl").handlers == []
