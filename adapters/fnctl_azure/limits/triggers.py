"""What Azure makes of triggers: schedules in NCRONTAB, queues, routes, and what costs money while idle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fnctl.manifest.model import Function, Service, Trigger
from fnctl.rules import timing
from fnctl.rules.breach import breach
from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl_azure.apps import apart, app_of, service_bus
from fnctl_azure.limits.plans import plan_of

_RETRIED = frozenset({"schedule", "stream", "table", "topic", "bucket", "bus"})


@rule("AZ301", "error", "azure", needs="trigger.timezone")
def schedule_outside_utc(subject: Subject) -> Iterator[Found]:
    """Find schedules with a time zone, on a plan whose timers know UTC only.

    Why: Flex and Consumption on Linux have no WEBSITE_TIME_ZONE. The function would run at the wrong hour, and not follow daylight saving.

    Example:
        targets: { azure: { plan: flex } }
        functions:
          nightly:
            handler: jobs.py:nightly
            triggers: [{ schedule: { cron: "0 3 * * *", timezone: Europe/Berlin } }]

    Use instead: The hour in UTC; or `plan: premium`, whose apps have a time zone.

    Sources: Azure Functions Flex Consumption plan hosting, 2025-05-12.
    """
    for function, trigger in _triggers(subject.service, "schedule"):
        zone = trigger.options.get("timezone", "UTC")
        if zone != "UTC" and plan_of(subject, function) in ("flex", "consumption"):
            span = subject.service.span(*trigger.at, "schedule", "timezone")
            notes = ("platform: Azure Functions Flex Consumption plan hosting (2025-05-12)",)
            help = "write the cron in UTC; it will not follow daylight saving"
            yield Found(f"timers on the plan {plan_of(subject, function)} run in UTC only", span, "no time zones", notes, help)


@rule("AZ302", "error", "azure", needs="trigger.cron")
def schedule_on_either_day(subject: Subject) -> Iterator[Found]:
    """Find schedules that name a day of the month and a weekday.

    Why: A manifest means either of them, as cron does. NCRONTAB means both at once, and would run far less often.

    Example:
        targets: { azure: {} }
        functions:
          report: { handler: "jobs.py:report", triggers: [{ schedule: "0 3 1 * 1" }] }

    Use instead: Two schedules, one with the day and one with the weekday.

    Sources: atifaziz/NCrontab#107, 2023-01-06.
    """
    for _, trigger in _triggers(subject.service, "schedule"):
        cron = timing.cron_of(trigger)
        if cron and timing.either_day(cron):
            notes = ("platform: atifaziz/NCrontab#107 (2023-01-06)",)
            span = subject.service.span(*trigger.at, "schedule")
            label, help = "a manifest means either", "write two schedules, one for each"
            yield Found("a timer fires only when day and weekday both match", span, label, notes, help)


@rule("AZ303", "warning", "azure", needs="trigger.every")
def rate_is_uneven(subject: Subject) -> Iterator[Found]:
    """Find steady rates that do not divide an hour or a day.

    Why: A timer counts in steps of NCRONTAB, and these begin anew each hour: `every 7m` fires at minute 56, and 4 minutes later again.

    Example:
        targets: { azure: {} }
        functions:
          poll: { handler: "jobs.py:poll", triggers: [{ schedule: every 7m }] }

    Use instead: A rate that divides the hour or the day: 5m, 10m, 15m, 1h, 6h.

    Sources: host.json reference for Azure Functions 2.x, 2023-07-10; `functions.schedule`
    """
    for _, trigger in _triggers(subject.service, "schedule"):
        rate = timing.rate_of(trigger)
        if rate and timing.uneven(rate):
            pattern = subject.limits.patterns["functions.schedule"]
            span = subject.service.span(*trigger.at, "schedule")
            message = "a timer counts within the hour and the day, and this rate does not divide them"
            yield breach(pattern, message, span, "uneven", f"say `every {timing.even(rate)}`")


@rule("AZ304", "error", "azure", needs="trigger.batch")
def batch_over_maximum(subject: Subject) -> Iterator[Found]:
    """Find batches over what the host fetches from a Storage queue at a time.

    Why: `batch` becomes `batchSize` in host.json, and the host does not start with more than 32.

    Example:
        targets: { azure: {} }
        resources: { jobs: { type: queue } }
        functions:
          work: { handler: "work.py:work", triggers: [{ queue: { name: jobs, batch: 100 } }] }

    Use instead: 32 for this target: the handler is called once for each message anyway.

    Sources: Azure Queue Storage bindings overview, 2020-02-18; `storage.queue.batch`
    """
    limit = subject.limits["storage.queue.batch"]
    for _, trigger in _triggers(subject.service, "queue"):
        batch = trigger.options.get("batch")
        if isinstance(batch, int) and batch > limit.value:
            span = subject.service.span(*trigger.at, "queue", "batch")
            yield breach(
                limit, "the host fetches fewer messages at a time", span, f"{batch}, and at most {limit.amount()}", f"say `batch: {limit.value:g}`"
            )


@rule("AZ305", "warning", "azure", needs="trigger:http")
def route_is_reserved(subject: Subject) -> Iterator[Found]:
    """Find http paths below `/admin` and `/runtime`.

    Why: The host keeps them for its own keys, status and web hooks. Requests never reach the function.

    Example:
        targets: { azure: {} }
        functions:
          api: { handler: "api.py:api", triggers: [{ http: GET /admin/users }] }

    Use instead: Another first part of the path: `/manage/users`.

    Sources: host.json reference for Azure Functions 2.x, 2023-07-10; `functions.paths.reserved`
    """
    words = subject.limits.words["functions.paths.reserved"]
    kept, folders = tuple(map(str, words.values)), tuple(f"{word}/" for word in words.values)
    for _, trigger in _triggers(subject.service, "http"):
        path = str(trigger.options["path"])
        if path.startswith(kept) and f"{path}/".startswith(folders):
            span = subject.service.span(*trigger.at, "http")
            yield breach(words, f"the host answers {path} itself", span, "never reaches the function", "begin the path with another word")


@rule("AZ309", "error", "azure", needs="trigger.timezone")
def time_zones_differ(subject: Subject) -> Iterator[Found]:
    """Find schedules of one app in different time zones.

    Why: An app has one time zone, in a setting; every timer of the app counts in it.

    Example:
        targets: { azure: { plan: premium } }
        functions:
          dawn: { handler: "jobs.py:dawn", triggers: [{ schedule: { cron: "0 6 * * *", timezone: Europe/Berlin } }] }
          dusk: { handler: "jobs.py:dusk", triggers: [{ schedule: { cron: "0 18 * * *", timezone: Asia/Tokyo } }] }

    Use instead: One zone for all of them; or an app of its own for one: `targets: { azure: { app: ... } }`.

    Sources: host.json reference for Azure Functions 2.x, 2023-07-10.
    """
    first: dict[str, tuple[str, str]] = {}
    for function, trigger in _triggers(subject.service, "schedule"):
        zone = str(trigger.options.get("timezone", "UTC"))
        holder, other = first.setdefault(app_of(subject.service, function), (function.name, zone))
        if other != zone and plan_of(subject, function) not in ("flex", "consumption"):
            span = subject.service.span(*trigger.at, "schedule")
            message = f"`{function.name}` and `{holder}` share an app, and its time zone"
            notes = ("platform: host.json reference for Azure Functions 2.x (2023-07-10)",)
            yield Found(message, span, f"{zone} here, {other} there", notes, f"take one zone; or split one off: {apart(function.name)}")


@rule("AZ307", "advice", "azure", needs="resource:topic")
def topic_costs_while_idle(subject: Subject) -> Iterator[Found]:
    """Find topics that functions use: they need a Service Bus namespace of the tier Standard.

    Why: Topics begin at Standard, which has a price for each hour, whether messages flow or not.

    Example:
        targets: { azure: {} }
        resources: { alerts: { type: topic } }
        functions:
          notify: { handler: "notify.py:notify", triggers: [{ topic: alerts }] }

    Use instead: `engine: event_grid` for this topic, or a `bus`: Event Grid bills by event, and pushes to every subscriber as well.

    Sources: service-bus/README.md, microsoft/azure-skills @1a03acf, 2026-08-21.
    """
    users = [function for function, _ in _triggers(subject.service, "topic")]
    used = {name for function in subject.service.functions.values() for name in function.uses}
    for resource in subject.service.resources.values():
        heard = any(t.resource == resource.name for function in users for t in function.triggers)
        if resource.type == "topic" and service_bus(resource) and resource.existing is None and (heard or resource.name in used):
            notes = ("platform: service-bus/README.md, microsoft/azure-skills @1a03acf (2026-08-21)",)
            span = subject.service.span("resources", resource.name, "type")
            help = "where order does not matter, Event Grid has no fixed price: targets: { azure: { engine: event_grid } }"
            yield Found(f"the topic `{resource.name}` needs Service Bus Standard", span, "billed by the hour", notes, help)


@rule("AZ308", "warning", "azure", needs="retry")
def retry_not_for_trigger(subject: Subject) -> Iterator[Found]:
    """Find `retry` on functions whose trigger has a retry of its own.

    Why: A policy of the function counts for timers, Event Hubs and Cosmos DB, and fnctl writes it into the subscriptions of topics, buckets and
    buses. A queue goes by its own count of deliveries, and http has none.

    Example:
        targets: { azure: {} }
        resources: { jobs: { type: queue } }
        functions:
          work: { handler: "work.py:work", triggers: [{ queue: jobs }], retry: { max: 3 } }

    Use instead: `max_receives` on the queue.

    Sources: Azure Functions error handling and retries, as read 2026-11; `functions.retry.triggers`
    """
    words = subject.limits.words["functions.retry.triggers"]
    for function in subject.service.functions.values():
        kinds = {trigger.kind for trigger in function.triggers}
        if function.retry and kinds and not kinds & _RETRIED:
            span = subject.service.span("functions", function.name, "retry", key=True)
            message = f"the trigger of `{function.name}` does not follow `retry`"
            help = "a queue retries by itself: max_receives: 5" if "queue" in kinds else "leave it out for this target"
            yield breach(words, message, span, "not followed", help)


@rule("AZ315", "warning", "azure", needs=("dead_letter", "resource.dead_letter"))
def dead_letters_go_nowhere(subject: Subject) -> Iterator[Found]:
    """Find `dead_letter` where Azure moves what has failed to no queue, or to none of that kind.

    Why: Service Bus moves what it gives up to another queue of Service Bus. Event Grid keeps it in a container at most, and the host drops what a
    timer, a stream or a table gave it.

    Example:
        targets: { azure: {} }
        resources: { failed: { type: queue }, news: { type: topic } }
        functions:
          read: { handler: "read.py:read", triggers: [{ topic: news }], dead_letter: failed }

    Use instead:
        targets: { azure: {} }
        resources: { failed: { type: queue, targets: { azure: { engine: service_bus } } }, news: { type: topic } }
        functions:
          read: { handler: "read.py:read", triggers: [{ topic: news }], dead_letter: failed }

    Sources: Microsoft.ServiceBus resource schema 2021-11-01, 2026-08-16; Azure Functions error handling and retries, as read 2026-11.
    """
    service = subject.service
    for function in service.functions.values():
        lost = [trigger for trigger in function.triggers if function.dead_letter and not _keeps(service, function.dead_letter, trigger)]
        if lost:
            topic = lost[0].kind == "topic" and service_bus(service.resources[lost[0].resource or ""])
            message = f"what `{function.name}` fails at does not get into `{function.dead_letter}`"
            yield Found(message, service.span("functions", function.name, "dead_letter"), f"from {lost[0].kind}", help=_BUS if topic else _CATCH)
    for queue in service.resources.values():
        dead = service.resources.get(str(queue.options.get("dead_letter")))
        if dead and queue.type == "queue" and service_bus(queue) and not service_bus(dead):
            message = f"what `{queue.name}` gives up stays in its own dead-letter queue: `{dead.name}` is none of Service Bus"
            yield Found(message, service.span("resources", queue.name, "dead_letter"), "not moved", help=_BUS)


_BUS = "make the queue one of Service Bus: targets: { azure: { engine: service_bus } }"
_CATCH = "catch what fails in the handler, and send it to the queue"


def _keeps(service: Service, dead_letter: str, trigger: Trigger) -> bool:
    """Tell whether what a trigger's function fails at is kept: a queue has its own place for that, and a caller gets an answer."""
    if trigger.kind in ("queue", "http"):
        return True
    heard, dead = service.resources.get(trigger.resource or ""), service.resources.get(dead_letter)
    return bool(trigger.kind == "topic" and heard and dead and service_bus(heard) and service_bus(dead))


RULES: tuple[Rule, ...] = (
    schedule_outside_utc,
    schedule_on_either_day,
    rate_is_uneven,
    batch_over_maximum,
    route_is_reserved,
    time_zones_differ,
    topic_costs_while_idle,
    retry_not_for_trigger,
    dead_letters_go_nowhere,
)


def _triggers(service: Service, kind: str) -> Iterable[tuple[Function, Trigger]]:
    return service.started.get(kind, ())
