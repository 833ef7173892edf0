"""What a child process prints, line by line with its time, in order with what it answers."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable
from typing import IO


class Output:
    """Reads `stream`, the pipe of a child's standard output, until its end. `write` is given each line and the time it came, in milliseconds."""

    def __init__(self, stream: IO[bytes], write: Callable[[int, bytes], None]) -> None:
        self._stream = stream
        self._write = write
        self._reading = threading.Lock()
        self._rest = b""
        os.set_blocking(stream.fileno(), False)
        threading.Thread(target=self._read, daemon=True, name=f"output-{stream.fileno()}").start()

    def _read(self) -> None:
        fd = self._stream.fileno()
        while True:
            select.select([fd], [], [])
            if not self.drain():
                with self._reading:
                    self._stream.close()
                return

    def drain(self) -> bool:
        """Take all output that is there now, so that lines written before an answer are logged before it. False at its end."""
        with self._reading:
            while not self._stream.closed:
                try:
                    data = os.read(self._stream.fileno(), 65536)
                except BlockingIOError:
                    return True
                except OSError:
                    return False
                if not data:
                    self._lines(b"\n" if self._rest else b"")
                    return False
                self._lines(data)
        return False

    def _lines(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        now = int(time.time() * 1000)
        for line in lines:
            self._write(now, line)
