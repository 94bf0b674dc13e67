"""What a logger's format says of a table that its header leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.data.read_options import FormatName, ReadOptions
    from llasa_core.data.readers.raw_files import RawFile
    from llasa_core.data.recording import Recording
    from llasa_core.errors import DataError


class Pause(NamedTuple):
    """A time in which the recording stood still, and its clock with it."""

    at_s: float
    """On that clock; a sample of this very time was taken after the pause."""
    length_s: float


@dataclass(frozen=True)
class Profile:
    """One logger's way to write one table; `names` says what its columns hold in the words of a plain header."""

    format: FormatName = "csv"
    title: str = "CSV"
    """What people call it: `Sensor Logger`."""
    names: tuple[str, ...] | None = None
    """One for each column, such as `time (ns)`, `acc x (g)`, `linear acc x (m/s^2)`, `gravity x (g)`, `gyr z (deg/s)`,
    `sample number` (read where there is no clock), or empty for a column that is not to be read; None leaves it to the
    header. A unit here counts as said by the format where the header has none."""
    is_ios_frame: bool = False
    """Acceleration points the other way round than on Android, and is negated unless it is to be kept."""
    placement: str = "unknown"
    session: str | None = None
    """The recording's name; by default that of its file, or of the folder around it."""
    subject: str | None = None
    notes: tuple[str, ...] = ()
    group: str | None = None
    """What the tables of one recording share where each sensor has its own; by default the file's name without that of
    the sensor."""
    beside: tuple[RawFile, ...] = ()
    """Other files of the recording that were looked at, such as its metadata."""
    zero_since_1970_s: float | None = None
    """When the table's clock was 0, where the clock itself does not tell the date."""
    pauses: tuple[Pause, ...] = ()
    """In order; the time of a sample is that of the clock and all pauses before."""
    without_gravity: DataError | None = None
    """Raised where no table of the recording holds gravity; None leaves it to the columns."""
    without_gyr: DataError | None = None
    """Raised where no table of the recording holds angular rate."""
    finish: Callable[[Recording, ReadOptions], Recording] | None = None
    """Adds what other files say of the samples, such as labels; a function that can be sent to other processes."""


PLAIN = Profile()
"""A table of no known logger."""
