"""What items claim, held against their windows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from llasa_core.data.channels import CHANNELS
from llasa_core.data.facts import CLEARLY, MOVING_MG
from llasa_core.data.grounded.comparisons import SAME_CADENCE_SPM, SAME_UP_DEG

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llasa_core.data.grounded.measured import Measured

Claim = dict[str, Any]
_WHICH = ("first", "second")
MEASURED = (
    "intensity_mg",
    "dominant_hz",
    "cadence_spm",
    "periodicity",
    "symmetry",
    "posture_change_deg",
    "turning_dps",
    "peak_turning_dps",
    "heading_deg",
    "peak_g",
    "peak_s",
    "first_half_mg",
    "second_half_mg",
)
"""Facts that are numbers of a window."""
_OF_STEPS = ("cadence_spm", "step_hz", "symmetry")
"""Facts that there are where somebody steps."""
_SEEN: Mapping[str, Callable[[Measured], object]] = {
    "moving": lambda window: window.is_moving,
    "intensity": lambda window: window.intensity,
    "rhythmic": lambda window: window.is_rhythmic,
    "up_axis": lambda window: window.up_axis,
    "changes_posture": lambda window: window.changes_posture,
    "strongest_acc": lambda window: window.strongest_acc,
    "strongest_gyr": lambda window: window.strongest_gyr,
    "trend": lambda window: window.trend,
    "activity": lambda window: window.activity,
}
SAID_ONLY = ("unanswerable", "asked", "answer", "options")
"""What a claim may be about that no window shows."""


def truth_of(claim: Claim, windows: Sequence[Measured]) -> tuple[bool, object]:
    """Return whether a claim is true of an item's windows, and what is.

    Args:
        claim: `fact` and `value`, with `channel` and `window` where they matter.
        windows: of the item.

    Raises:
        KeyError: nobody knows such a fact.
        IndexError: the item has no such window.
    """
    fact, value = claim["fact"], claim.get("value")
    if fact in _BETWEEN:
        truth = _BETWEEN[fact](windows)
        return (_is_near(value, truth) if isinstance(truth, float) else value == truth), truth
    window = windows[claim.get("window", 0)]
    if fact in _SEEN:
        truth = _SEEN[fact](window)
        return value == truth, truth
    number = _number(fact, claim, window)
    return (not math.isfinite(number) if value is None else _is_near(value, number)), number


def _number(fact: str, claim: Claim, window: Measured) -> float:
    if fact in _OF_STEPS and not window.has_steps:
        return math.nan
    if fact in MEASURED:
        return float(getattr(window, fact))
    if fact == "step_hz":
        return window.cadence_spm / 60
    if fact in {"mean", "std", "low", "high"} and claim.get("channel") in CHANNELS:
        return float(getattr(window, fact)[CHANNELS.index(claim["channel"])])
    raise KeyError(fact)


def _is_near(value: object, truth: float) -> bool:
    """Whether a number is the truth rounded to its last digit; a right turn may be told without its sign."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(truth):
        return False
    return abs(value - truth) <= margin(digits_of(value))


def margin(digits: int) -> float:
    """Return by how much a number with so many decimals may differ from what it rounds."""
    return 0.5 * 10.0**-digits * (1 + 1e-6) + 1e-6


def digits_of(value: float) -> int:
    """Return how many decimals a number is written with."""
    text = repr(float(value))
    return 0 if "e" in text or text.endswith(".0") else len(text.partition(".")[2])


def _clearly_more(first: float, second: float) -> int | None:
    first, second = max(first, MOVING_MG), max(second, MOVING_MG)
    if first >= CLEARLY * second:
        return 0
    return 1 if second >= CLEARLY * first else None


def _more_vigorous(windows: Sequence[Measured]) -> str:
    more = _clearly_more(windows[0].intensity_mg, windows[1].intensity_mg)
    return "alike" if more is None else _WHICH[more]


def _faster(windows: Sequence[Measured]) -> str | None:
    first, second = windows[:2]
    if not (first.has_steps and second.has_steps):
        return next((_WHICH[at] for at, window in enumerate((first, second)) if window.has_steps), None)
    difference = first.cadence_spm - second.cadence_spm
    return "alike" if abs(difference) < SAME_CADENCE_SPM else _WHICH[int(difference < 0)]


def _up_angle_deg(windows: Sequence[Measured]) -> float:
    cosine = sum(one * other for one, other in zip(windows[0].up, windows[1].up, strict=True))
    return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))


def _most_vigorous(windows: Sequence[Measured]) -> int | None:
    sizes = [window.intensity_mg for window in windows]
    most = max(range(len(sizes)), key=sizes.__getitem__)
    others = max(size for at, size in enumerate(sizes) if at != most)
    return None if _clearly_more(sizes[most], others) is None else most + 1


_BETWEEN: Mapping[str, Callable[[Sequence[Measured]], object]] = {
    "more_vigorous": _more_vigorous,
    "faster": _faster,
    "up_angle_deg": _up_angle_deg,
    "same_posture": lambda windows: _up_angle_deg(windows) < SAME_UP_DEG,
    "same_activity": lambda windows: windows[0].activity == windows[1].activity,
    "most_vigorous": _most_vigorous,
}
"""Facts about several windows."""
