"""Where `idempotent` keeps its claims on AWS: one item a key in a DynamoDB table, written on conditions."""

from __future__ import annotations

from fnctl_aws.runtime.calls import CallError, ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_FREE = "attribute_not_exists(#k) OR #x <= :now OR #o = :owner OR (attribute_not_exists(#a) AND #u <= :ms)"


class Claims:
    """The store of `once`.

    An item has the table's own key, `owner`, `until` (milliseconds) or `answer` (JSON), and when it expires (seconds: what a table's `ttl` wants).
    """

    def __init__(self, config: Mapping[str, Any], environ: Mapping[str, str]) -> None:
        said = config["idempotent"]
        self._table = environ[said["table"]]
        self._key = said["attribute"]
        self._environ = environ
        self._names = {"#k": self._key, "#x": said["expires"], "#o": "owner", "#u": "until", "#a": "answer"}

    def claim(self, key: str, owner: str, *, now: float, until: float, expires: float) -> str | None:
        """See `fnctl_runtime.once.Store`."""
        own = {self._key: _text(key), "owner": _text(owner), "until": _number(until * 1000), self._names["#x"]: _number(expires)}
        values = {":now": _number(now), ":ms": _number(now * 1000), ":owner": _text(owner)}
        words = {"Item": own, "ReturnValuesOnConditionCheckFailure": "ALL_OLD", "ConditionExpression": _FREE}
        try:
            self._ask("PutItem", {**words, "ExpressionAttributeNames": self._names, "ExpressionAttributeValues": values})
        except CallError as error:
            if error.kind != "ConditionalCheckFailedException":
                raise
            found: Mapping[str, Any] = error.answer.get("Item") or self._read(key)
            return str(found["answer"]["S"]) if "answer" in found else ""
        return None

    def _read(self, key: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._ask("GetItem", {"Key": {self._key: _text(key)}, "ConsistentRead": True}).get("Item") or {}
        return found

    def complete(self, key: str, owner: str, answer: str, *, expires: float) -> bool:
        """See `fnctl_runtime.once.Store`."""
        values = {":owner": _text(owner), ":answer": _text(answer), ":expires": _number(expires)}
        change = "SET #a = :answer, #x = :expires REMOVE #u"
        return self._conditional("UpdateItem", key, ("#a", "#x", "#u"), "#o = :owner", values, {"UpdateExpression": change})

    def release(self, key: str, owner: str) -> None:
        """See `fnctl_runtime.once.Store`."""
        self._conditional("DeleteItem", key, ("#a",), "#o = :owner AND attribute_not_exists(#a)", {":owner": _text(owner)}, {})

    def _conditional(self, verb: str, key: str, names: tuple[str, ...], condition: str, values: Mapping[str, Any], more: Mapping[str, Any]) -> bool:
        words = {"Key": {self._key: _text(key)}, "ConditionExpression": condition, "ExpressionAttributeValues": values, **more}
        try:
            self._ask(verb, {**words, "ExpressionAttributeNames": {name: self._names[name] for name in ("#o", *names)}})
        except CallError as error:
            if error.kind != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def _ask(self, verb: str, words: Mapping[str, Any]) -> dict[str, Any]:
        return ask("dynamodb", f"DynamoDB_20120810.{verb}", {"TableName": self._table, **words}, self._environ, version="1.0", keep=True)


def _text(value: str) -> dict[str, str]:
    return {"S": value}


def _number(value: float) -> dict[str, str]:
    return {"N": str(int(value))}
