"""The windows that foreign items are about: `.npy` files of one window each, or one array of many."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.channels import CHANNELS
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from llasa_core.data.importers.item import ForeignItem, WindowName
    from llasa_core.data.importers.texts import Readings
    from llasa_core.errors import Place

MOST_HELD = 256
"""Windows that are kept in memory: items about one window stand together."""
READINGS_HZ = 10.0
"""Rate of the readings that stand in texts."""
_WINDOWS = "say where they are with `--windows`: a folder of .npy files, or one array [window, time, channel]"


class WindowFiles:
    """Finds and reads the windows of items."""

    def __init__(self, beside: Path, windows: Path | None, window_len: int) -> None:
        """Look beside a file of items, or where somebody says.

        Args:
            beside: the file of items.
            windows: a folder of windows, or an array of them.
            window_len: samples that each must have.

        Raises:
            DataError: there is no such folder or array, or it is no array of windows.
        """
        self._roots = [windows] if windows is not None and windows.is_dir() else [beside.parent]
        self._array = _array_of_many(windows, window_len) if windows is not None and not windows.is_dir() else None
        self._array_file = windows
        self._window_len = window_len
        self._held: OrderedDict[WindowName, np.ndarray] = OrderedDict()
        self._found: dict[tuple[str, ...], Path] = {}

    @property
    def has_array(self) -> bool:
        """Whether windows are known by their numbers."""
        return self._array is not None

    def window(self, name: WindowName, item: ForeignItem) -> np.ndarray:
        """Return a window as its file has it: float64 [time, channel].

        Args:
            name: one of the item's windows.
            item: which may hold its readings itself; also for errors.

        Raises:
            DataError: there is no such window, or it is not one.
        """
        if item.readings is not None and self._array is None:
            return _from_readings(item.readings, item.place, self._window_len)
        held = self._held.get(name)
        if held is None:
            held = self._read(name, item.place)
            self._held[name] = held
            if len(self._held) > MOST_HELD:
                self._held.popitem(last=False)
        return held

    def _read(self, name: WindowName, place: Place) -> np.ndarray:
        if isinstance(name, str):
            path = self._path_of(name)
            if path is None:
                raise DataError(f'there is no window file "{name}"', where=place, fix=_WINDOWS)
            return _checked(_load(path), path, self._window_len)
        if self._array is None:
            raise DataError(
                f"the item names window {name}, and no array of windows is known", where=place, fix=_WINDOWS
            )
        if name >= len(self._array):
            raise DataError(
                f"the item names window {name}, and the array {self._array_file} holds {len(self._array)}",
                where=place,
                fix="pass the array that the items were made from",
            )
        return _finite(np.asarray(self._array[name, :, : len(CHANNELS)], np.float64), f"{self._array_file}[{name}]")

    def _path_of(self, name: str) -> Path | None:
        """Return where a window file is: at its path, or at the last parts of it below where windows are looked for."""
        if (whole := Path(name)).is_absolute() and whole.is_file():
            return whole
        parts = tuple(part for part in name.replace("\\", "/").split("/") if part not in {"", ".", ".."})
        folder = self._found.get(parts[:-1])
        if folder is not None and parts and (folder / parts[-1]).is_file():
            return folder / parts[-1]
        for root in self._roots:
            for first in range(len(parts)):
                path = root.joinpath(*parts[first:])
                if path.is_file():
                    self._found[parts[:-1]] = path.parent
                    return path
        return None


def _load(path: Path) -> np.ndarray:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise DataError(f"not a whole array of numbers: {error}", where=path, fix="copy the file again") from error
    if not isinstance(array, np.ndarray) or not np.issubdtype(array.dtype, np.number):
        raise DataError("the file holds no array of numbers", where=path, fix="save the windows with `numpy.save`")
    return array


def _checked(array: np.ndarray, path: Path, window_len: int) -> np.ndarray:
    if array.ndim != 2 or array.shape[0] != window_len or array.shape[1] < len(CHANNELS):  # noqa: PLR2004 - axes
        raise DataError(
            f"the window has shape {list(array.shape)}, not [{window_len}, {len(CHANNELS)}]",
            where=path,
            fix="a window is 6 s at 20 Hz: acc x y z, then gyr x y z",
        )
    return _finite(np.asarray(array[:, : len(CHANNELS)], np.float64), str(path))


def _finite(window: np.ndarray, where: str) -> np.ndarray:
    bad = np.argwhere(~np.isfinite(window))
    if len(bad):
        step, channel = bad[0].tolist()
        raise DataError(
            f"{CHANNELS[channel]} is not a number in step {step}", where=where, fix="leave out the items about it"
        )
    return window


def _array_of_many(path: Path, window_len: int) -> np.ndarray:
    if not path.is_file():
        raise DataError("there are no windows here", where=path, fix=_WINDOWS)
    array = _load(path)
    if array.ndim != 3 or array.shape[1] != window_len or array.shape[2] < len(CHANNELS):  # noqa: PLR2004 - axes
        raise DataError(
            f"the array has shape {list(array.shape)}, not [window, {window_len}, {len(CHANNELS)} or more]",
            where=path,
            fix="a window is 6 s at 20 Hz: acc x y z, then gyr x y z",
        )
    return array


def _from_readings(readings: Readings, place: Place, window_len: int) -> np.ndarray:
    """Return a window between whose readings straight lines are drawn."""
    samples = np.concatenate([readings.acc, readings.gyr], axis=1)
    at = np.linspace(0, len(samples) - 1, window_len)
    columns = [np.interp(at, np.arange(len(samples)), column) for column in samples.T]
    return _finite(np.stack(columns, axis=1), str(place))
