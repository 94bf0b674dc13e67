"""Plain tables of motion that tests write and damage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.errors import LlasaError
from samples.sample import motion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llasa_core.data.recording import Recording

SENSOR_NAMES = tuple(f"{sensor}_{axis}" for sensor in ("acc", "gyr") for axis in "xyz")
HEADER = ("time (s)", *(f"{name} ({'m/s^2' if name < 'b' else 'rad/s'})" for name in SENSOR_NAMES))


def cells_of(*columns: Any) -> list[list[str]]:
    """Return columns of numbers or words as rows of cells; an array of two dimensions is several columns."""
    written = [values for column in columns for values in np.atleast_2d(np.asarray(column).T).tolist()]
    return [
        [f"{value:.14g}" if isinstance(value, float) else str(value) for value in row]
        for row in zip(*written, strict=True)
    ]


def save(path: Path, rows: Sequence[Sequence[str]], separator: str = ",") -> Path:
    """Write rows of cells as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(separator.join(row) + "\n" for row in rows), encoding="utf-8")
    return path


def walk_rows(seconds: float = 20, rate_hz: float = 50, begin: float = 0) -> list[list[str]]:
    """Return a header and the samples of a motion that leaves nothing open; the first is at time `begin`."""
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    return [list(HEADER), *cells_of(begin + times, motion(times))]


def read(path: Path, **options: Any) -> list[Recording]:
    """Return all recordings behind a path."""
    return list(read_recordings(path, ReadOptions(**options)))


def refusal(path: Path, **options: Any) -> str:
    """Return why a path is refused, with its folder left out.

    Raises:
        AssertionError: it is not.
    """
    try:
        read(path, **options)
    except LlasaError as error:
        folder = path if path.is_dir() else path.parent
        return str(error).replace(f"{folder}/", "").replace(str(path), path.name)
    raise AssertionError("it was read")
