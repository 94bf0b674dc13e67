"""A run's folder: its lock, what it was begun with, the states it resumes from, its log."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Self

from llasa_core.errors import RunError, UsageError
from llasa_core.files import put_in_place, remove, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

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
            if path.name != RunLock.NAME:
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
        engine.save(beside)
        engine.meet()
        if engine.rank == 0:
            put_in_place(beside, folder)
            for _, old in self.states()[:-STATES_KEPT]:
                shutil.rmtree(old)

    def finish(self) -> None:
        """Remove the states once the result is there."""
        remove(self.folder / "state")


class RunLock:
    """Keeps a second process out of a run; the system lets go of it when the holder dies, however it dies."""

    NAME = "lock"

    def __init__(self, folder: Path) -> None:
        self._path = folder / self.NAME
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("w", encoding="utf-8")
        try:
            _lock(self._file)
        except OSError as error:
            self._file.close()
            raise RunError(
                "another process is working on this run",
                where=self._path.parent,
                fix="wait for it to end, or stop it; the same command then goes on where it left off",
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()


def _lock(file: IO[str]) -> None:
    try:
        import fcntl  # noqa: PLC0415 - there is none on Windows
    except ImportError:  # pragma: no cover - Windows
        import msvcrt  # noqa: PLC0415

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def flatten(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield nested settings under dotted names."""
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from flatten(inner, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", inner
