"""What a logger's format says of a table that its header leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llasa_core.data.read_options import FormatName


@dataclass(frozen=True)
class Profile:
    """One logger's way to write one table; `names` says what its columns hold in the words of a plain header."""

    format: FormatName = "csv"
    title: str = "CSV"
    """What people call it: `Sensor Logger`."""
    names: tuple[str, ...] | None = None
    """One for each column, such as `time (ns)`, `acc x (g)`, `linear acc x (m/s^2)`, `gravity x (g)`, `gyr z (deg/s)`,
    or empty for a column that is not to be read; None leaves it to the header. A unit here counts as said by the
    format where the header has none."""
    is_ios_frame: bool = False
    """Acceleration points the other way round than on Android, and is negated unless it is to be kept."""
    placement: str = "unknown"
    session: str | None = None
    """The recording's name; by default that of its file, or of the folder around it."""
    subject: str | None = None
    notes: tuple[str, ...] = ()


PLAIN = Profile()
"""A table of no known logger."""
