"""One command at a time to a Redis, by its own protocol (RESP2) and over TLS where its address says `rediss:`. Calls in several threads share it."""

from __future__ import annotations

import socket
from contextlib import suppress
from urllib.parse import unquote, urlsplit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Answer: TypeAlias = str | int | None

PORT, PATIENCE = 6379, 5.0
"""Where a Redis listens when nothing is said, and how many seconds it gets to be reached, and for an answer."""


class RedisError(Exception):
    """What a Redis refused, or that it cannot be reached; the message names the variable that has its address, never the address."""


class Redis:
    """A Redis by its address, `redis[s]://[user][:password]@host[:port][/database]`, in the environment variable `name`."""

    def __init__(self, name: str, address: str) -> None:
        self._name = name
        try:
            self._url = urlsplit(address.strip())
            known = self._url.scheme in ("redis", "rediss") and self._url.hostname
            self._port = self._url.port or PORT
        except ValueError:
            known = False
        if not known:
            message = f"{name} is no address of a Redis: redis://... or rediss://... is asked for"
            raise RedisError(message)
        self._idle: list[_Connection] = []

    def run(self, script: str, key: str, *arguments: str) -> Answer:
        """Run a script over one key. It may run twice, where a connection broke before its answer was here.

        Raises:
            RedisError: it refuses, or cannot be reached.
        """
        words = ("EVAL", script, "1", key, *arguments)
        try:
            while (connection := self._left_over()) is not None:
                with suppress(ConnectionError):  # closed over there since: an instance sleeps between calls
                    return self._asked(connection, words)
            return self._asked(self._opened(), words)
        except OSError as error:
            self.close()  # what is behind them does not answer
            message = f"the Redis in {self._name} cannot be reached: {error}"
            raise RedisError(message) from error

    def close(self) -> None:
        """End the connections that nothing is asked on."""
        while (connection := self._left_over()) is not None:
            connection.close()

    def _left_over(self) -> _Connection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _asked(self, connection: _Connection, words: tuple[str, ...]) -> Answer:
        try:
            said = connection.ask(*words)
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return self._granted(said)

    def _opened(self) -> _Connection:
        url = self._url
        connection = _Connection(str(url.hostname), self._port, secure=url.scheme == "rediss")
        user, password, database = unquote(url.username or ""), unquote(url.password or ""), url.path.strip("/")
        try:
            if password:
                self._granted(connection.ask("AUTH", *((user,) if user else ()), password))
            if database:
                self._granted(connection.ask("SELECT", database))
        except BaseException:
            connection.close()
            raise
        return connection

    def _granted(self, said: Answer) -> Answer:
        if isinstance(said, _Refusal):
            message = f"the Redis in {self._name} refused: {said}"
            raise RedisError(message)
        return said


class _Refusal(str):
    """An answer that is an error."""

    __slots__ = ()


class _Connection:
    """One connection, which has one question under way at a time."""

    def __init__(self, host: str, port: int, *, secure: bool) -> None:
        self._socket = socket.create_connection((host, port), PATIENCE)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if secure:
                import ssl

                self._socket = ssl.create_default_context().wrap_socket(self._socket, server_hostname=host)
            self._lines = self._socket.makefile("rb")
        except BaseException:
            self._socket.close()
            raise

    def ask(self, *words: str) -> Answer:
        """Send a command and read its answer. A connection that broke, or says what is no answer, is an OSError."""
        parts = [word.encode() for word in words]
        self._socket.sendall(b"".join((b"*%d\r\n" % len(parts), *(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts))))
        line = self._lines.readline()
        kind, said = line[:1], line[1:].rstrip()
        if not line.endswith(b"\r\n") or kind not in b"+-:$":
            message = "it closed the connection" if not line else "its answer is not a Redis's"
            raise ConnectionError(message)
        if kind == b":":
            return int(said)
        if kind != b"$":
            return _Refusal(said.decode(errors="replace")) if kind == b"-" else said.decode()
        length = int(said)
        if length < 0:
            return None
        whole = self._lines.read(length + 2)
        if len(whole) < length + 2:
            message = "it closed the connection"
            raise ConnectionError(message)
        return whole[:length].decode()

    def close(self) -> None:
        """End it."""
        self._lines.close()
        self._socket.close()
