"""A run's folder: what it was begun with, and the states it resumes from."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llasa_core.errors import UsageError
from llasa_core.files import full_disk_named, put_in_place, remove, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from llasa_core.train.engine import Engine

RUN_FILE = "run.json"
STATES_KEPT = 2


@dataclass
class Run:
    """`runs/<recipe>/<stage>/`.

    - `run.json`: what the run was begun with
    - `state/step-000100/`: states to resume from, the last two
    - `log.csv`, `tensorboard/`, `loss.png`
    - `checkpoint/`: the result; there when the run is done
    """

    folder: Path

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

    def begin(self, inputs: Mapping[str, Any], *, command: str) -> None:
        """Begin a run, or go on with one that was begun with the same inputs.

        Args:
            inputs: flat names to plain values: whatever the result depends on.
            command: what a person would type again, for the error.

        Raises:
            UsageError: the folder holds a run that was begun with other inputs.
        """
        wanted = json.loads(json.dumps(dict(inputs)))
        file = self.folder / RUN_FILE
        if not file.is_file():
            write_json(file, wanted)
            return
        begun = json.loads(file.read_text(encoding="utf-8"))
        differences = [
            f"{name} was {begun.get(name)!r}, is {wanted.get(name)!r}"
            for name in sorted({*begun, *wanted})
            if begun.get(name) != wanted.get(name)
        ]
        if differences:
            raise UsageError(
                f"this run was begun with other settings: {'; '.join(differences)}",
                where=file,
                fix=f"`{command} --fresh` begins anew and removes the old run; or put the settings back",
            )

    def clear(self) -> None:
        """Remove everything the run has left behind, but not its lock."""
        for path in self.folder.glob("*"):
            if path != self.lock_file:
                remove(path)

    def states(self) -> list[tuple[int, Path]]:
        """Return the whole states, oldest first: (steps done, folder)."""
        folders = (self.folder / "state").glob("step-*")
        return sorted((int(folder.name.removeprefix("step-")), folder) for folder in folders)

    def save_state(self, step: int, engine: Engine) -> None:
        """Save a state after `step` steps; called on every rank. It appears whole, and old states go after it."""
        folder = self.folder / "state" / f"step-{step:06d}"
        beside = folder.with_name(f".{folder.name}.tmp")
        if engine.rank == 0:
            remove(beside)
        engine.meet()
        folder.parent.mkdir(parents=True, exist_ok=True)
        with full_disk_named(folder):
            engine.save(beside)
        engine.meet()
        if engine.rank == 0:
            put_in_place(beside, folder)
            for _, old in self.states()[:-STATES_KEPT]:
                shutil.rmtree(old)

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
