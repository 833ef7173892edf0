"""When not to use functions at all: work that is too long, too constant, too attached to one machine. Each names the better alternative."""

from __future__ import annotations

from collections.abc import Iterator

from fnctl.pattern import later
from fnctl.rules.abilities import title
from fnctl.rules.model import Found, Rule, Subject, rule

_GPUS = ("CUDA", "NVIDIA", "GPU", "ROCM")
_GPU = later(r"(CUDA|NVIDIA|GPU|ROCM)(_|$)")
_SOCKET = frozenset({"ws", "wss", "websocket", "websockets", "socket.io", "sockjs", "signalr", "graphql-ws", "mqtt"})
_HELD = later(r"(wss?|mqtts?|amqps?|nats|irc)://")
_DISK = later(r"(sqlite(\+\w+)?:(?!.*:memory:)|file:).+|.*\.(sqlite3?|db)$")
_PORT = frozenset({"PORT", "HOST", "LISTEN", "BIND", "WEB_CONCURRENCY", "GUNICORN_CMD_ARGS", "UVICORN_PORT", "UVICORN_HOST"})
TIMES = {"aws": "lambda.timeout", "azure": "functions.timeout", "vercel": "function.timeout"}
"""The limit that ends a call, by target."""

LONG = 0.8
"""The part of the maximum time from which one slow day is one too many."""

BUSY = 0.8
STEADY = 5
"""Instances kept warm from which a container of the same size, always on, is cheaper and simpler."""


@rule("FIT001", "advice", needs="timeout", alike=True)
def near_the_maximum_time(subject: Subject) -> Iterator[Found]:
    """Point at functions whose time is close to the longest that the platform gives, or over it.

    Why: Work that needs all the time there is will need more one day. It is then stopped in the middle, and starts from nothing.

    Example:
      functions:
        export: { handler: "export.py:run", timeout: 14m }

    Use instead:
      functions:
        part: { handler: "export.py:part", interface: task, timeout: 2m }
      workflows:
        export: { steps: [{ id: parts, map: "= $input.parts", as: part, steps: [{ id: part, task: part, input: { part: "= $part" } }] }] }

    Sources: `lambda.timeout`
    """
    most = subject.limits.get(TIMES.get(subject.service.target, ""))
    if most is None:
        return
    for function in subject.service.functions.values():
        if function.timeout is not None and function.timeout > LONG * most.value:
            span = subject.service.span("functions", function.name, "timeout")
            help = "split it with a workflow, or run it as a container job (Fargate or Batch, Container Apps jobs), which has no such end"
            part = "more than" if function.timeout > most.value else "most of"
            label = f"{function.timeout:,} s of {most.amount()} on {title(subject)}"
            yield Found(f"`{function.name}` needs {part} the longest time there is", span, label, (most.note(),), help)


@rule("FIT002", "advice", needs="env", alike=True)
def graphics_processor(subject: Subject) -> Iterator[Found]:
    """Point at functions that are set up for a GPU.

    Why: Functions of these platforms have none: the library falls back to the processor, or fails to start.

    Example:
      functions:
        paint: { handler: "paint.py:run", env: { CUDA_VISIBLE_DEVICES: "0" } }

    Use instead: A container with a GPU (ECS or EC2, Azure Container Apps, SageMaker), or a hosted model behind HTTP that a function calls.

    Sources: Lambda API model 2015-03-31 (accelerators on managed instances only), 2026-11-17
    """
    for function in subject.service.functions.values():
        for key in function.env:
            if key.startswith(_GPUS) and _GPU.match(key):
                span = subject.service.span("functions", function.name, "env", key, key=True)
                help = "run it in a container with a GPU (ECS, Container Apps, SageMaker), or call a hosted model"
                yield Found(f"`{function.name}` is set up for a GPU, and functions have none", span, "no GPU here", help=help)


@rule("FIT003", "warning", needs="trigger:http", alone=True)
def web_socket(subject: Subject) -> Iterator[Found]:
    """Find routes that are named like a WebSocket or another connection that stays open.

    Why: A function answers one request and is frozen. An upgrade to WebSocket is refused, or cut at the timeout.

    Example:
      functions:
        chat: { handler: "chat.py:app", interface: asgi, triggers: [{ http: GET /ws }] }

    Use instead: A service that holds connections and calls a function for each message (API Gateway WebSocket, Web PubSub), or a container.

    Sources: `http_api.timeout`
    """
    http = subject.service.started.get("http", ())
    every = "/".join([str(trigger.options.get("path")) for _, trigger in http]).lower()
    if not any(word in every for word in _SOCKET):
        return
    for function, trigger in http:
        if not _SOCKET.isdisjoint(str(trigger.options.get("path")).lower().split("/")):
            span = subject.service.span(*trigger.at)
            help = "let a service hold the connections (API Gateway WebSocket, Web PubSub), or run a container"
            yield Found(f"`{function.name}` looks like a WebSocket, which no function can hold open", span, "cut at the timeout", help=help)


@rule("FIT004", "advice", needs="provisioned")
def constant_load(subject: Subject) -> Iterator[Found]:
    """Point at functions that keep nearly all of their instances warm all the time.

    Why: Functions are cheap because they stop. One instance kept busy costs about twice as much as the same processor in a container,
    from half its hours on.

    Example:
      functions:
        api: { handler: "api.py:app", triggers: [{ http: GET / }], concurrency: { reserved: 20, provisioned: 20 } }

    Use instead:
      functions:
        api: { handler: "api.py:app", triggers: [{ http: GET / }], concurrency: { reserved: 20, provisioned: 4 } }

    Sources: AWS Price List for us-east-1, Lambda arm64 and Fargate arm64, 2026-09-28
    """
    for function in subject.service.functions.values():
        warm, most = function.provisioned or 0, function.reserved
        if most is not None and warm >= STEADY and warm >= BUSY * most:
            span = subject.service.span("functions", function.name, "concurrency", "provisioned")
            help = "for a load this steady compare a container (Fargate, Container Apps): it serves many requests at once"
            yield Found(f"`{function.name}` is always on", span, f"{warm} of {most} kept warm", help=help)


@rule("FIT005", "advice", needs="trigger.every", alike=True)
def never_idle(subject: Subject) -> Iterator[Found]:
    """Point at schedules that start a function again before it must have ended.

    Why: It runs without a pause, twice at once on a slow day: a daemon, paid by the millisecond.

    Example:
      functions:
        poll: { handler: "poll.py:run", timeout: 5m, triggers: [{ schedule: every 5m }] }

    Use instead:
      functions:
        poll: { handler: "poll.py:run", timeout: 1m, triggers: [{ schedule: every 5m }] }

    Sources: `lambda.timeout`
    """
    for function in subject.service.functions.values():
        for trigger in function.triggers:
            every = trigger.options.get("every") if trigger.kind == "schedule" else None
            if isinstance(every, int) and (function.timeout or 0) >= every:
                span = subject.service.span(*trigger.at)
                help = "shorten the timeout, start it less often, or run a container that loops"
                yield Found(
                    f"`{function.name}` may still run when it is started again", span, f"every {every:,} s, up to {function.timeout:,} s", help=help
                )


@rule("FIT006", "warning", needs="env", alike=True)
def state_on_disk(subject: Subject) -> Iterator[Found]:
    """Find functions that keep a database in a file.

    Why: Each instance has its own disk, and loses it. Two calls see two databases.

    Example:
      functions:
        api: { handler: "api.py:app", env: { DATABASE_URL: "sqlite:////tmp/app.db" } }

    Use instead:
      resources: { orders: { type: table, key: id } }
      functions:
        api: { handler: "api.py:app", uses: { orders: [read, write] } }

    Sources: `lambda.scratch`
    """
    for function in subject.service.functions.values():
        for key, value in function.env.items():
            if (":" in value or "." in value) and _DISK.fullmatch(value):
                span = subject.service.span("functions", function.name, "env", key)
                help = "use a table of the manifest, or a database server; a container with a volume keeps a file"
                yield Found(f"`{function.name}` keeps a database on a disk that is lost", span, "a file", help=help)


@rule("FIT007", "advice", needs="env", alike=True)
def server_with_a_port(subject: Subject) -> Iterator[Found]:
    """Point at functions that are told which port to listen on.

    Why: Nothing connects to a port of a function: requests come in as calls of the handler.

    Example:
      functions:
        api: { handler: "api.py:app", interface: asgi, triggers: [{ http: GET / }], env: { PORT: "8080" } }

    Use instead:
      functions:
        api: { handler: "api.py:app", interface: asgi, triggers: [{ http: GET / }] }

    Sources: docs/handlers.md
    """
    for function in subject.service.functions.values():
        for key in function.env:
            if key in _PORT:
                span = subject.service.span("functions", function.name, "env", key, key=True)
                help = "name the app as the handler and leave the server out; a server with its own port is a container (Fargate, Container Apps)"
                yield Found(f"`{function.name}` is told a port, and nothing connects to it", span, "not used", help=help)


@rule("FIT008", "advice", needs="env", alike=True)
def held_connection(subject: Subject) -> Iterator[Found]:
    """Point at functions that talk to a broker over a connection that has to stay open (MQTT, AMQP, WebSocket).

    Why: An instance is frozen between calls: heartbeats stop, subscriptions are lost, and every instance opens a connection of its own.

    Example:
      functions:
        relay: { handler: "relay.py:run", env: { BROKER: "mqtts://broker.example.com" } }

    Use instead: A queue or topic trigger, which the platform listens to, or a container that holds the connection.

    Sources: docs/handlers.md
    """
    for function in subject.service.functions.values():
        for key, value in function.env.items():
            if "://" in value and _HELD.match(value):
                span = subject.service.span("functions", function.name, "env", key)
                help = "let the platform listen (a queue or topic trigger), or hold the connection in a container"
                yield Found(f"`{function.name}` needs a connection that stays open", span, "frozen between calls", help=help)


RULES: tuple[Rule, ...] = (
    near_the_maximum_time,
    graphics_processor,
    web_socket,
    constant_load,
    never_idle,
    state_on_disk,
    server_with_a_port,
    held_connection,
)
