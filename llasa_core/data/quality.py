"""What may be wrong with a window that is kept all the same: bit flags stored beside it."""

from __future__ import annotations

from enum import IntFlag


class Quality(IntFlag):
    """Bits of `/quality`; 0 is a window with nothing to say about it."""

    GAP_BRIDGED = 1
    """Samples were missing for a moment and were interpolated."""
    STATIONARY = 2
    """The device lay or hung still: acceleration varies by less than 13 mg on every axis."""
    CLIPPED = 4
    """A sensor was at the end of its range."""
    STUCK = 8
    """A sensor repeated one value for more than a second."""
    UPSAMPLED = 16
    """The recording's rate was below that of the window."""
    UNITS_DETECTED = 32
    """Nobody said the units; the values gave them away."""
    GYRO_MISSING = 64
    """There was no gyroscope; its three channels are zero."""


NOTHING_TO_SAY = Quality(0)
