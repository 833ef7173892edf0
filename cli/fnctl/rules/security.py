"""Rules about who may come in and what lies open: CORS, public functions, credentials in the wrong place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from fnctl.manifest.leaks import looks_secret, suspects
from fnctl.manifest.model import Function, Service, Trigger
from fnctl.pattern import later
from fnctl.rules.model import Found, Rule, Subject, rule

_WORDS = ("admin", "internal", "private", "debug", "backoffice", "management", "actuator", "metrics")
_PRIVATE = later(rf"(?:^|[-_/])({'|'.join(_WORDS)})(?:$|[-_/])")
_WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_LOCAL = later(r"http://(localhost|127\.|\[::1\]|[^/:]+\.(local|internal)\b)")


def _http(service: Service) -> Iterable[tuple[Function, Trigger]]:
    return service.started.get("http", ())


def _open(trigger: Trigger) -> bool:
    return trigger.options.get("auth") in (None, "none")


def _origins(trigger: Trigger) -> tuple[str, ...]:
    cors = trigger.options.get("cors")
    said = cors.get("origins") if isinstance(cors, Mapping) else None
    if cors is True or (cors and said is None):
        return ("*",)
    return tuple(map(str, said)) if isinstance(said, list) else (str(said),) if said else ()


@rule("SEC002", "error", needs="trigger.cors", alike=True)
def credentials_for_every_origin(subject: Subject) -> Iterator[Found]:
    """Find CORS that lets every origin in and asks for credentials.

    Why: Browsers refuse the pair, and a server that mirrors the origin to please them lets any page act as the person who visits it.

    Example:
      functions:
        api: { handler: "api.py:app", triggers: [{ http: { method: GET, path: /, cors: { origins: ["*"], credentials: true } } }] }

    Use instead:
      functions:
        api: { handler: "api.py:app", triggers: [{ http: { method: GET, path: /, cors: { origins: ["https://shop.example"], credentials: true } } }] }

    Sources: Fetch Standard, "CORS protocol and credentials", living standard, read 2026-11
    """
    for _, trigger in _http(subject.service):
        cors = trigger.options.get("cors")
        if isinstance(cors, Mapping) and cors.get("credentials") and "*" in _origins(trigger):
            span = subject.service.span(*trigger.at, "http", "cors", "credentials", key=True)
            yield Found("credentials for every origin", span, "with any origin", help="name the origins that may send them")


@rule("SEC003", "warning", needs="trigger:http", alone=True)
def private_function_is_public(subject: Subject) -> Iterator[Found]:
    """Find functions that are named like something private (admin, internal, debug, metrics) and answer everybody.

    Why: Scanners try such paths first; a route without `auth` is open to all of them.

    Example:
      functions:
        admin: { handler: "admin.py:app", triggers: [{ http: GET /admin }] }

    Use instead:
      functions:
        admin: { handler: "admin.py:app", triggers: [{ http: { method: GET, path: /admin, auth: iam } }] }

    Sources: OWASP Top 10, A01 Broken Access Control, 2025
    """
    http = _http(subject.service)
    every = "/".join([*subject.service.functions, *[str(trigger.options.get("path")) for _, trigger in http]])
    if not any(word in every for word in _WORDS):
        return  # one look through all of them, where most services have nothing
    for function, trigger in http:
        path = str(trigger.options.get("path"))
        match = _PRIVATE.search(function.name) or _PRIVATE.search(path)
        if match and _open(trigger):
            span = subject.service.span(*trigger.at)
            help = "give the trigger `auth`, or another name if it is meant for everybody"
            yield Found(f"`{function.name}` is called {match[1]} and answers everybody", span, "no auth", help=help)


@rule("SEC004", "advice", preset="strict", needs="trigger:http", alike=True)
def writing_route_is_public(subject: Subject) -> Iterator[Found]:
    """Point at routes that change something and ask nobody who they are.

    Why: The handler may check for itself. If it does not, anybody can write.

    Example:
      functions:
        api: { handler: "api.py:app", triggers: [{ http: POST /orders }] }

    Use instead:
      functions:
        api: { handler: "api.py:app", triggers: [{ http: { method: POST, path: /orders, auth: iam } }] }

    Sources: OWASP Top 10, A01 Broken Access Control, 2025
    """
    for function, trigger in _http(subject.service):
        if _open(trigger) and trigger.options.get("method") in _WRITING:
            message = f"anybody may {trigger.options['method']} to `{function.name}`"
            yield Found(message, subject.service.span(*trigger.at), "no auth", help="give the trigger `auth`, or check in the handler")


@rule("SEC005", "advice", preset="strict", needs="trigger.cors", alike=True)
def any_origin(subject: Subject) -> Iterator[Found]:
    """Point at routes that every web page in the world may call from a browser.

    Why: It is right for a public API and wrong for one's own front end.

    Example:
      functions:
        api: { handler: "api.py:app", triggers: [{ http: { method: GET, path: /, cors: true } }] }

    Use instead:
      functions:
        api: { handler: "api.py:app", triggers: [{ http: { method: GET, path: /, cors: { origins: ["https://shop.example"] } } }] }

    Sources: Fetch Standard, "CORS protocol", living standard, read 2026-11
    """
    for function, trigger in _http(subject.service):
        if "*" in _origins(trigger):
            span = subject.service.span(*trigger.at, "http", "cors")
            yield Found(f"every origin may call `{function.name}`", span, "any origin", help="name your own: cors: { origins: [https://...] }")


@rule("SEC006", "error", needs=("tags", "description"), alone=True)
def secret_in_a_tag(subject: Subject) -> Iterator[Found]:
    """Find tags and descriptions that hold a credential.

    Why: Tags are shown in bills, consoles and logs, to everybody who may list anything.

    Example:
      functions:
        api: { handler: "api.py:app", tags: { API_TOKEN: "x9#kQ2!vLp0zR7" } }

    Use instead:
      secrets: [API_TOKEN]
      functions:
        api: { handler: "api.py:app", secrets: [API_TOKEN] }

    Sources: AWS Tagging Best Practices, "do not put sensitive information in tags", read 2026-11
    """
    service = subject.service
    for key, value in service.tags.items():
        if looks_secret(key, value):
            yield _leak(f"the tag {key}", subject, "tags", key)
    functions, fine = service.functions.values(), set[int]()
    doubtful = suspects(function.description for function in functions)
    for function in functions:
        leaking = () if id(function.tags) in fine else [key for key, value in function.tags.items() if looks_secret(key, value)]
        for key in leaking:
            yield _leak(f"the tag {key}", subject, "functions", function.name, "tags", key)
        if not leaking:
            fine.add(id(function.tags))  # most functions have the same map
        if function.description in doubtful and looks_secret("", function.description):
            yield _leak("the description", subject, "functions", function.name, "description")


def _leak(what: str, subject: Subject, *at: str) -> Found:
    help = "take it out, and change the credential: it has been written down"
    return Found(f"{what} looks like a secret", subject.service.span(*at), "in plain text", help=help)


@rule("SEC007", "advice", needs="env", alike=True)
def unencrypted_address(subject: Subject) -> Iterator[Found]:
    """Point at environment values that are an `http://` address elsewhere.

    Why: What is sent there can be read and changed on the way.

    Example:
      functions:
        api: { handler: "api.py:app", env: { PRICES: "http://prices.example.com/v1" } }

    Use instead:
      functions:
        api: { handler: "api.py:app", env: { PRICES: "https://prices.example.com/v1" } }

    Sources: RFC 9325, Recommendations for Secure Use of TLS, 2022-11
    """
    for function in subject.service.functions.values():
        for key, value in function.env.items():
            if value.startswith("http://") and not _LOCAL.match(value):
                span = subject.service.span("functions", function.name, "env", key)
                yield Found(f"{key} is an address without encryption", span, "http", help="write https://")


@rule("SEC008", "advice", preset="strict", needs="secrets")
def secret_for_everyone(subject: Subject) -> Iterator[Found]:
    """Point at secrets that `defaults` grants to every function.

    Why: Each function that holds a credential is one more that can lose it.

    Example:
      secrets: [STRIPE_KEY]
      defaults: { runtime: python3.13, secrets: [STRIPE_KEY] }
      functions:
        api: { handler: "api.py:app" }
        pay: { handler: "pay.py:app" }

    Use instead:
      secrets: [STRIPE_KEY]
      functions:
        api: { handler: "api.py:app" }
        pay: { handler: "pay.py:app", secrets: [STRIPE_KEY] }

    Sources: OWASP Secrets Management Cheat Sheet, "least privilege", read 2026-11
    """
    functions = list(subject.service.functions.values())
    shared = set(functions[0].secrets).intersection(*(f.secrets for f in functions[1:])) if len(functions) > 1 else set[str]()
    for secret in sorted(shared):
        yield Found(
            f"every function holds the secret {secret}",
            subject.service.span("defaults", "secrets"),
            "granted to all",
            help="grant it where it is used",
        )


RULES: tuple[Rule, ...] = (
    credentials_for_every_origin,
    private_function_is_public,
    writing_route_is_public,
    any_origin,
    secret_in_a_tag,
    unencrypted_address,
    secret_for_everyone,
)
