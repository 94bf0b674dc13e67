"""The facts of a window as lines of a prompt: value, unit and what each means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.data.channels import CHANNELS
from llasa_core.data.facts import DEFINITIONS
from llasa_core.data.grounded import words
from llasa_core.data.grounded.measured import is_known, rounded

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from llasa_core.data.grounded.measured import Measured

EXCERPT_HZ = 10.0
_STATISTICS = {"mean": "mean", "std": "standard deviation", "low": "minimum", "high": "maximum"}
_NAMES = {
    "intensity_mg": "mean amplitude deviation",
    "cadence_spm": "cadence",
    "dominant_hz": "dominant frequency",
    "periodicity": "periodicity",
    "symmetry": "symmetry of the steps",
    "posture_change_deg": "turn of gravity",
    "turning_dps": "mean turning rate",
    "peak_turning_dps": "peak turning rate",
    "heading_deg": "turn about the vertical",
    "peak_g": "peak acceleration",
    "peak_s": "time of the peak",
    "first_half_mg": "mean amplitude deviation in the first half",
    "second_half_mg": "mean amplitude deviation in the second half",
}
_TREND = {"grows": "grows from the first half to the second", "fades": "fades from the first half to the second"}


def fact_lines(window: Measured, window_s: float) -> Iterator[str]:
    """Yield what is known of a window, one fact a line; what is not known is said to be so."""
    yield f"activity: {window.activity or 'nobody labelled it; name none'}"
    yield f"length of the window: {window_s:g} s"
    yield f"moving: {'yes' if window.is_moving else 'no, at rest'}"
    yield f"intensity: {window.intensity}"
    yield _line("intensity_mg", f"{words.mg(window.intensity_mg):g} mg")
    yield f"rhythmic: {'yes' if window.is_rhythmic else 'no steady rhythm'}"
    yield _line("cadence_spm", f"{rounded(window.cadence_spm, 0):g} steps/min" if window.is_rhythmic else None)
    hz = window.dominant_hz
    yield _line("dominant_hz", f"{rounded(hz, 1):.1f} Hz" if is_known(hz) else None)
    yield _line("periodicity", f"{rounded(window.periodicity, 2):.2f}")
    yield _line("symmetry", f"{rounded(window.symmetry, 2):.2f}" if window.is_rhythmic else None)
    yield f"device axis along gravity: {_posture(window)}"
    yield f"posture of the device changes: {'yes' if window.changes_posture else 'no'}"
    yield _line("posture_change_deg", f"{rounded(window.posture_change_deg, 0):g} degrees")
    yield _line("turning_dps", f"{words.rate(window.turning_dps):g} degrees per second")
    yield _line("peak_turning_dps", f"{words.rate(window.peak_turning_dps):g} degrees per second")
    yield _line("heading_deg", _heading(window))
    yield _line("peak_g", f"{rounded(window.peak_g, 2):.2f} g")
    yield _line("peak_s", f"{rounded(window.peak_s, 2):.2f} s")
    yield f"axis on which the acceleration varies most: {window.strongest_acc or 'none stands out'}"
    yield f"axis about which the angular rate varies most: {window.strongest_gyr or 'none stands out'}"
    yield f"movement: {_TREND.get(window.trend, 'stays much the same')}"
    yield _line("first_half_mg", f"{words.mg(window.first_half_mg):g} mg")
    yield _line("second_half_mg", f"{words.mg(window.second_half_mg):g} mg")
    for position, channel in enumerate(CHANNELS):
        digits, unit = words.DIGITS_OF[channel[:3]], words.UNIT_OF[channel[:3]]
        values = ", ".join(
            f"{name} {rounded(getattr(window, field)[position], digits):.{digits}f}"
            for field, name in _STATISTICS.items()
        )
        yield f"{words.CHANNEL_WORDS[channel]}: {values} {unit}"


def excerpt_lines(samples: np.ndarray, window_s: float) -> Iterator[str]:
    """Yield the readings, averaged to about 10 a second, one moment a line.

    Args:
        samples: one window [time, channel] in `CHANNELS` order.
        window_s: its length.
    """
    rate_hz = len(samples) / window_s
    group = max(1, round(rate_hz / EXCERPT_HZ))
    n_moments = len(samples) // group
    means = samples[: n_moments * group].reshape(n_moments, group, -1).mean(axis=1)
    yield "t " + " ".join(CHANNELS)
    for nth, row in enumerate(means.tolist()):
        values = (f"{rounded(value, 2 if at < 3 else 3):g}" for at, value in enumerate(row))  # noqa: PLR2004 - acc first
        yield f"{nth * group / rate_hz:.1f} {' '.join(values)}"


def _line(fact: str, value: str | None) -> str:
    return f"{_NAMES[fact]}: {value or 'not defined here'} ({DEFINITIONS[fact].text})"


def _posture(window: Measured) -> str:
    if window.up_axis is None:
        return "none, the device is tilted"
    return f"{window.up_axis[1]}, pointing {'up' if window.up_axis[0] == '+' else 'down'}"


def _heading(window: Measured) -> str:
    value = rounded(window.heading_deg, 0)
    return f"{abs(value):g} degrees{'' if not value else ' to the left' if value > 0 else ' to the right'}"
