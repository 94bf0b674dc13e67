"""The folder that ranks share with the command that launches them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from pathlib import Path


RUN_FILE = "run.json"


@dataclass
class RankFolder:
    """What launching needs of a folder; whoever launches ranks derives a class that says when its work is done.

    - `run.json`: written by the command before it launches; ranks know by it that they see the same folder
    - `ranks.lock`: held by the ranks
    - `stop`: made by anybody who wants the end of the work
    - `launcher.log`: whatever ranks print that is no word to their command
    """

    folder: Path

    GOES_ON: ClassVar[str] = "the same command goes on from what is kept"
    """What a person can do after ranks have died."""
    STOPPING: ClassVar[str] = "stopping, and what is done is kept; once more stops at once"
    """Said at the first Ctrl-C."""
    LESS_MEMORY: ClassVar[str] = "use a GPU with more memory, or end what else runs on it"
    """What a person can do when a GPU's memory ran out."""

    @property
    def begun_file(self) -> Path:
        """What the command has written: no other folder has the same."""
        return self.folder / RUN_FILE

    @property
    def ranks_file(self) -> Path:
        """Held by every rank that works here, all together."""
        return self.folder / "ranks.lock"

    @property
    def stop_trigger(self) -> Path:
        """A file that, once there, asks for the end."""
        return self.folder / "stop"

    @property
    def log_file(self) -> Path:
        """Where the lines of the ranks and of DeepSpeed's launcher go."""
        return self.folder / "launcher.log"

    @property
    def is_done(self) -> bool:
        """Whether the result is there: then ranks may end as they like."""
        return False
