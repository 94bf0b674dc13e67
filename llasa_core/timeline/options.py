"""How a timeline is made; light, so that the command line can show the defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

STRIDE_S = 3.0
"""From one window to the next, where a light head looks at them."""
SEGMENT_S = 20.0
"""How long a person usually does one thing: a chain's stay in a state. HAPT's labelled stretches last 17.5 s in the
mean (5 to 95 %: 10 to 28). Daily life is slower; then less evidence would do, and more is no harm."""


class Upright(NamedTuple):
    """Seconds in which a person stands or walks upright, on the recording's clock."""

    start_s: float
    end_s: float

    def __str__(self) -> str:
        return f"{self.start_s:g}-{self.end_s:g} s"


@dataclass(frozen=True)
class TimelineOptions:
    """Settings of a timeline."""

    stride_s: float | None = None
    """From one window to the next; None takes `STRIDE_S`, or the window's length where the LM has to be asked."""
    segment_s: float = SEGMENT_S
    """Expected length of a segment, in seconds: the longer, the smoother."""
    smooth: bool = True
    """False takes each window's likeliest activity, for comparison."""
    allow_upsample: bool = False
    """Take recordings below the windows' rate."""
    upright: tuple[Upright, ...] = ()
    """They tell how the device is worn; without them, walking that is met in the recording does as far as it can."""
    placement: str | None = None
    """Where on the body the device is worn, by a name that the head knows; None lets each recording tell."""
