"""What HTTP APIs and function URLs refuse, or do otherwise than the manifest says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fnctl.graph import Json
from fnctl.manifest.model import Function, Trigger
from fnctl.rules.breach import breach
from fnctl.rules.limits import Limit
from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl_aws.limits.parts import at, whole
from fnctl_aws.translate.http import behind_api, folder_key, has_url, route_key, triggers


@rule("AWS201", "warning", "aws", needs="trigger:http", alike=True)
def gateway_ends_first(subject: Subject) -> Iterator[Found]:
    """Find functions behind an HTTP API that may take longer than the API waits.

    Why: The caller gets a 503 after 30 s. The function runs on, and is billed.

    Example:
      functions:
        api: { handler: "api.py:app", timeout: 60s, triggers: [{ http: GET / }] }

    Use instead:
      functions:
        api: { handler: "api.py:app", timeout: 60s, triggers: [{ http: GET / }], targets: { aws: { http: function_url } } }

    Sources: `http_api.timeout`
    """
    limit = subject.limits["http_api.timeout"]
    for function in behind_api(subject.service):
        if (function.timeout or 0) > limit.value:
            label = f"{function.timeout:,} s, and the gateway waits {limit.amount()}"
            help = "hand long work over to a queue or a workflow, or answer through a function URL: targets: { aws: { http: function_url } }"
            yield Found(f"callers of `{function.name}` are sent away before it ends", at(subject, function, "timeout"), label, (limit.note(),), help)


@rule("AWS202", "error", "aws", needs="trigger:http")
def too_many_routes(subject: Subject) -> Iterator[Found]:
    """Find services with more routes than one HTTP API has. A path that takes the rest needs two.

    Why: CreateRoute refuses them half-way through the deploy.

    Example: A service with 301 http triggers.

    Use instead: One app with `interface: asgi` and `http: ANY /{path*}`, or several services.

    Sources: `http_api.routes`
    """
    limit = subject.limits["http_api.routes"]
    if 2 * len(subject.service.started.get("http", ())) <= limit.value:
        return
    routes = [(function, trigger) for function in behind_api(subject.service) for trigger in triggers(function)]
    taken = {route_key(trigger) for _, trigger in routes}
    count = len(taken | {folder for key in taken if (folder := folder_key(key))})
    if count > limit.value:
        label = f"{count} routes, and at most {limit.amount()}"
        span = subject.service.span(*routes[-1][1].at)
        yield breach(limit, "the API has too many routes", span, label, "let one app route: http: ANY /{path*}, or split the service")


@rule("AWS203", "error", "aws", needs="trigger:http")
def too_many_integrations(subject: Subject) -> Iterator[Found]:
    """Find services with more functions behind one HTTP API than it integrates.

    Why: CreateIntegration refuses more, and this number cannot be raised.

    Example: A service with 301 functions that have http triggers.

    Use instead: Several services, or a function URL for some: `targets: { aws: { http: function_url } }`.

    Sources: `http_api.integrations`
    """
    limit = subject.limits["http_api.integrations"]
    behind = behind_api(subject.service) if len(subject.service.functions) > limit.value else []
    if len(behind) > limit.value:
        label = f"{len(behind)} functions, and at most {limit.amount()}"
        span = at(subject, behind[-1], "triggers")
        yield breach(limit, "the API has too many functions behind it", span, label, "split the service, or give some a function URL")


@rule("AWS204", "warning", "aws", needs="trigger.cors", alike=True)
def cors_differs_by_route(subject: Subject) -> Iterator[Found]:
    """Find routes of one HTTP API that ask for different CORS.

    Why: CORS belongs to the whole API: what one route lets in, all of them let in.

    Example:
      functions:
        shop: { handler: "shop.py:app", triggers: [{ http: { method: GET, path: /shop, cors: { origins: ["https://shop.example"] } } }] }
        feed: { handler: "feed.py:app", triggers: [{ http: { method: GET, path: /feed, cors: { origins: ["*"] } } }] }

    Use instead:
      functions:
        shop: { handler: "shop.py:app", triggers: [{ http: { method: GET, path: /shop, cors: { origins: ["https://shop.example"] } } }] }
        feed: { handler: "feed.py:app", triggers: [{ http: GET /feed }] }

    Sources: API Gateway V2 API model 2018-11-29, CorsConfiguration, 2026-11-17
    """
    asked: list[Json] = []
    for function in behind_api(subject.service):
        for trigger in triggers(function):
            cors = trigger.options.get("cors")
            if cors and cors not in asked:
                asked.append(cors)
                if len(asked) == 2:
                    span = subject.service.span(*trigger.at, "http", "cors")
                    help = "say the same for all, or give one a function URL: targets: { aws: { http: function_url } }"
                    yield Found("routes of one API ask for different CORS", span, "joined with the others", help=help)


@rule("AWS206", "error", "aws", needs="trigger.cors")
def cors_too_long(subject: Subject) -> Iterator[Found]:
    """Find CORS of a function URL with more or longer origins, methods or headers than it holds, or for longer than a day.

    Why: CreateFunctionUrlConfig refuses it.

    Example:
      functions:
        api:
          handler: "api.py:app"
          triggers: [{ http: { method: GET, path: /, cors: { origins: ["https://shop.example"], max_age: 2d } } }]
          targets: { aws: { http: function_url } }

    Use instead:
      functions:
        api:
          handler: "api.py:app"
          triggers: [{ http: { method: GET, path: /, cors: { origins: ["https://shop.example"], max_age: 1d } } }]
          targets: { aws: { http: function_url } }

    Sources: `lambda.url.cors.origins`, `lambda.url.cors.origin`, `lambda.url.cors.methods`, `lambda.url.cors.method`, `lambda.url.cors.headers`,
    `lambda.url.cors.age`
    """
    service = subject.service
    for function in service.functions.values():
        for trigger in triggers(function) if has_url(service, function) else ():
            cors = trigger.options.get("cors")
            for word, limit, found in _long(subject, cors) if isinstance(cors, Mapping) else ():
                span = service.span(*trigger.at, "http", "cors", word)
                help = f"say {limit.value:g}s, or leave it out" if word == "max_age" else "leave some out"
                yield breach(limit, f"`{word}` is more than a function URL holds", span, f"{found:,}, and at most {limit.amount()}", help)


def _long(subject: Subject, cors: Mapping[str, Json]) -> Iterator[tuple[str, Limit, int]]:
    limits = subject.limits
    for word in ("origins", "methods", "headers"):
        given = cors.get(word)
        limit = limits[f"lambda.url.cors.{word}"]
        if isinstance(given, list) and len(given) > limit.value:
            yield word, limit, len(given)
    given, limit = cors.get("origins"), limits["lambda.url.cors.origin"]
    longest = max((len(str(origin)) for origin in given), default=0) if isinstance(given, list) else len(str(given or ""))
    if longest > limit.value:
        yield "origins", limit, longest
    given, limit = cors.get("methods"), limits["lambda.url.cors.method"]
    words = given if isinstance(given, list) else [given or ""]
    longest = max((len(str(word)) for word in words if word != "OPTIONS"), default=0)  # OPTIONS is left out: Lambda answers it itself
    if longest > limit.value:
        yield "methods", limit, longest
    age, limit = whole(cors.get("max_age")), limits["lambda.url.cors.age"]
    if age is not None and age > limit.value:
        yield "max_age", limit, age


@rule("AWS207", "error", "aws", needs="trigger.auth")
def url_without_tokens(subject: Subject) -> Iterator[Found]:
    """Find function URLs that should check a JSON web token.

    Why: A function URL knows IAM and nothing else. Only an HTTP API checks tokens before the function is called.

    Example:
      functions:
        api:
          handler: "api.py:app"
          triggers: [{ http: { method: GET, path: /, auth: { issuer: "https://login.example", audience: shop } } }]
          targets: { aws: { http: function_url } }

    Use instead:
      functions:
        api:
          handler: "api.py:app"
          triggers: [{ http: { method: GET, path: /, auth: { issuer: "https://login.example", audience: shop } } }]

    Sources: Lambda API model 2015-03-31, FunctionUrlAuthType, 2026-11-17
    """
    service = subject.service
    for function in service.functions.values():
        for trigger in triggers(function) if has_url(service, function) else ():
            if isinstance(trigger.options.get("auth"), Mapping):
                span, help = service.span(*trigger.at, "http", "auth"), "take the HTTP API: leave out `http: function_url`, or check in the handler"
                yield Found("a function URL does not check tokens", span, "not there", help=help)


@rule("AWS209", "error", "aws", needs="trigger.auth")
def token_check_too_long(subject: Subject) -> Iterator[Found]:
    """Find token checks with more audiences or scopes than an HTTP API holds.

    Why: CreateAuthorizer and CreateRoute refuse them.

    Example:
      functions:
        api:
          handler: "api.py:app"
          triggers:
            - http: { method: GET, path: /, auth: { issuer: "https://login.example", audience: shop, scopes: [a, b, c, d, e, f, g, h, i, j, k] } }

    Use instead:
      functions:
        api:
          handler: "api.py:app"
          triggers: [{ http: { method: GET, path: /, auth: { issuer: "https://login.example", audience: shop, scopes: [read] } } }]

    Sources: `http_api.audiences`, `http_api.scopes`
    """
    for function in behind_api(subject.service):
        for trigger in triggers(function):
            yield from _tokens(subject, function, trigger)


def _tokens(subject: Subject, function: Function, trigger: Trigger) -> Iterator[Found]:
    auth = trigger.options.get("auth")
    if not isinstance(auth, Mapping):
        return
    for word, id_ in (("audience", "http_api.audiences"), ("scopes", "http_api.scopes")):
        given, limit = auth.get(word), subject.limits[id_]
        if isinstance(given, list) and len(given) > limit.value:
            span, label = subject.service.span(*trigger.at, "http", "auth", word), f"{len(given)}, and at most {limit.amount()}"
            yield breach(limit, f"`{function.name}` names too many: {word}", span, label, "check the rest in the handler")


@rule("AWS208", "error", "aws", needs="trigger.auth")
def too_many_authorizers(subject: Subject) -> Iterator[Found]:
    """Find services whose routes trust more issuers and audiences than one HTTP API has authorizers for.

    Why: CreateAuthorizer refuses more until the quota is raised.

    Example: Eleven routes, each with an `auth` of another issuer.

    Use instead: One issuer for several audiences, checks in the handler, or a raised quota: `limits: { aws: { http_api.authorizers: 20 } }`.

    Sources: `http_api.authorizers`
    """
    limit, asked = subject.limits["http_api.authorizers"], dict[str, Trigger]()
    for function in behind_api(subject.service):
        for trigger in triggers(function):
            auth = trigger.options.get("auth")
            if isinstance(auth, Mapping):
                asked.setdefault(repr((auth.get("issuer"), auth.get("audience"))), trigger)
    if len(asked) > limit.value:
        last = list(asked.values())[-1]
        span, label = subject.service.span(*last.at, "http", "auth"), f"{len(asked)}, and at most {limit.amount()}"
        help = "check some in the handler, or have the quota raised and say so: limits: { aws: { http_api.authorizers: ... } }"
        yield breach(limit, "the API trusts too many issuers", span, label, help)


RULES: tuple[Rule, ...] = (
    gateway_ends_first,
    too_many_routes,
    too_many_integrations,
    cors_differs_by_route,
    cors_too_long,
    url_without_tokens,
    too_many_authorizers,
    token_check_too_long,
)
