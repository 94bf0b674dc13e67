"""Launched ranks, followed to their end: progress is told, a failure ends all in seconds, Ctrl-C asks them to stop."""

from __future__ import annotations

import json
import os
import selectors
import signal
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from llasa_core.errors import InterruptedRun
from llasa_core.launching.endings import SSH_FAILED, Endings
from llasa_core.launching.launcher import rank_words, start_all
from llasa_core.launching.ranks import ERROR_MARK, PROGRESS_MARK, RANK_MARK, SAY_MARK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from llasa_core.launching.folder import RankFolder
    from llasa_core.launching.hosts import Host
    from llasa_core.launching.launcher import Launcher

TICK_S = 0.2
GRACE_S = 5.0
"""After the first sign of a failure, for others to say what they know; then everything is killed."""


def launch(
    module: str,
    folder: RankFolder,
    arguments: Sequence[str],
    hosts: Sequence[Host],
    *,
    port: int,
    tell: Callable[[dict[str, Any]], None],
    say: Callable[[str], None],
) -> None:
    """Run a module on every rank of every host, to its end.

    The first SIGINT or SIGTERM asks the ranks to stop, through the folder's `stop_trigger`; a second one ends them at
    once. Whatever happens, no process is left on this machine.

    Args:
        module: which ends in a call of `ranks.main`.
        folder: that the ranks work on, with its `begun_file` in it; it gets the log.
        arguments: what else every rank is told.
        hosts: in the order of their ranks.
        port: on which rank 0 waits for the others.
        tell: told whatever a rank says with `ranks.tell`.
        say: told in a line what happens.

    Raises:
        LlasaError: what ended the ranks: one's own error before what it did to others.
        InterruptedRun: asked to stop.
    """
    words = rank_words(module, folder, arguments)
    with folder.log_file.open("w", encoding="utf-8") as log, _signals_counted() as n_signals, ExitStack() as stack:
        following = Following(folder, log, tell, say)
        stack.callback(following.close)
        for launcher in start_all(words, folder, hosts, port):
            following.add(launcher)
        following.to_the_end(n_signals)
    cause = following.endings.cause(is_done=folder.is_done)
    if cause:
        raise cause


class Following:
    """Listens to launchers and to their ranks' lives."""

    def __init__(
        self, folder: RankFolder, log: TextIO, tell: Callable[[dict[str, Any]], None], say: Callable[[str], None]
    ) -> None:
        self.endings = Endings(folder)
        self._folder, self._log, self._tell, self._say = folder, log, tell, say
        self._launchers: list[Launcher] = []
        self._ended: set[Launcher] = set()
        self._with_ranks: set[Launcher] = set()
        self._last_words: dict[Launcher, str] = {}
        self._pidfds: set[int] = set()
        self._selector = selectors.DefaultSelector()

    def add(self, launcher: Launcher) -> None:
        """Follow one more launcher."""
        self._launchers.append(launcher)
        self._selector.register(launcher.output, selectors.EVENT_READ, lambda: self._read(launcher))

    def close(self) -> None:
        """End whatever still runs."""
        for launcher in self._launchers:
            launcher.kill()
        for handle in self._pidfds:
            os.close(handle)
        self._selector.close()

    def to_the_end(self, n_signals: Callable[[], int]) -> None:
        """Listen until every launcher has ended, or something failed and its grace is over.

        Raises:
            InterruptedRun: asked twice to stop.
        """
        is_asked, failing_since = False, None
        while self._listen() or len(self._ended) < len(self._launchers):
            if n_signals() > 1:
                raise InterruptedRun("stopped at once", where=self._folder.folder, fix=self._folder.GOES_ON)
            if n_signals() and not is_asked:
                is_asked = True
                self._folder.stop_trigger.touch()
                self._say(self._folder.STOPPING)
            if self.endings.is_failing:
                failing_since = failing_since or time.monotonic()
                if time.monotonic() - failing_since > GRACE_S:
                    return

    def _listen(self) -> bool:
        """Take what comes within a moment; return whether anything did."""
        events = self._selector.select(TICK_S)
        for key, _ in events:
            key.data()
        for launcher in self._launchers:
            code = launcher.process.poll()
            if code is not None and launcher not in self._ended:
                self._ended.add(launcher)
                self._note_end(launcher, code)
        return bool(events)

    def _note_end(self, launcher: Launcher, code: int) -> None:
        if launcher.is_remote and (code < 0 or code == SSH_FAILED):
            had_ranks = code < 0 or launcher in self._with_ranks
            words = self._last_words.get(launcher, "")
            self.endings.connection_ended(launcher.host, had_ranks=had_ranks, last_words=words)
        else:
            self.endings.launcher_ended(launcher.host, code)

    def _read(self, launcher: Launcher) -> None:
        lines = launcher.read()
        if lines is None:
            self._selector.unregister(launcher.output)
            return
        for line in filter(None, lines):
            if line.startswith(PROGRESS_MARK):
                self._tell(json.loads(line.removeprefix(PROGRESS_MARK)))
            elif line.startswith(SAY_MARK):
                self._say(json.loads(line.removeprefix(SAY_MARK))["text"])
            elif line.startswith(ERROR_MARK):
                self.endings.hear(json.loads(line.removeprefix(ERROR_MARK)))
            elif line.startswith(RANK_MARK):
                self._with_ranks.add(launcher)
                self._watch(launcher, **json.loads(line.removeprefix(RANK_MARK)))
            else:
                self._last_words[launcher] = line.strip()
                self.endings.read(line)
                self._log.write(line + "\n")

    def _watch(self, launcher: Launcher, rank: int, pid: int) -> None:
        """Hear of a local rank's end when it happens: DeepSpeed's launcher looks once a second, and names no rank."""
        if launcher.is_remote:
            return
        try:
            handle = os.pidfd_open(pid)
        except (AttributeError, OSError):  # an old kernel or Python, or the rank is gone already
            return

        def ended() -> None:
            self._selector.unregister(handle)
            self._pidfds.discard(handle)
            os.close(handle)
            self.endings.rank_ended(rank, code_of(pid))

        self._pidfds.add(handle)
        self._selector.register(handle, selectors.EVENT_READ, ended)


def code_of(pid: int) -> int | None:
    """Return how a process has ended that its parent has not asked about yet: its code, or minus its signal.

    None where the parent was quicker.
    """
    try:
        status = int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[EXIT_CODE])
    except (OSError, IndexError):
        return None
    return os.waitstatus_to_exitcode(status)


EXIT_CODE = 49
"""Where /proc/PID/stat has it, counted after the name (proc(5), field 52)."""


@contextmanager
def _signals_counted() -> Iterator[Callable[[], int]]:
    """Count SIGINT and SIGTERM instead of ending; outside the main thread, where nobody can, they do what they did."""
    received: list[int] = []
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, lambda got, _frame: received.append(got))
    try:
        yield lambda: len(received)
    finally:
        for changed, handler in before.items():
            signal.signal(changed, handler)
