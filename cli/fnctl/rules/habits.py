"""Good habits that every platform shares: what a protected stage should have, and what a function that runs on its own should not do."""

from __future__ import annotations

from collections.abc import Iterator

from fnctl.manifest.model import Function
from fnctl.pattern import later
from fnctl.rules.model import Found, Rule, Subject, rule

_PRODUCTION = later(r"(prod|production|live)(-[a-z0-9-]+)?")
_DATABASE = later(r"(?:^|_)(DATABASE|DB|POSTGRES|MYSQL|MONGO|PG)_?(URL|URI|HOST|DSN)?$")
MINUTE = 60


@rule("ADV013", "advice", needs="trigger:schedule", alone=True)
def every_minute(subject: Subject) -> Iterator[Found]:
    """Point at schedules that fire every minute.

    Why: 43,200 starts a month, most of which find nothing to do. As a way to keep a function warm it is obsolete.

    Example:
      functions:
        poll: { handler: "poll.py:run", triggers: [{ schedule: every 1m }] }

    Use instead:
      functions:
        poll: { handler: "poll.py:run", triggers: [{ schedule: every 5m }] }

    Sources: `scheduler.interval.min`
    """
    for function, trigger in subject.service.started.get("schedule", ()):
        if trigger.options.get("every") == MINUTE or str(trigger.options.get("cron")).startswith("* * "):
            span = subject.service.span(*trigger.at, "schedule")
            help = "react to what happens (a queue, a bucket, a topic), or look less often"
            yield Found(f"`{function.name}` is started every minute", span, "43,200 times a month", help=help)


@rule("ADV014", "advice")
def production_without_protection(subject: Subject) -> Iterator[Found]:
    """Point at a production stage that may be destroyed without naming it.

    Why: `protect: true` makes destroying and replacing ask for the stage's name. In the wrong terminal that is what stands between you and your data.

    Example:
      stages: { prod: {} }

    Use instead:
      stages: { prod: { protect: true } }

    Sources: docs/manifest.md
    """
    service = subject.service
    if service.stage.startswith(("prod", "live")) and _PRODUCTION.fullmatch(service.stage) and not service.protect:
        span = service.span("stages", service.stage, key=True)
        yield Found(f"the stage {service.stage} is not protected", span, "no protect", help="stages: { " + service.stage + ": { protect: true } }")


@rule("ADV015", "advice", needs="protect", alike=True)
def verbose_logs_in_production(subject: Subject) -> Iterator[Found]:
    """Point at functions of a protected stage that log at debug or trace.

    Why: Such lines hold what people send, and at a thousand calls a minute they cost more than the calls.

    Example:
      protect: true
      functions:
        api: { handler: "api.py:app", logs: { level: debug } }

    Use instead:
      protect: true
      functions:
        api: { handler: "api.py:app", logs: { level: info } }

    Sources: AWS Price List for us-east-1, CloudWatch Logs, 2026-09-18
    """
    service = subject.service
    for function in service.functions.values() if service.protect else ():
        if function.logs.level in ("debug", "trace"):
            span = service.span("functions", function.name, "logs", "level")
            yield Found(f"`{function.name}` logs everything in {service.stage}", span, function.logs.level, help="info says enough where it is busy")


@rule("ADV016", "advice", preset="strict", needs=("env", "secrets"), alike=True)
def database_without_a_cap(subject: Subject) -> Iterator[Found]:
    """Point at functions that talk to a database and may run in any number at once.

    Why: Every instance opens its own connections. A burst takes all that the database has, and everything else that uses it stands still.

    Example:
      secrets: [DATABASE_URL]
      functions:
        api: { handler: "api.py:app", secrets: [DATABASE_URL] }

    Use instead:
      secrets: [DATABASE_URL]
      functions:
        api: { handler: "api.py:app", secrets: [DATABASE_URL], concurrency: { reserved: 20 } }

    Sources: `lambda.scaling`
    """
    for function in subject.service.functions.values():
        named = next((key for key in (*function.secrets, *function.env) if _DATABASE.search(key)), None)
        if named and function.reserved is None and not any("max_concurrency" in trigger.options for trigger in function.triggers):
            span = subject.service.span("functions", function.name, key=True)
            help = "cap it at what the database can take: concurrency: { reserved: ... }, or put a pool between them"
            yield Found(f"`{function.name}` may open any number of database connections", span, f"has {named}", help=help)


@rule("ADV017", "advice", preset="strict", needs=("trigger:schedule", "trigger:bucket", "trigger:topic", "trigger:bus"), alike=True)
def failures_are_dropped(subject: Subject) -> Iterator[Found]:
    """Point at functions that events start and that have no `dead_letter` queue.

    Why: Nobody waits for the answer. After a few tries the event is gone, and only a metric knows.

    Example:
      functions:
        nightly: { handler: "jobs.py:run", triggers: [{ schedule: "0 3 * * *" }] }

    Use instead:
      resources: { failed: { type: queue } }
      functions:
        nightly: { handler: "jobs.py:run", triggers: [{ schedule: "0 3 * * *" }], dead_letter: failed }

    Sources: `lambda.async.attempts`, `lambda.async.age`
    """
    for function in subject.service.functions.values():
        kinds = sorted({t.kind for t in function.triggers} & {"schedule", "bucket", "topic", "bus"})
        if kinds and function.dead_letter is None:
            span = subject.service.span("functions", function.name, key=True)
            yield Found(f"what `{function.name}` fails at is dropped", span, f"from {kinds[0]}", help="name a queue that keeps it: dead_letter: ...")


@rule("ADV018", "advice", preset="strict", needs="triggers", alike=True)
def twice_is_not_prevented(subject: Subject) -> Iterator[Found]:
    """Point at functions that events start and that say nothing of `idempotent`.

    Why: Queues, buckets, topics and schedules deliver at least once. Twice is rare, and happens.

    Example:
      resources: { jobs: { type: queue } }
      functions:
        charge: { handler: "pay.py:charge", triggers: [{ queue: jobs }] }

    Use instead:
      resources: { jobs: { type: queue }, done: { type: table, ttl: expires } }
      functions:
        charge: { handler: "pay.py:charge", triggers: [{ queue: jobs }], idempotent: { table: done } }

    Sources: Amazon SQS Developer Guide, "At-least-once delivery", read 2026-11
    """
    for function in subject.service.functions.values():
        if function.idempotent is None and any(trigger.kind != "http" for trigger in function.triggers):
            span = subject.service.span("functions", function.name, key=True)
            yield Found(
                f"`{function.name}` may do its work twice", span, "at least once", help="say `idempotent: { table: ... }`, or check the event's id"
            )


@rule("ADV019", "advice", preset="strict", needs="protect")
def no_tracing_in_production(subject: Subject) -> Iterator[Found]:
    """Point at a protected stage none of whose functions is traced.

    Why: When one call in a hundred is slow, logs of single functions do not say where the time went.

    Example:
      protect: true
      functions:
        api: { handler: "api.py:app" }

    Use instead:
      protect: true
      functions:
        api: { handler: "api.py:app", tracing: platform }

    Sources: `xray.rate`
    """
    service = subject.service
    if service.protect and service.functions and all(f.tracing in (None, "none") for f in service.functions.values()):
        first = next(iter(service.functions))
        span = service.span("functions", first, key=True)
        yield Found(f"nothing is traced in {service.stage}", span, "no `tracing`", help="say it once for all: defaults: { tracing: platform }")


@rule("ADV020", "advice", preset="strict", needs="protect")
def no_budget(subject: Subject) -> Iterator[Found]:
    """Point at a protected stage without a budget, none of whose functions has a cap.

    Why: Functions scale with whatever calls them, and so does the bill: a loop or a flood is limited by nothing.

    Example:
      protect: true
      functions:
        api: { handler: "api.py:app", triggers: [{ http: GET / }] }

    Use instead:
      protect: true
      budget: { monthly: 50, currency: USD }
      functions:
        api: { handler: "api.py:app", triggers: [{ http: GET / }], concurrency: { reserved: 50 } }

    Sources: `lambda.scaling`, `lambda.concurrency`
    """
    service = subject.service
    if service.protect and not service.budget and not any(_capped(function) for function in service.functions.values()):
        span = service.span("protect", key=True)
        help = "say `budget: { monthly: ... }`, or cap functions: concurrency: { reserved: ... }"
        yield Found("nothing limits what this stage may cost", span, "no budget", help=help)


def _capped(function: Function) -> bool:
    return function.reserved is not None or any("max_concurrency" in trigger.options for trigger in function.triggers)


RULES: tuple[Rule, ...] = (
    every_minute,
    production_without_protection,
    verbose_logs_in_production,
    database_without_a_cap,
    failures_are_dropped,
    twice_is_not_prevented,
    no_tracing_in_production,
    no_budget,
)
