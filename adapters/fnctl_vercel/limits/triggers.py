"""What Vercel makes of triggers: crons, queues and requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fnctl.manifest.model import Function, Service, Trigger
from fnctl.rules import timing
from fnctl.rules.breach import breach
from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl_vercel.names import PRODUCTION, environment

_DAYS = "limit: two guides to Vercel's crons (quoted) (2026-05-15)"


@rule("VC301", "error", "vercel", needs="trigger:schedule")
def cron_too_often(subject: Subject) -> Iterator[Found]:
    """Find schedules that fire more than once a day on the plan Hobby.

    Why: The deployment fails. Within its hour, a cron on Hobby starts when it likes.

    Example:
        targets: { vercel: { plan: hobby } }
        functions:
          poll: { handler: "jobs.py:poll", triggers: [{ schedule: "0 * * * *" }] }

    Use instead: `plan: pro`, once a minute; or once a day.

    Sources: vercel.com/docs/cron-jobs/usage-and-pricing, 2026-07-15; `cron.interval.min`
    """
    limit = subject.limits["cron.interval.min"]
    for _, trigger in _triggers(subject.service, "schedule"):
        if limit.value >= timing.DAY and timing.more_than_daily(trigger):
            span = subject.service.span(*trigger.at, "schedule")
            message = f"the plan {subject.limits.plan} runs a cron once a day"
            yield breach(limit, message, span, "more often", "`plan: pro` runs one each minute")


@rule("VC302", "error", "vercel", needs="trigger:schedule")
def too_many_crons(subject: Subject) -> Iterator[Found]:
    """Find services with more than 100 crons, or more than 100 schedules with a time zone, which are made as Schedules.

    Why: A project has no more of either, on any plan.

    Example:
        targets: { vercel: {} }
        functions:  # and a hundred more
          poll: { handler: "jobs.py:poll", triggers: [{ schedule: "0 3 * * *" }, { schedule: "0 4 * * *" }] }

    Use instead: One schedule that sends a message for each job.

    Sources: vercel.com/docs/cron-jobs/usage-and-pricing, 2026-07-15; `cron.count`, `schedule.count`
    """
    every = [trigger for _, trigger in _triggers(subject.service, "schedule")]
    crons, zoned = ([trigger for trigger in every if (trigger.options.get("timezone", "UTC") == "UTC") is utc] for utc in (True, False))
    for limit, found in ((subject.limits["cron.count"], crons), (subject.limits["schedule.count"], zoned)):
        if len(found) > limit.value:
            span = subject.service.span(*found[int(limit.value)].at, "schedule")
            label, help = f"{len(found)}, and at most {limit.amount()}", "let one schedule send a message for each job"
            yield breach(limit, f"the project has too many {limit.unit}", span, label, help)


@rule("VC303", "warning", "vercel", needs="trigger:schedule", alike=True)
def cron_runs_in_production_only(subject: Subject) -> Iterator[Found]:
    """Find schedules on a stage whose deployments are previews, or of a custom environment.

    Why: The platform starts crons of a project's production deployment alone: elsewhere the function is deployed, and nothing starts it.

    Example:
        targets: { vercel: { environment: preview } }
        functions:
          nightly: { handler: "jobs.py:nightly", triggers: [{ schedule: "0 3 * * *" }] }

    Use instead: `fnctl invoke nightly` on such a stage; or a time zone, which makes it a Schedule (beta) that runs everywhere.

    Sources: vercel.com/docs/cron-jobs/manage-cron-jobs, 2026-06-02.
    """
    stage = subject.service.stage
    for function, trigger in _triggers(subject.service, "schedule"):
        if environment(subject.service.settings) != PRODUCTION and trigger.options.get("timezone", "UTC") == "UTC":
            notes = ("platform: vercel.com/docs/cron-jobs/manage-cron-jobs (2026-06-02)",)
            span = subject.service.span(*trigger.at, "schedule")
            help = f"start it yourself:\nfnctl invoke {function.name} --target vercel --stage {stage}"
            yield Found(f"nothing starts `{function.name}` in the stage {stage}", span, "in production only", notes, help)


@rule("VC304", "warning", "vercel", needs="trigger.timezone")
def timezone_is_a_beta(subject: Subject) -> Iterator[Found]:
    """Find schedules with a time zone: these are made as Schedules, a public beta.

    Why: Crons run in UTC. What is in beta may change without notice.

    Example:
        targets: { vercel: {} }
        functions:
          nightly:
            handler: jobs.py:nightly
            triggers: [{ schedule: { cron: "0 3 * * *", timezone: Europe/Berlin } }]

    Use instead: The hour in UTC, where daylight saving does not matter.

    Sources: Vercel Schedules is now in public beta, 2026-10.
    """
    for _, trigger in _triggers(subject.service, "schedule"):
        if trigger.options.get("timezone", "UTC") != "UTC":
            notes = ("platform: Vercel Schedules is now in public beta (2026-10)",)
            span = subject.service.span(*trigger.at, "schedule", "timezone")
            yield Found("a schedule in a time zone is a beta", span, "crons run in UTC", notes, "write the hour in UTC")


@rule("VC305", "warning", "vercel", needs="trigger.cron")
def cron_on_either_day(subject: Subject) -> Iterator[Found]:
    """Find schedules that name a day of the month and a weekday.

    Why: The platform is said to refuse both in one expression. Only guides say so, hence a warning.

    Example:
        targets: { vercel: {} }
        functions:
          report: { handler: "jobs.py:report", triggers: [{ schedule: "0 3 1 * 1" }] }

    Use instead: Two schedules, one with the day and one with the weekday.

    Sources: Two guides to Vercel's crons, 2026-05-15 (quoted).
    """
    for _, trigger in _triggers(subject.service, "schedule"):
        cron = timing.cron_of(trigger)
        if cron and timing.either_day(cron):
            span = subject.service.span(*trigger.at, "schedule")
            yield Found("a cron may name a day or a weekday, not both", span, "may be refused", (_DAYS,), "write two schedules, one for each")


@rule("VC306", "warning", "vercel", needs="trigger.every")
def rate_is_uneven(subject: Subject) -> Iterator[Found]:
    """Find steady rates that do not divide an hour or a day.

    Why: A rate becomes a cron, whose steps begin anew each hour: `every 7m` fires at minute 56, and 4 minutes later again.

    Example:
        targets: { vercel: { plan: pro } }
        functions:
          poll: { handler: "jobs.py:poll", triggers: [{ schedule: every 7m }] }

    Use instead: A rate that divides the hour or the day: 5m, 10m, 15m, 1h, 6h.

    Sources: vercel.com/docs/cron-jobs/usage-and-pricing, 2026-07-15; `cron.expression`
    """
    for _, trigger in _triggers(subject.service, "schedule"):
        rate = timing.rate_of(trigger)
        if rate and timing.uneven(rate) and not _is_no_cron(rate):
            pattern = subject.limits.patterns["cron.expression"]
            span = subject.service.span(*trigger.at, "schedule")
            message = "a cron counts within the hour and the day, and this rate does not divide them"
            yield breach(pattern, message, span, "uneven", f"say `every {timing.even(rate)}`")


@rule("VC307", "error", "vercel", needs="resource:queue")
def queue_time_out_of_range(subject: Subject) -> Iterator[Found]:
    """Find retention, delay and visibility that Queues do not take.

    Why: Messages live from 60 s to 7 days, wait at most as long, and are hidden for at most an hour.

    Example:
        targets: { vercel: {} }
        resources: { jobs: { type: queue, retention: 14d } }

    Use instead: A time within the range; what must live longer belongs into a database.

    Sources: vercel.com/docs/queues/pricing, 2026-08-12.
    """
    for resource in subject.service.resources.values():
        for option in ("retention", "delay", "visibility") if resource.type == "queue" else ():
            value, most = resource.options.get(option), subject.limits[f"queue.{option}"]
            least = subject.limits.get(f"queue.{option}.min")
            if not isinstance(value, int):
                continue
            span = subject.service.span("resources", resource.name, option)
            if value > most.value:
                message = f"the {option} of `{resource.name}` is over the maximum"
                yield breach(most, message, span, f"{value:,} s, and at most {most.amount()}", f"say `{option}: {int(most.value)}s`")
            elif least and value < least.value:
                message = f"the {option} of `{resource.name}` is under the minimum"
                yield breach(least, message, span, f"{value:,} s, and at least {least.amount()}", f"say `{option}: {int(least.value)}s`")


@rule("VC308", "error", "vercel", needs="reserved")
def concurrency_over_maximum(subject: Subject) -> Iterator[Found]:
    """Find `concurrency.reserved` of queue consumers over what the platform's setting takes.

    Why: It becomes `maxConcurrency` of the consumer, which ends at 8192.

    Example:
        targets: { vercel: { plan: pro } }
        resources: { jobs: { type: queue } }
        functions:
          work: { handler: "work.py:work", triggers: [{ queue: jobs }], concurrency: { reserved: 10000 } }

    Use instead: No number: without one the consumer scales to the plan's concurrency.

    Sources: @vercel/build-utils, lambda.d.ts, vercel/vercel 17d9ebaf8, 2026-08-03; `function.concurrency.setting`
    """
    limit = subject.limits["function.concurrency.setting"]
    for function, _ in _triggers(subject.service, "queue"):
        if (function.reserved or 0) > limit.value:
            span = subject.service.span("functions", function.name, "concurrency", "reserved")
            message = f"the concurrency of `{function.name}` is over the maximum"
            yield breach(limit, message, span, f"{function.reserved:,}, and at most {limit.amount()}", "leave it out: it scales to what the plan has")


@rule("VC309", "advice", "vercel", needs="uses:bucket")
def uploads_through_function(subject: Subject) -> Iterator[Found]:
    """Find http functions that write to a bucket.

    Why: Requests over 4.5 MB are refused with 413, before the function sees them. Other platforms take more.

    Example:
        targets: { vercel: {} }
        resources: { uploads: { type: bucket } }
        functions:
          api: { handler: "api.py:api", triggers: [{ http: POST /files }], uses: { uploads: write } }

    Use instead: A signed upload straight to the bucket, where files can be larger.

    Sources: vercel.com/docs/functions/limitations, 2026-07-01; `function.request`
    """
    limit = subject.limits["function.request"]
    for function, _ in _triggers(subject.service, "http"):
        for name, verbs in function.uses.items():
            resource = subject.service.resources.get(name)
            if resource and resource.type == "bucket" and "write" in verbs:
                span = subject.service.span("functions", function.name, "uses", name)
                yield Found(
                    f"requests over {limit.amount()} never reach `{function.name}`",
                    span,
                    "uploads end there",
                    (limit.note(),),
                    "where files are larger, let the caller upload straight to the bucket",
                )


@rule("VC310", "error", "vercel", needs="trigger.every")
def rate_is_no_cron(subject: Subject) -> Iterator[Found]:
    """Find rates that cannot be written as five fields at all.

    Why: A rate becomes a cron. 90 minutes are no step of minutes and no step of hours, and 36 hours no step of days.

    Example:
        targets: { vercel: { plan: pro } }
        functions:
          poll: { handler: "jobs.py:poll", triggers: [{ schedule: every 90m }] }

    Use instead: Whole hours below a day, whole days above.

    Sources: vercel.com/docs/cron-jobs/usage-and-pricing, 2026-07-15; `cron.expression`
    """
    for _, trigger in _triggers(subject.service, "schedule"):
        rate = timing.rate_of(trigger)
        if rate and _is_no_cron(rate):
            pattern = subject.limits.patterns["cron.expression"]
            span = subject.service.span(*trigger.at, "schedule")
            yield breach(pattern, "no cron can keep this rate", span, "neither whole hours nor whole days", f"every {timing.even(rate)}")


RULES: tuple[Rule, ...] = (
    cron_too_often,
    too_many_crons,
    cron_runs_in_production_only,
    timezone_is_a_beta,
    cron_on_either_day,
    rate_is_uneven,
    rate_is_no_cron,
    queue_time_out_of_range,
    concurrency_over_maximum,
    uploads_through_function,
)


def _triggers(service: Service, kind: str) -> Iterable[tuple[Function, Trigger]]:
    return service.started.get(kind, ())


def _is_no_cron(seconds: int) -> bool:
    minutes = seconds // 60
    hours, rest = divmod(minutes, 60)
    return minutes > 60 and (rest != 0 or (hours > 24 and hours % 24 != 0))
