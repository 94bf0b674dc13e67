"""When the next request may go out."""

from __future__ import annotations

import time
from threading import Event, Lock


class Stopped(Exception):  # noqa: N818 - it ends the waiting of a thread whose run is over
    """The run is over: whoever waits shall not go on."""


class Pace:
    """Spreads requests evenly, so that no minute holds more of them, or of tokens, than allowed; threads share one."""

    def __init__(self, requests_a_minute: float | None = None, tokens_a_minute: float | None = None) -> None:
        self._s_a_request = 60 / requests_a_minute if requests_a_minute else 0.0
        self._s_a_token = 60 / tokens_a_minute if tokens_a_minute else 0.0
        self._lock = Lock()
        self._free_at = 0.0
        self._stop = Event()

    def wait(self, tokens: int) -> None:
        """Return when a request that may take so many tokens can go out.

        Raises:
            Stopped: the run is over.
        """
        with self._lock:
            at = max(time.monotonic(), self._free_at)
            self._free_at = at + max(self._s_a_request, tokens * self._s_a_token)
        while (left := at - time.monotonic()) > 0:
            self.pause(left)
        self.check()

    def took(self, tokens: int, instead_of: int) -> None:
        """Take into account what a request really took."""
        with self._lock:
            self._free_at += (tokens - instead_of) * self._s_a_token

    def hold(self, seconds: float) -> None:
        """Let no further request out for a while: a limit is of the account, not of one request."""
        with self._lock:
            self._free_at = max(self._free_at, time.monotonic() + seconds)

    def pause(self, seconds: float) -> None:
        """Wait.

        Raises:
            Stopped: the run is over.
        """
        if self._stop.wait(seconds):
            raise Stopped

    def check(self) -> None:
        """Return if the run goes on.

        Raises:
            Stopped: it is over.
        """
        if self._stop.is_set():
            raise Stopped

    def stop(self) -> None:
        """Wake whoever waits, and let nothing more out."""
        self._stop.set()
