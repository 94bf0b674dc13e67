"""Why launched ranks ended: of all that they and their launchers left, the cause and not its echoes."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from llasa_core.errors import InterruptedRun, LlasaError, RunError
from llasa_core.launching.hosts import LOCALHOST, Host, unreachable
from llasa_core.launching.ranks import heard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llasa_core.launching.folder import RankFolder

ERROR_LINE = re.compile(r"(?:\w+\.)*\w*(?:Error|Exception)(?:: .*)?|\S+: No module named .*")
"""The last line of a traceback."""
SSH_FAILED = 255
CODES = 256
"""Of a process; DeepSpeed's launcher ends with minus the signal that killed its rank."""


class Sign(IntEnum):
    """What was seen, the likeliest cause first."""

    SAID = 0
    """By a rank, about itself."""
    LAUNCHER = 1
    """Killed or out of reach, which ends its ranks too."""
    KILLED = 2
    """A rank, by a signal."""
    ASKED = 3
    """It was asked to stop, and has."""
    UNSAID = 4
    """Something ended badly and did not say why."""
    ECHO = 5
    """A rank lost another one."""


@dataclass
class Endings:
    """What is known so far."""

    folder: RankFolder
    found: list[tuple[Sign, LlasaError]] = field(default_factory=list)
    first_dead: int | None = None
    """The rank that ended badly before all others; the launcher then ends those."""
    error_line: str | None = None
    """The last one that looked like the end of a traceback."""

    @property
    def is_failing(self) -> bool:
        """Whether something went wrong; ranks that were asked to stop end well."""
        return any(sign is not Sign.ASKED for sign, _ in self.found)

    def cause(self, *, is_done: bool) -> LlasaError | None:
        """Return the error to raise, or None where all is well: once the work is done, ranks may end as they like."""
        found = [(sign, error) for sign, error in self.found if sign is Sign.SAID or not is_done]
        if not found:
            return None
        sign, error = min(found, key=lambda one: one[0])
        return self._error(f"{error.message}: {self.error_line}") if sign is Sign.UNSAID and self.error_line else error

    def hear(self, words: Mapping[str, Any]) -> None:
        """Take what a rank says about its error."""
        error = heard(words)
        sign = Sign.ASKED if isinstance(error, InterruptedRun) else Sign.ECHO if words["is_echo"] else Sign.SAID
        self.found.append((sign, error))

    def read(self, line: str) -> None:
        """Look at a line that is no rank's word to us."""
        if ERROR_LINE.fullmatch(line.strip()):
            self.error_line = line.strip()

    def rank_ended(self, rank: int, code: int | None) -> None:
        """Note that a rank has ended: with this code, by this negative signal, or nobody knows how."""
        if code == 0 or self.first_dead is not None:
            return
        self.first_dead = rank
        if code is not None and code < 0:
            self.found.append((Sign.KILLED, self._killed(f"rank {rank}", -code)))
        elif code is not None:
            self.found.append((Sign.UNSAID, self._error(f"rank {rank} ended with code {code}")))

    def launcher_ended(self, host: Host, code: int) -> None:
        """Note how DeepSpeed's launcher has ended, on this machine or behind ssh."""
        if code < 0:
            self.found.append((Sign.LAUNCHER, self._killed(_launcher_of(host), -code)))
        elif CODES - signal.SIGRTMAX <= code < SSH_FAILED:
            rank = f"a rank{_on(host)}" if self.first_dead is None else f"rank {self.first_dead}"
            self.found.append((Sign.KILLED, self._killed(rank, CODES - code)))
        elif code > 0:
            self.found.append((Sign.UNSAID, self._error(f"{_launcher_of(host)} ended with code {code}")))

    def connection_ended(self, host: Host, *, had_ranks: bool, last_words: str) -> None:
        """Note that ssh has failed: it never reached the host, or lost it."""
        lost = self._error(f"the connection to host {host.name} was lost, or its launcher was killed")
        self.found.append((Sign.LAUNCHER, lost if had_ranks else unreachable(host, last_words)))

    def _killed(self, who: str, number: int) -> RunError:
        name = signal.Signals(number).name if number in set(signal.Signals) else "unknown"
        often = "; often the host's memory ran out" if number == signal.SIGKILL else ""
        return self._error(f"{who} was killed by signal {number} ({name}){often}")

    def _error(self, message: str) -> RunError:
        fix = f"the end of that file may say more; {self.folder.GOES_ON}"
        return RunError(message, where=self.folder.log_file, fix=fix)


def _launcher_of(host: Host) -> str:
    return f"the deepspeed launcher{_on(host)}"


def _on(host: Host) -> str:
    return "" if host.name == LOCALHOST else f" on host {host.name}"
