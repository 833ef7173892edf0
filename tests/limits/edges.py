"""For every limit that a rule counts: a manifest with exactly so much of it, and which finding comes with one unit more (or less, for a minimum)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from fnctl.diagnostics import Severity
from fnctl.manifest.model import Function, Resource, Service, Trigger
from fnctl_aws.limits.filled import compact
from fnctl_aws.translate.policy import function_policy
from fnctl_aws.translate.schedule import payload

Manifest: TypeAlias = dict[str, Any]
Words: TypeAlias = Mapping[str, Any]
KB, MB, GB = 1024, 1024**2, 1024**3
TASK = {"handler": "a.py:b", "interface": "task"}


@dataclass(frozen=True)
class Edge:
    """`make` writes a manifest (or a Service, where a text of that size takes seconds) with an amount. `step` leads just over the edge.

    `severity` stands here only where it is not the limit's own: a rule may know that nothing is refused, or that something is for certain.
    `size` is for what a build leaves: the amount in bytes, or of files. `plans` are those that have an edge.
    """

    code: str
    make: Callable[[Any], Manifest | Service]
    step: float = 1
    severity: Severity | Mapping[str, Severity] | None = None
    plans: tuple[str, ...] | None = None
    size: Literal["packed", "unpacked", "files"] | None = None
    warned: bool = False
    """The number itself is what is warned of; one more is fine."""


def one(resources: Words | None = None, more: Words | None = None, **words: Any) -> Manifest:
    """Write a manifest with one function."""
    return {"functions": {"api": {"handler": "a.py:b", **words}}, "resources": resources or {}, **(more or {})}


def several(count: int, trigger: Callable[[int], Words], resources: Words | None = None) -> Manifest:
    """Write one function for each trigger."""
    return {"functions": {f"f{n}": {"handler": "a.py:b", "triggers": [trigger(n)]} for n in range(count)}, "resources": resources or {}}


def aws(resources: Words | None = None, **words: Any) -> Manifest:
    """Write a function with words of AWS's own."""
    return one(resources, targets={"aws": words})


def pictured(**words: Any) -> Manifest:
    """Write a function that is an image."""
    return one(handler=None, image={"uri": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:1", **words})


def listens(kind: str, option: str, spelt: Callable[[Any], Any] = lambda value: value, **more: Any) -> Callable[[Any], Manifest]:
    """Write a function that listens to a resource, with one option of its trigger."""
    fifo = {"fifo": True} if more.pop("fifo", False) else {}
    resource = {"r": {"type": kind, **({"key": "id"} if kind == "table" else fifo)}}
    return lambda value: one(resource, triggers=[{kind: {"name": "r", option: spelt(value), **more}}])


def keeps(type_: str, option: str, **more: Any) -> Callable[[Any], Manifest]:
    """Write a resource with one option."""
    return lambda value: one({"r": {"type": type_, option: value, **more}})


def called(type_: str, target: str = "aws", engine: str | None = None, **more: Any) -> Callable[[int], Manifest]:
    """Write a resource whose own name has so many characters."""
    made_of = {"engine": engine} if engine else {}
    return lambda count: one({"r": {"type": type_, **more, "targets": {target: {"name": "n" * count, **made_of}}}})


def retried(option: str, trigger: Words, type_: str | None = None) -> Callable[[int], Manifest]:
    return lambda value: one({"r": {"type": type_}} if type_ else {}, retry={option: value}, triggers=[trigger])


def cors(word: str, make: Callable[[int], Any]) -> Callable[[int], Manifest]:
    def manifest(count: int) -> Manifest:
        http = {"http": {"method": "GET", "path": "/", "cors": {word: make(count)}}}
        return one(triggers=[http], targets={"aws": {"http": "function_url"}})

    return manifest


def names(count: int) -> list[str]:
    return [f"X-{n}" for n in range(count)]


def owned(**counts: int) -> Service:
    """Make a service of so many things: a manifest of that many would take seconds to read."""
    kinds = {"bucket": "bucket", "table": "table", "topic": "topic", "fifo": "topic"}
    resources = {
        f"{word}{n}": Resource(f"{word}{n}", kinds[word], {"fifo": True} if word == "fifo" else {})  # type: ignore[arg-type]  # a type
        for word, count in counts.items()
        if word in kinds
        for n in range(count)
    }
    functions = {f"f{n}": Function(f"f{n}", "a.py", "b", "event", "python3.13") for n in range(counts.get("functions", 0))}
    secrets = tuple(f"S{n}" for n in range(counts.get("secrets", 0)))
    return Service("shop", "dev", "aws", {}, functions, resources, {}, secrets, Path())


def scheduled(size: float) -> Manifest:
    """Write a schedule whose whole payload has so many KB."""
    bare = len(payload(Trigger("schedule", "0" * 8, None, {"cron": "0 3 * * *", "input": ""}, ())))
    return one(triggers=[{"schedule": {"cron": "0 3 * * *", "input": "x" * (round(size * KB) - bare)}}])


def rights(size: int) -> Manifest:
    """Write a function whose rights have so many characters: secrets, the last of them with a name that fills up."""
    room = [f"S{n:03}" + "X" * 40 for n in range(120)]
    length = 0
    chosen: list[str] = []
    while (left := size - length) > 0:
        chosen.append(room[len(chosen)])
        made = Function("api", "a.py", "b", "event", "python3.13", secrets=tuple(chosen))
        service = Service("shop", "dev", "aws", {}, {"api": made}, {}, {}, (), Path())
        left, length = left, len(compact(service, function_policy(service, made)))
    chosen[-1] = chosen[-1][: len(chosen[-1]) - (length - size)]
    return one(secrets=chosen, more={"secrets": chosen})


def built(count: int) -> Manifest:
    return one()


def issuers(count: int) -> Manifest:
    return one(triggers=[{"http": {"method": "GET", "path": f"/{n}", "auth": {"issuer": f"https://{n}.example"}}} for n in range(count)])


def token(word: str) -> Callable[[int], Manifest]:
    return lambda count: one(
        triggers=[{"http": {"method": "GET", "path": "/", "auth": {"issuer": "https://login.example", "audience": "a", word: names(count)}}}]
    )


def routes(count: int) -> Manifest:
    """Write routes, with a folder that takes the rest: it needs two, unless its own is there."""
    return one(triggers=[{"http": "GET /"}, {"http": "GET /{path*}"}, *({"http": f"GET /r/{n}"} for n in range(count - 2))])


def behind(count: int) -> Manifest:
    return {**several(count, lambda n: {"http": f"GET /{n}"}), "limits": {"aws": {"http_api.routes": 1000}}}


def hidden(times: float) -> Manifest:
    """Write a queue that hides its messages for a multiple of a minute's work."""
    return one({"jobs": {"type": "queue", "visibility": round(times * 60)}}, timeout=60, triggers=[{"queue": "jobs"}])


def physical(count: int) -> Manifest:
    """Write a name of `SERVICE-dev-FUNCTION`, in so many characters."""
    return {"service": "s" * (count - 25), "functions": {"f" * 20: {"handler": "a.py:b"}}, "rules": {"extends": "strict"}}


def mapped(count: int) -> Manifest:
    step = {"id": "all", "map": "= $input.items", "as": "item", "concurrency": count, "steps": [{"id": "one", "task": "api"}]}
    return {"functions": {"api": TASK}, "workflows": {"ship": {"steps": [step]}}}


def lasting(seconds: int) -> Manifest:
    return {"functions": {"api": TASK}, "workflows": {"ship": {"timeout": seconds, "steps": [{"id": "one", "task": "api"}]}}}


def filtered(kind: str) -> Callable[[int], Manifest]:
    return lambda size: listens(kind, "filter")({"a": ["x" * (size - len('{"a":[""]}'))]})


BUCKET, SCHEDULE = {"bucket": "r"}, {"schedule": "every 1h"}
LAYER = "arn:aws:lambda:eu-west-1:123456789012:layer:shared:1"

AWS: dict[str, Edge] = {
    "lambda.function.name": Edge("AWS121", physical, severity="advice"),
    "lambda.description": Edge("AWS106", lambda n: one(description="x" * (n - 56))),  # fnctl's own mark has the rest
    "lambda.handler": Edge("AWS119", lambda n: one(interface="native", handler=f"{'x' * (n - 2)}.py:h")),
    "lambda.timeout": Edge("AWS101", lambda n: one(timeout=n)),
    "lambda.timeout.min": Edge("AWS101", lambda n: one(timeout=f"{n}s")),
    "lambda.memory": Edge("AWS102", lambda n: one(memory=n)),
    "lambda.memory.min": Edge("AWS102", lambda n: one(memory=n)),
    "lambda.scratch": Edge("AWS103", lambda n: aws(ephemeral_storage=n)),
    "lambda.scratch.min": Edge("AWS103", lambda n: aws(ephemeral_storage=n)),
    "lambda.zip.upload": Edge("ADV011", built, 1 / MB, size="packed"),
    "lambda.zip.unpacked": Edge("AWS140", built, 1 / MB, size="unpacked"),
    "lambda.environment": Edge("AWS115", lambda n: one(env={"AA": "é" * 8 + "x" * (n - 18)})),
    "lambda.environment.name.min": Edge("AWS114", lambda n: one(env={"A" * n: "x"})),
    "lambda.layers": Edge("AWS112", lambda n: one(layers=[LAYER] * n)),
    "lambda.image.words": Edge("AWS127", lambda n: pictured(command=["x"] * n)),
    "lambda.image.directory": Edge("AWS127", lambda n: pictured(working_directory="/" + "x" * (n - 1))),
    "lambda.vpc.subnets": Edge("AWS125", lambda n: aws(vpc={"subnets": names(n), "security_groups": ["sg"]})),
    "lambda.vpc.security_groups": Edge("AWS125", lambda n: aws(vpc={"subnets": ["s"], "security_groups": names(n)})),
    "lambda.tags": Edge("AWS123", lambda n: one(tags=dict.fromkeys(names(n - 3), "x"))),  # three are fnctl's
    "lambda.tag.key": Edge("AWS123", lambda n: one(tags={"k" * n: "x"})),
    "lambda.tag.value": Edge("AWS123", lambda n: one(tags={"k": "x" * n})),
    "lambda.concurrency": Edge("AWS131", lambda n: one(concurrency={"reserved": n - 100}), severity="error"),
    "lambda.concurrency.unreserved": Edge("AWS131", lambda n: one(concurrency={"reserved": 1000 - n}), -1),
    "lambda.snapstart.scratch": Edge("AWS128", lambda n: aws(snap_start=True, ephemeral_storage=n)),
    "lambda.async.attempts": Edge("AWS135", retried("max", BUCKET, "bucket")),
    "lambda.async.age": Edge("AWS136", retried("max_age", BUCKET, "bucket")),
    "lambda.async.age.min": Edge("AWS136", retried("max_age", BUCKET, "bucket")),
    "lambda.url.cors.methods": Edge("AWS206", cors("methods", lambda n: [f"M{i}" for i in range(n)])),
    "lambda.url.cors.method": Edge("AWS206", cors("methods", lambda n: ["x" * n, "OPTIONS"])),
    "lambda.url.cors.origins": Edge("AWS206", cors("origins", names)),
    "lambda.url.cors.origin": Edge("AWS206", cors("origins", lambda n: ["x" * n])),
    "lambda.url.cors.headers": Edge("AWS206", cors("headers", names)),
    "lambda.url.cors.age": Edge("AWS206", cors("max_age", lambda n: n)),
    "lambda.mapping.batch": Edge("AWS111", listens("queue", "batch")),
    "lambda.mapping.batch.fifo": Edge("AWS111", listens("queue", "batch", fifo=True)),
    "lambda.mapping.batch.no_window": Edge("AWS142", listens("queue", "batch", window=0)),
    "lambda.mapping.window": Edge("AWS142", listens("queue", "window")),
    "lambda.mapping.window.fifo": Edge("AWS142", listens("queue", "window", fifo=True)),
    "lambda.mapping.concurrency": Edge("AWS143", listens("queue", "max_concurrency")),
    "lambda.mapping.concurrency.min": Edge("AWS143", listens("queue", "max_concurrency", str)),
    "lambda.mapping.attempts": Edge("AWS154", listens("stream", "max_retries")),
    "lambda.mapping.age": Edge("AWS153", listens("stream", "max_age")),
    "lambda.mapping.age.min": Edge("AWS153", listens("table", "max_age")),
    "lambda.mapping.parallel": Edge("AWS156", listens("table", "parallel", str)),
    "lambda.mapping.filter": Edge("AWS147", filtered("queue")),
    "lambda.mapping.visibility": Edge("AWS107", hidden, -1 / 60, severity="error"),  # its refusal is known word by word
    "lambda.mapping.visibility.advised": Edge("ADV004", hidden, -1 / 60),
    "lambda.mapping.receives.advised": Edge(
        "ADV006",
        lambda n: {**listens("queue", "batch")(2), "resources": {"r": {"type": "queue", "max_receives": n}}, "rules": {"extends": "strict"}},
        -1,
    ),
    "http_api.timeout": Edge("AWS201", lambda n: one(timeout=n, triggers=[{"http": "GET /"}]), severity="warning"),
    "http_api.routes": Edge("AWS202", routes),
    "http_api.integrations": Edge("AWS203", behind),
    "http_api.authorizers": Edge("AWS208", issuers),
    "http_api.audiences": Edge("AWS209", token("audience")),
    "http_api.scopes": Edge("AWS209", token("scopes")),
    "sqs.name": Edge("AWS122", called("queue")),
    "sqs.retention": Edge("AWS113", keeps("queue", "retention")),
    "sqs.retention.min": Edge("AWS113", keeps("queue", "retention")),
    "sqs.delay": Edge("AWS113", keeps("queue", "delay")),
    "sqs.visibility": Edge("AWS113", keeps("queue", "visibility")),
    "sns.name": Edge("AWS122", called("topic")),
    "sns.topics": Edge("AWS138", lambda n: owned(topic=n)),
    "sns.topics.fifo": Edge("AWS138", lambda n: owned(fifo=n)),
    "events.bus.name": Edge("AWS122", called("bus")),
    "events.pattern": Edge("AWS147", filtered("bus")),
    "events.rules": Edge("AWS175", lambda n: several(n, lambda _: {"bus": "r"}, {"r": {"type": "bus"}})),
    "scheduler.input": Edge("AWS162", scheduled, 1 / KB),
    "scheduler.attempts": Edge("AWS135", retried("max", SCHEDULE)),
    "scheduler.age": Edge("AWS136", retried("max_age", SCHEDULE)),
    "scheduler.age.min": Edge("AWS136", retried("max_age", SCHEDULE)),
    "kinesis.name": Edge("AWS122", called("stream")),
    "s3.name": Edge("AWS122", called("bucket")),
    "s3.name.min": Edge("AWS122", called("bucket")),
    "s3.buckets": Edge("AWS138", lambda n: owned(bucket=n)),
    "s3.key": Edge("AWS173", listens("bucket", "prefix", lambda n: "é" + "p" * (n - 2))),
    "s3.notifications": Edge("AWS171", lambda n: several(n, lambda i: {"bucket": {"name": "r", "prefix": f"{i}/"}}, {"r": {"type": "bucket"}})),
    "dynamodb.name": Edge("AWS122", called("table", key="id")),
    "dynamodb.name.min": Edge("AWS122", called("table", key="id")),
    "dynamodb.indexes": Edge("AWS172", lambda n: keeps("table", "indexes", key="id")({f"i{i}": {"key": "k"} for i in range(n)})),
    "dynamodb.tables": Edge("AWS138", lambda n: owned(table=n)),
    "dynamodb.stream.readers": Edge("AWS155", lambda n: several(n, lambda _: {"table": "r"}, {"r": {"type": "table", "key": "id"}})),
    "states.duration": Edge("AWS180", lasting),
    "states.map.inline": Edge("AWS181", mapped),
    "iam.policy.inline": Edge("AWS139", rights),
    "iam.roles": Edge("AWS137", lambda n: owned(functions=n)),
    "ssm.parameters": Edge("AWS138", lambda n: owned(secrets=n)),
}


def azure(**words: Any) -> Manifest:
    return one(targets={"azure": words})


def apart(count: int) -> Manifest:
    """Write so many functions, each in an app of its own."""
    return {"functions": {f"f{n}": {"handler": "a.py:b", "targets": {"azure": {"app": f"a{n}"}}} for n in range(count)}}


AZURE: dict[str, Edge] = {
    "functions.timeout": Edge("AZ101", lambda n: one(timeout=n)),
    "functions.timeout.http": Edge("AZ102", lambda n: one(timeout=n, triggers=[{"http": "GET /"}]), severity="warning"),
    "functions.memory": Edge("AZ103", lambda n: one(memory=n)),
    "functions.memory.contested": Edge("AZ105", lambda n: one(memory=n), warned=True),
    "functions.instances": Edge("AZ106", lambda n: one(concurrency={"reserved": 2 * n, "per_instance": 2})),
    "functions.instances.min": Edge("AZ107", lambda n: one(concurrency={"reserved": 2 * n, "per_instance": 2})),
    "functions.package": Edge("AZ501", built, 1 / GB, size="packed"),
    "functions.package.flex": Edge("AZ501", built, 1 / MB, size="unpacked"),
    "functions.apps_per_plan": Edge("AZ413", apart, plans=("premium",)),  # elsewhere each app has a plan of its own
    "functions.app.name": Edge("AZ403", lambda n: azure(app="a" * n)),
    "resource_group.name": Edge("AZ207", lambda n: {**one(), "targets": {"azure": {"resource_group": "g" * n}}}),
    "storage.container.name": Edge("AZ405", called("bucket", "azure")),
    "storage.container.name.min": Edge("AZ405", called("bucket", "azure")),
    "storage.queue.name": Edge("AZ405", called("queue", "azure")),
    "storage.queue.name.min": Edge("AZ405", called("queue", "azure")),
    "storage.table.name": Edge("AZ405", called("table", "azure", engine="storage", key="id")),
    "storage.table.name.min": Edge("AZ405", called("table", "azure", engine="storage", key="id")),
    "service_bus.entity.name": Edge("AZ405", called("topic", "azure")),
    "event_hubs.name": Edge("AZ405", called("stream", "azure")),
    "event_hubs.partitions": Edge("AZ312", keeps("stream", "shards")),
    "event_hubs.retention": Edge("AZ312", lambda n: one({"r": {"type": "stream", "retention": round(n * 86400)}}), 1 / 86400),
    "event_hubs.groups": Edge("AZ312", lambda n: several(n, lambda _: {"stream": "r"}, {"r": {"type": "stream"}})),
    "event_hubs.per_namespace": Edge("AZ312", lambda n: one({f"r{i}": {"type": "stream", "retain": True} for i in range(n)})),
    "event_grid.filter.values": Edge("AZ314", lambda n: listens("bus", "filter")({"a": names(n - 2), "b": ["x"], "c": [{"exists": True}]})),
    "event_grid.filter.text": Edge("AZ314", lambda n: listens("bus", "type")(["x" * n])),
    "cosmos.container.name": Edge("AZ405", called("table", "azure", key="id")),
    "storage.queue.batch": Edge("AZ304", listens("queue", "batch")),
}

REGIONS = ("fra1", "iad1", "cdg1", "dub1", "hnd1", "sin1", "syd1", "gru1", "sfo1", "pdx1")


def crons(count: int, **zone: str) -> Manifest:
    """Write so many schedules, each once a day."""
    return one(triggers=[{"schedule": {"cron": f"{n % 60} {n // 60} * * *", **zone}} for n in range(count)])


def workers(count: int) -> Manifest:
    return one({"r": {"type": "queue"}}, triggers=[{"queue": "r"}], concurrency={"reserved": count})


VERCEL: dict[str, Edge] = {
    "function.timeout": Edge("VC101", lambda n: one(timeout=n), severity={"pro": "warning", "enterprise": "warning"}),  # a beta goes on from there
    "function.timeout.beta": Edge("VC101", lambda n: one(timeout=n), severity="error"),
    # Enterprise has more without fluid compute than with it.
    "function.timeout.without_fluid": Edge("VC102", lambda n: one(timeout=n), severity="advice", plans=("hobby", "pro")),
    "function.memory": Edge("VC103", lambda n: one(memory=n)),
    "function.memory.default": Edge("VC104", lambda n: one(memory=n), -1),
    "function.memory.min": Edge("VC103", lambda n: one(memory=n)),
    "function.regions": Edge("VC108", lambda n: one(targets={"vercel": {"regions": [REGIONS[i % len(REGIONS)] for i in range(n)]}})),
    "function.count": Edge("VC105", lambda n: several(n, lambda i: {"http": f"GET /{i}"})),
    "function.concurrency.setting": Edge("VC308", workers),
    "function.size.nodejs": Edge("VC401", lambda _: one(handler="a.ts:b", runtime="nodejs24"), 1 / MB, size="unpacked"),
    "function.size.python": Edge("VC401", built, 1 / MB, size="unpacked"),
    "deployment.files": Edge("VC402", lambda _: {**one(), "targets": {"vercel": {"upload": "files"}}}, size="files"),
    "project.name": Edge("VC201", lambda n: {**one(), "targets": {"vercel": {"project": "p" * n}}}),
    "project.environment": Edge("VC202", lambda n: one(env={"A": "é" + "x" * (round(n * KB) - 3)}), 1 / KB),
    "project.environment.count": Edge("VC203", lambda n: one(env={f"V{i}": "x" for i in range(n)})),
    "project.routes": Edge("VC206", lambda n: one(triggers=[{"http": f"GET /{i}"} for i in range(n)])),
    "cron.count": Edge("VC302", crons),
    "cron.interval.min": Edge(
        "VC301", lambda n: one(triggers=[{"schedule": {"every": f"{n}s"}}]), -43200, plans=("hobby",)
    ),  # the next rate that a cron can keep; elsewhere it is a minute
    "schedule.count": Edge("VC302", lambda n: crons(n, timezone="Europe/Berlin")),
    "queue.retention": Edge("VC307", keeps("queue", "retention")),
    "queue.retention.min": Edge("VC307", keeps("queue", "retention")),
    "queue.delay": Edge("VC307", keeps("queue", "delay")),
    "queue.visibility": Edge("VC307", keeps("queue", "visibility")),
}

EDGES: dict[str, dict[str, Edge]] = {"aws": AWS, "azure": AZURE, "vercel": VERCEL}

RUNTIMES = {"aws": "python3.13", "azure": "python3.12", "vercel": "python3.13"}


def written(target: str, plan: str | None, manifest: Manifest) -> bytes:
    """Write a whole manifest for one target and plan."""
    given = manifest.get("targets", {}).get(target, {})
    head = {"fnctl": 1, "service": "shop", "defaults": {"runtime": RUNTIMES[target]}}
    return json.dumps({**head, **manifest, "targets": {target: {**given, **({"plan": plan} if plan else {})}}}, ensure_ascii=False).encode()
