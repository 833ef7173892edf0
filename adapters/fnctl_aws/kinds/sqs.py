"""`aws.sqs.queue`: a queue, or the dead-letter queue of one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.graph import Node, State
from fnctl_aws.kinds.base import Base, foreign, is_ours, own_tags, plain_name, tag_changes

EXISTS = ("QueueNameExists", "QueueAlreadyExists")
COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")


class Queue(Base):
    """Props: `visibility`, `retention`, `delay` (seconds), `fifo`, `dead_letter` (ARN or None), `max_receives`, `tags`."""

    rank = 70
    replaces = frozenset({"fifo"})

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Find it by its name."""
        url = self._url(node)
        found = self.client.find("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"]) if url else None
        if url is None or found is None:
            return None
        attributes = found["Attributes"]
        outputs = {"url": url, "arn": attributes["QueueArn"], "name": plain_name(node)}
        if not node.owned:
            return State(url, {}, outputs)
        tags = self._tags(url)
        if url != hint and not is_ours(props["tags"], tags):
            return None
        return State(url, {**_live(attributes), "tags": tags}, outputs)

    def _url(self, node: Node) -> str | None:
        found = self.client.find("sqs", "get_queue_url", QueueName=plain_name(node))
        return str(found["QueueUrl"]) if found else None

    def _tags(self, url: str) -> dict[str, str]:
        found = self.client.find("sqs", "list_queue_tags", QueueUrl=url)
        return own_tags(found.get("Tags") if found else None)

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Create it and wait until it answers, or set what differs."""
        node, attributes = change.node, _attributes(props)
        if state is None:
            url = self._create(node, props, attributes, run)
            state = self.client.wait(f"queue {node.name}", lambda: self.read(node, props, url, run), run)
        if any(state.props.get(key) != props[key] for key in props if key != "tags"):
            self.client.call("sqs", "set_queue_attributes", QueueUrl=state.id, Attributes=attributes)
        found: Any = state.props["tags"]
        put, gone = tag_changes(props["tags"], found)
        if put:
            self.client.call("sqs", "tag_queue", QueueUrl=state.id, Tags=put)
        if gone:
            self.client.call("sqs", "untag_queue", QueueUrl=state.id, TagKeys=gone)
        return State(state.id, props, state.outputs)

    def _create(self, node: Node, props: Mapping[str, Any], attributes: Mapping[str, str], run: Run) -> str:
        fifo = {"FifoQueue": "true"} if props["fifo"] else {}
        sent = {key: value for key, value in attributes.items() if value} | {"SqsManagedSseEnabled": "true"} | fifo

        # CreateQueue answers with somebody else's queue when its attributes happen to be equal: look first.
        there = self._url(node)
        if there:
            return self._adopt(node, props, there)
        try:
            # The client waits out the minute in which SQS does not take the name of a deleted queue again.
            made = self.client.call("sqs", "create_queue", run, QueueName=node.name, Attributes=sent, tags=props["tags"])
        except CloudError as error:
            if error.reason not in EXISTS:
                raise
            return self._adopt(node, props, self._url(node) or "")
        return str(made["QueueUrl"])

    def _adopt(self, node: Node, props: Mapping[str, Any], url: str) -> str:
        tags = self._tags(url)
        if not is_ours(props["tags"], tags):
            raise foreign(node.name, "queue", tags)
        return url

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Remove it with its messages; AWS takes up to a minute."""
        self.client.find("sqs", "delete_queue", QueueUrl=state.id)
        self.client.wait(f"queue {node.name} to be gone", lambda: True if self._url(node) is None else None, run, limit=120.0)

    def holds(self, node: Node, state: State, run: Run) -> str | None:
        """Count what waits, what is being worked on and what is delayed; SQS knows it only roughly."""
        found = self.client.find("sqs", "get_queue_attributes", QueueUrl=state.id, AttributeNames=list(COUNTS))
        count = sum(int(found["Attributes"].get(name, 0)) for name in COUNTS) if found else 0
        return f"about {count} message{'s' if count > 1 else ''}" if count else None


def _attributes(props: Mapping[str, Any]) -> dict[str, str]:
    """Return what can be set; an empty redrive policy removes one."""
    redrive = {"deadLetterTargetArn": props["dead_letter"], "maxReceiveCount": props["max_receives"]}
    return {
        "VisibilityTimeout": str(props["visibility"]),
        "MessageRetentionPeriod": str(props["retention"]),
        "DelaySeconds": str(props["delay"]),
        "RedrivePolicy": json.dumps(redrive) if props["dead_letter"] else "",
    }


def _live(attributes: Mapping[str, str]) -> dict[str, Any]:
    redrive = json.loads(attributes.get("RedrivePolicy") or "{}")
    received = redrive.get("maxReceiveCount")
    return {
        "visibility": int(attributes["VisibilityTimeout"]),
        "retention": int(attributes["MessageRetentionPeriod"]),
        "delay": int(attributes["DelaySeconds"]),
        "fifo": attributes.get("FifoQueue") == "true",
        "dead_letter": redrive.get("deadLetterTargetArn"),
        "max_receives": int(received) if received is not None else None,
    }
