"""The units of imported windows, decided on some of each dataset."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.channels import ACC, GYR
from llasa_core.data.grounded.draw import Draw
from llasa_core.data.importers.truth import PUBLISHED_G
from llasa_core.data.units import Stated, decide_acc_unit, decide_gyr_unit
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from llasa_core.data.channels import AccUnit, GyrUnit
    from llasa_core.data.importers.item import ForeignItem
    from llasa_core.data.importers.window_files import WindowFiles
    from llasa_core.errors import Place

MOST_LOOKED_AT = 100
"""Windows of a dataset; they are drawn from all of it."""


class Scale:
    """What windows of one dataset are multiplied with to be in m/s² and rad/s."""

    def __init__(self, acc: float, gyr: float, notes: tuple[str, ...], *, is_detected: bool) -> None:
        self.notes = notes
        self.is_detected = is_detected
        """Nobody said the unit of acceleration."""
        self._factors = np.array([acc] * 3 + [gyr] * 3)

    def si(self, window: np.ndarray) -> np.ndarray:
        """Return a window [time, channel] in m/s² and rad/s as it is stored."""
        scaled: np.ndarray = window * self._factors
        return scaled.astype(np.float32)


class SomeWindows:
    """A fair choice of the items of each dataset, whatever their number."""

    def __init__(self) -> None:
        self._chosen: dict[str, list[tuple[ForeignItem, WindowFiles]]] = defaultdict(list)
        self._n_seen: dict[str, int] = defaultdict(int)
        self._draw = Draw(0, "windows whose units are looked at")

    def add(self, dataset: str, item: ForeignItem, files: WindowFiles) -> None:
        """Take the next item of a dataset."""
        self._n_seen[dataset] += 1
        chosen = self._chosen[dataset]
        if len(chosen) < MOST_LOOKED_AT:
            chosen.append((item, files))
        elif self._draw.chance(MOST_LOOKED_AT / self._n_seen[dataset]):
            chosen[self._draw.one(range(MOST_LOOKED_AT))] = item, files

    def scales(
        self, rate_hz: float, acc_unit: AccUnit | None, gyr_unit: GyrUnit | None, *, skip_bad: bool
    ) -> dict[str, Scale]:
        """Return the scale of each dataset.

        Args:
            rate_hz: of the windows.
            acc_unit: what a flag says.
            gyr_unit: likewise.
            skip_bad: pass over windows that are missing.

        Raises:
            DataError: there is no gravity in the windows, their units cannot be told, or one is missing.
        """
        scales = {}
        for dataset, chosen in self._chosen.items():
            windows = [window for item, files in chosen for window in _windows_of(item, files, skip_bad=skip_bad)]
            if windows:
                scales[dataset] = _scale(np.concatenate(windows), rate_hz, acc_unit, gyr_unit, chosen[0][0].place)
        return scales


def _windows_of(item: ForeignItem, files: WindowFiles, *, skip_bad: bool) -> list[np.ndarray]:
    try:
        return [files.window(name, item) for name in item.windows]
    except DataError:
        if skip_bad:
            return []
        raise


def _scale(
    samples: np.ndarray, rate_hz: float, acc_unit: AccUnit | None, gyr_unit: GyrUnit | None, where: Place
) -> Scale:
    acc, gyr = samples[:, ACC], samples[:, GYR]
    said_acc: Stated[AccUnit] | None = Stated(acc_unit, "`--acc-unit`") if acc_unit else None
    decided = decide_acc_unit(acc, gyr, rate_hz, said_acc, where)
    said_gyr: Stated[GyrUnit] = (
        Stated(gyr_unit, "`--gyr-unit`") if gyr_unit else Stated("rad/s", "the published format")
    )
    turning = decide_gyr_unit(gyr, acc, rate_hz, said_gyr, where)
    is_published = decided.unit == "g" and acc_unit is None
    factor = PUBLISHED_G if is_published else decided.scale
    note = (
        f"{decided.note}; multiplied by {PUBLISHED_G:g}, as published windows are divided"
        if is_published
        else decided.note
    )
    return Scale(factor, turning.scale, (note, turning.note), is_detected=decided.is_detected)
