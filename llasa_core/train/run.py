"""A run's folder: what it was begun with, and the states it resumes from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from llasa_core.errors import UsageError
from llasa_core.files import check_room, full_disk_named, put_in_place, remove, write_json
from llasa_core.launching.folder import RankFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from llasa_core.train.engine import Engine

RANKS = "world_size"
"""Among what a run was begun with: on how many ranks; the one input that `--reshard` lets go."""
LENGTH_FILE = "steps.json"


@dataclass
class Run(RankFolder):
    """`runs/<recipe>/<stage>/`.

    - `run.json`: what the run was begun with
    - `placement.json`: how it is laid out over devices
    - `steps.json`: how many steps it takes
    - `state/step-000100/`: states to resume from, the last few
    - `save`, `stop`: made by anybody who wants a state now, or a state and the end
    - `log.csv`, `tensorboard/`, `loss.png`
    - `checkpoint/`: the result; there when the run is done
    """

    GOES_ON: ClassVar[str] = "the same command goes on from the last state"
    STOPPING: ClassVar[str] = "stopping after this step, with a state to go on from; once more stops at once"
    LESS_MEMORY: ClassVar[str] = (
        "lower `micro_batch_tokens`, or set `activation_checkpointing: true`, a higher `zero_stage` or `offload`"
    )

    @property
    def checkpoint(self) -> Path:
        """Where the result appears."""
        return self.folder / "checkpoint"

    @property
    def is_done(self) -> bool:
        """Whether the result is there."""
        return self.checkpoint.is_dir()

    @property
    def lock_file(self) -> Path:
        """Held by the process that works on the run."""
        return self.folder / "lock"

    @property
    def save_trigger(self) -> Path:
        """A file that, once there, asks for a state."""
        return self.folder / "save"

    @property
    def probe_request(self) -> Path:
        """A file that, while there, asks for a rehearsal before the first step."""
        return self.folder / "probe"

    def begin(self, inputs: Mapping[str, Any], *, command: str, reshard: bool = False) -> None:
        """Begin a run, or go on with one that was begun with the same inputs, or that never came to its first step.

        Args:
            inputs: flat names to plain values: whatever the result depends on.
            command: what a person would type again, for the error.
            reshard: whether another number of ranks is fine.

        Raises:
            UsageError: the folder holds a run that was begun with other inputs.
        """
        for trigger in (self.save_trigger, self.stop_trigger, self.probe_request):
            remove(trigger)  # meant for an earlier process
        wanted = json.loads(json.dumps(dict(inputs)))
        file = self.begun_file
        if not file.is_file() or not self._has_trained:
            write_json(file, wanted)
            return
        begun = json.loads(file.read_text(encoding="utf-8"))
        if reshard and begun.get(RANKS) != wanted.get(RANKS) and not self.is_done:
            begun[RANKS] = wanted[RANKS]
            if begun == wanted:
                write_json(file, wanted)
        differences = [
            f"{name} was {begun.get(name)!r}, is {wanted.get(name)!r}"
            for name in sorted({*begun, *wanted})
            if begun.get(name) != wanted.get(name)
        ]
        if differences:
            only_ranks = begun | {RANKS: wanted.get(RANKS)} == wanted
            other = f"; `{command} --reshard` goes on with other ranks" if only_ranks and not self.is_done else ""
            raise UsageError(
                f"this run was begun with other settings: {'; '.join(differences)}",
                where=file,
                fix=f"`{command} --fresh` begins anew and removes the old run; or put the settings back{other}",
            )

    @property
    def _has_trained(self) -> bool:
        """Whether anything here depends on the inputs; it does not where a sample was refused before the first step."""
        from llasa_core.train.log import log_file  # noqa: PLC0415 - numpy, which a rank imports late

        return self.is_done or bool(self.states()) or log_file(self.folder).exists()

    def say_length(self, n_steps: int) -> None:
        """Leave how many steps the run takes, for `llasa runs`."""
        write_json(self.folder / LENGTH_FILE, {"n_steps": n_steps})

    @property
    def n_steps(self) -> int | None:
        """How many steps the run takes; None before it has begun to train."""
        try:
            return int(json.loads((self.folder / LENGTH_FILE).read_text(encoding="utf-8"))["n_steps"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def clear(self) -> None:
        """Remove everything the run has left behind, but not its lock."""
        for path in self.folder.glob("*"):
            if path != self.lock_file:
                remove(path)

    def states(self) -> list[tuple[int, Path]]:
        """Return the whole states, oldest first: (steps done, folder)."""
        folders = (self.folder / "state").glob("step-*")
        return sorted((int(folder.name.removeprefix("step-")), folder) for folder in folders)

    def save_state(self, step: int, engine: Engine, write: Callable[[Path], None], *, size: int, keep: int) -> None:
        """Save a state after `step` steps; called on every rank. It appears whole, and old states go after it.

        States of later steps go too: they are damaged, or the run would have gone on from them.

        Args:
            step: steps done.
            engine: of this rank.
            write: makes the folder that it is given, with the state in it.
            size: of the state, in bytes.
            keep: how many of the last states stay.

        Raises:
            RunError: the disk has no room for it; what was saved before stays.
        """
        folder = self.folder / "state" / f"step-{step:06d}"
        beside = folder.with_name(f".{folder.name}.tmp")
        folder.parent.mkdir(parents=True, exist_ok=True)
        if engine.rank == 0:
            for left in folder.parent.glob(".step-*"):  # of saves that were killed
                remove(left)
            check_room(
                folder,
                size,
                what="the state",
                fix="free some space and run the same command again: it goes on from the last state",
            )
        engine.meet()
        try:
            with full_disk_named(folder):
                write(beside)
                if engine.rank == 0:
                    put_in_place(beside, folder)
        finally:
            if engine.rank == 0:
                remove(beside)
        if engine.rank == 0:
            done = [state for state in self.states() if state[0] <= step]
            for state in self.states():
                if state not in done[-keep:]:
                    remove(state[1])
        engine.meet()

    def finish(self) -> None:
        """Remove the states once the result is there."""
        remove(self.folder / "state")


def flatten(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield nested settings under dotted names."""
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from flatten(inner, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", inner
