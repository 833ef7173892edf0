"""Tables on Vercel, which has none: a Redis stands in for one where `idempotent` needs something that remembers."""

from __future__ import annotations

from collections.abc import Iterator

from fnctl.manifest.model import Resource
from fnctl.rules.model import Found, Rule, Subject, rule


@rule("VC208", "error", "vercel", needs="resources")
def nothing_remembers_here(subject: Subject) -> Iterator[Found]:
    """Find tables of `idempotent` that are in no Redis, and a `redis` that leads to none: at what is no table, or with a secret that is not declared.

    Why: Vercel has no store that writes on a condition. Without one nothing can be done once, and the function would start without its address.

    Example:
        targets: { vercel: {} }
        resources: { jobs: { type: queue }, done: { type: table, ttl: expires, targets: { vercel: { redis: REDIS_URL } } } }
        functions:
          pay: { handler: "pay.py:pay", triggers: [{ queue: jobs }], idempotent: { table: done } }

    Use instead:
        targets: { vercel: {} }
        secrets: [REDIS_URL]
        resources: { jobs: { type: queue }, done: { type: table, ttl: expires, targets: { vercel: { redis: REDIS_URL } } } }
        functions:
          pay: { handler: "pay.py:pay", triggers: [{ queue: jobs }], idempotent: { table: done } }

    Sources: docs/platforms/vercel.md
    """
    service = subject.service
    for resource in service.resources.values():
        secret = resource.own.get("redis")
        at = ("resources", resource.name, "targets", "vercel", "redis")
        if secret and resource.type != "table":
            message = f"the {resource.type} `{resource.name}` cannot be in a Redis"
            yield Found(message, service.span(*at), "for tables only", help="leave `redis` out")
        elif secret and secret not in service.secrets:
            help = f"declare it at the top, and store the URL: secrets: [{secret}], fnctl secret set {secret}"
            yield Found(f"the secret {secret} is not declared", service.span(*at), "not in `secrets` at the top", help=help)
    for function in service.functions.values():
        table = service.resources.get(str((function.idempotent or {}).get("table") or ""))
        if table is not None and _elsewhere(table):
            span = service.span("functions", function.name, "idempotent", "table")
            label = "a database that fnctl knows no way into"
            help = "put the URL of a Redis into a secret, and say so at the table: targets: { vercel: { redis: REDIS_URL } }"
            yield Found(f"on Vercel `{function.name}` cannot remember in the table `{table.name}`", span, label, help=help)


def _elsewhere(table: Resource) -> bool:
    """Tell whether it is a database of the author's that nothing here knows how to speak to. One that nobody owns is FN102."""
    return table.type == "table" and table.existing is not None and not table.own.get("redis")


RULES: tuple[Rule, ...] = (nothing_remembers_here,)
