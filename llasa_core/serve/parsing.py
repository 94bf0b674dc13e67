"""Files are parsed in processes of their own, which are ended when they take too long and started again."""

from __future__ import annotations

import asyncio
import multiprocessing
import pickle
import threading
from typing import TYPE_CHECKING

from llasa_core.engine import BusyError
from llasa_core.errors import DataError, RunError
from llasa_core.serve.worker import Failure, work

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from llasa_core.chat.known_recording import KnownRecording
    from llasa_core.serve.settings import ServeSettings
    from llasa_core.serve.worker import Job

JOBS_A_PROCESS = 100
"""Then it is replaced, so that nothing that a parser forgets to give back grows for ever."""
START_S = 30.0
"""For a process to start, before the time of its first job counts."""


class Parsers:
    """A few processes that parse files side by side; every other file waits its turn."""

    def __init__(self, settings: ServeSettings) -> None:
        self._settings = settings
        self._idle: asyncio.LifoQueue[_Parser] = asyncio.LifoQueue()  # the one that is warm is taken first
        self._every = [_Parser(settings) for _ in range(settings.parsers)]
        for parser in self._every:
            self._idle.put_nowait(parser)
        self._waiting = 0

    @property
    def restarts(self) -> int:
        """How many processes were ended because of what they read."""
        return sum(parser.restarts for parser in self._every)

    def warm_up(self) -> None:
        """Start a process, so that the first file need not wait for it."""
        self._every[-1].warm_up()

    async def parse(self, job: Job) -> KnownRecording:
        """Return what is known of a recording.

        Raises:
            DataError: it is no recording that can be used, or takes too long or too much memory.
            BusyError: as many files wait as may.
            RunError: a fault of ours.
        """
        if self._waiting >= self._settings.most_parsing:
            raise BusyError(f"{self._waiting} recordings wait to be read already", fix="try again in a few seconds")
        self._waiting += 1
        try:
            parser = await self._idle.get()
        finally:
            self._waiting -= 1
        done = asyncio.get_running_loop().run_in_executor(None, parser.parse, job)
        done.add_done_callback(lambda _done: self._idle.put_nowait(parser))  # not before, even if nobody waits any more
        outcome = await asyncio.shield(done)
        if isinstance(outcome, Failure):
            if outcome.is_fault:
                raise RunError(f"reading it failed: {outcome.error}", fix="please report it with the file")
            raise DataError(outcome.error, where=outcome.where, fix=outcome.fix)
        return outcome

    def close(self) -> None:
        """End the processes."""
        for parser in self._every:
            parser.close()


class _Parser:
    """One process, started when it is first needed."""

    def __init__(self, settings: ServeSettings) -> None:
        self._settings = settings
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None
        self._jobs = 0
        self._lock = threading.Lock()
        self._is_closed = False
        self.restarts = 0

    def parse(self, job: Job) -> KnownRecording | Failure:
        """Return the outcome; blocks for as long as it takes, and no longer than it may.

        Raises:
            RunError: the parsers were closed.
        """
        try:
            connection = self._started()
            connection.send(job)
            if not connection.poll(self._settings.parse_s + (START_S if self._jobs == 0 else 0)):
                self._end()
                return Failure(
                    f"reading this file takes longer than {self._settings.parse_s:g} s", None, "upload a part of it"
                )
            packed = connection.recv_bytes()
            self._jobs += 1
        except (EOFError, OSError) as error:  # it was killed, by itself, by the system, or because we close
            if self._is_closed:
                raise RunError("the server is closing", fix="try again later") from error
            self._end()
            return Failure("reading this file ended its process", None, "upload a part of it, or another file")
        if self._jobs >= JOBS_A_PROCESS:
            self.close(for_good=False)
        outcome: KnownRecording | Failure = pickle.loads(packed)  # noqa: S301 - from a process of ours
        return outcome

    def warm_up(self) -> None:
        """Start the process and let it get ready."""
        self._started().send(None)

    def close(self, *, for_good: bool = True) -> None:
        """End the process."""
        with self._lock:
            self._is_closed = self._is_closed or for_good
            if self._process is not None:
                self._process.kill()
                self._process.join()
            if self._connection is not None:
                self._connection.close()
            self._process = self._connection = None
            self._jobs = 0

    def _end(self) -> None:
        self.restarts += 1
        self.close(for_good=False)

    def _started(self) -> Connection:
        with self._lock:
            if self._is_closed:
                raise EOFError
            if self._connection is None:
                context = multiprocessing.get_context("spawn")
                self._connection, theirs = context.Pipe()
                self._process = context.Process(
                    target=work, args=(theirs, self._settings.parser_bytes), name="llasa parser", daemon=True
                )
                self._process.start()
                theirs.close()
            return self._connection
