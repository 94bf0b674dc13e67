"""What is done to windows, and how strongly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.data.slowing import slowed
from llasa_core.data.turning import random_axes, random_orientations, rotations_about, turned
from llasa_core.evaluate.robustness import misreading
from llasa_core.evaluate.robustness.choosing import stratified
from llasa_core.evaluate.robustness.disturbing import GYR_NOISE, GYR_OFFSET, with_noise, with_offset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.exam import Exam

ANGLES_DEG = (15.0, 30.0, 60.0, 90.0, 180.0)
RATES_HZ = (10.0, 5.0, 4.0)
NOISE = (0.25, 0.5, 1.0, 2.0)
"""Standard deviation, in m/s²; a phone's own is below 0.05."""
OFFSETS = (0.5, 1.0, 2.0)
"""In m/s²; a phone that was never calibrated has up to about 0.5."""

Change = Callable[[np.ndarray, np.ndarray, int], np.ndarray]
"""(windows [window, time, channel], their numbers in the store, seed) -> changed windows."""


@dataclass(frozen=True)
class Step:
    """One strength of a condition."""

    label: str
    """As people read it."""
    change: Change
    strength: float | None = None
    """Where it can be put on an axis."""
    positions: np.ndarray | None = None
    """Other windows than those that all conditions share, as positions in the exam's windows."""


@dataclass(frozen=True)
class Condition:
    """One way in which windows change."""

    key: str
    """Its name in `report.json`."""
    title: str
    unit: str
    """Of the strength."""
    steps: Sequence[Step]
    caption: str = ""
    """What was done, for people."""
    unchanged_at: float | None = None
    """Where the unchanged windows lie on its axis."""

    def inputs(self) -> dict[str, Any]:
        """Return plain values that its results depend on."""
        return {"condition": self.key, "steps": [[step.label, step.strength] for step in self.steps]}


def conditions_of(exam: Exam) -> list[Condition]:
    """Return the conditions that the data allows, the unchanged windows first."""
    return [
        Condition("unchanged", "Unchanged", "", [Step("unchanged", _as_it_is)]),
        Condition(
            "turned",
            "Turned device",
            "deg",
            [Step(f"{angle:g}°", partial(_turned, angle), angle) for angle in ANGLES_DEG],
            "Both sensors turned by an angle about a random axis, another for each window.",
            unchanged_at=0.0,
        ),
        Condition("any_orientation", "Any orientation", "", [Step("any orientation", _in_any_orientation)]),
        _lower_rate(exam.store.sampling_rate_hz),
        Condition(
            "noise",
            "Noisier sensors",
            "m/s^2",
            [Step(f"{sigma:g} m/s²", partial(_with_noise, sigma), sigma) for sigma in NOISE],
            f"White noise on every axis, by its standard deviation; on the gyroscope {GYR_NOISE:g} rad/s for 1 m/s².",
            unchanged_at=0.0,
        ),
        Condition(
            "offset",
            "Uncalibrated sensors",
            "m/s^2",
            [Step(f"{size:g} m/s²", partial(_with_offset, size), size) for size in OFFSETS],
            f"A constant offset in a random direction; of the gyroscope {GYR_OFFSET:g} rad/s for 1 m/s².",
            unchanged_at=0.0,
        ),
        Condition(
            "missing_gyroscope", "No gyroscope", "", [Step("no gyroscope", _plain(misreading.without_gyroscope))]
        ),
        Condition(
            "misread",
            "Misread recordings",
            "",
            [
                Step("g taken for m/s²", _plain(misreading.g_as_metres)),
                Step("°/s taken for rad/s", _plain(misreading.degrees_as_radians)),
                Step("gravity removed", _plain(misreading.without_gravity)),
                Step("sign of iOS kept", _plain(misreading.with_opposite_sign)),
            ],
            "What prepare-data refuses or repairs, had it gone unnoticed.",
        ),
        *_placements(exam),
    ]


def placements_of(exam: Exam) -> list[str]:
    """Return where on the body the measured windows come from."""
    there = np.unique(exam.store.placement[exam.windows.rows])
    return [exam.store.manifest["placements"][number] for number in there if number >= 0]


def _lower_rate(rate_hz: float) -> Condition:
    slower = [hz for hz in RATES_HZ if hz < rate_hz]
    return Condition(
        "lower_rate",
        "Lower rate",
        "Hz",
        [Step(f"{hz:g} Hz", partial(_slowed, rate_hz, hz), hz) for hz in slower],
        f"Recorded at a lower rate and brought back to {rate_hz:g} Hz, as prepare-data does it.",
        unchanged_at=rate_hz,
    )


def _placements(exam: Exam) -> list[Condition]:
    """Return the real placements of the data, where there are several; none is simulated."""
    names = placements_of(exam)
    if len(names) < 2:  # noqa: PLR2004 - nothing to compare with
        return []
    codes = [exam.store.manifest["placements"].index(name) for name in names]
    placement = exam.store.placement[exam.windows.rows]
    steps = []
    for name, code in zip(names, codes, strict=True):
        there = np.flatnonzero(placement == code)
        chosen = stratified(exam.windows.part(there), exam.config.robustness_windows, exam.seed)
        steps.append(Step(name, _as_it_is, positions=there[chosen]))
    return [Condition("placement", "Placement", "", steps, "Recorded there by the same people, not simulated.")]


def _as_it_is(windows: np.ndarray, _rows: np.ndarray, _seed: int) -> np.ndarray:
    return windows


def _turned(angle_deg: float, windows: np.ndarray, rows: np.ndarray, seed: int) -> np.ndarray:
    return turned(windows, rotations_about(random_axes(rows, seed), angle_deg))


def _in_any_orientation(windows: np.ndarray, rows: np.ndarray, seed: int) -> np.ndarray:
    return turned(windows, random_orientations(rows, seed))


def _slowed(rate_hz: float, recorded_hz: float, windows: np.ndarray, _rows: np.ndarray, _seed: int) -> np.ndarray:
    return slowed(windows, rate_hz, recorded_hz)


def _with_noise(sigma: float, windows: np.ndarray, rows: np.ndarray, seed: int) -> np.ndarray:
    return with_noise(windows, rows, sigma, seed)


def _with_offset(size: float, windows: np.ndarray, rows: np.ndarray, seed: int) -> np.ndarray:
    return with_offset(windows, rows, size, seed)


def _plain(change: Callable[[np.ndarray], np.ndarray]) -> Change:
    return lambda windows, _rows, _seed: change(windows)
