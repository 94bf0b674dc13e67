"""Text tables of motion, as loggers write them: one with both sensors, or one for each, which belong together."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llasa_core.data.columns import sensors_in
from llasa_core.data.profile import PLAIN, Profile
from llasa_core.data.readers.generic_csv import read_generic_csv
from llasa_core.data.readers.separate_tables import read_separate_tables
from llasa_core.data.table import Table
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from llasa_core.data.dialect import Dialect
    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers.raw_files import RawFile
    from llasa_core.data.recording import Recording

    Recogniser = Callable[[RawFile, Dialect, Sequence[RawFile]], Profile | None]
    """Takes a table, its dialect and the files in its folder; returns a profile if it is one of the logger's."""

_SENSOR_WORDS = re.compile(
    r"total ?acceleration|(linear|user|body|free)[ _-]?acc[a-z]*|acc[a-z]*|gyr[a-z]*|gravity|"
    r"angular[ _-]?(velocity|rate)|rotation[ _-]?rate|(un)?calibrated|\d+\.\d+ ?hz",
    re.IGNORECASE,
)
"""What names the sensor in a file's name, and not the recording; MbientLab adds the sensor's rate."""
_SAYS_NOTHING = re.compile(r"(raw ?)?data|record(ing)?s?|imu|sensors?|log|export|motion|csv|\d{0,2}", re.IGNORECASE)
"""Names that many recordings have; the folder around them says more."""
_GRAVITY_NEEDED = "linear acc"
_BEST_ACC = ("total acc", "acc", _GRAVITY_NEEDED)


@dataclass(frozen=True)
class SensorTable:
    """One table, and what is known of it before it is read."""

    file: RawFile
    profile: Profile
    sensors: frozenset[str]
    """Which sensors it has three axes of; see `columns.SENSORS`. Empty where there is no header."""

    @property
    def is_complete(self) -> bool:
        """Whether both sensors are in it, or nobody can tell."""
        return not self.sensors or ("gyr" in self.sensors and len(self.sensors) > 1)


@dataclass(frozen=True)
class TableRecording:
    """The tables of one recording, not read yet."""

    tables: tuple[SensorTable, ...]
    """One that holds all; or one for each sensor, acceleration first."""
    name: str
    beside: tuple[RawFile, ...] = ()
    """Other files of the recording, such as its metadata."""

    @property
    def format(self) -> str:
        """The logger's, or `csv`."""
        return self.tables[0].profile.format

    @property
    def files(self) -> tuple[RawFile, ...]:
        """The tables, and what stands beside them."""
        return (*(table.file for table in self.tables), *self.beside)

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield what the tables hold: one recording, or several where there are gaps or subjects."""
        if len(self.tables) == 1:
            table = self.tables[0]
            yield from read_generic_csv(table.file, options, table.profile, self.name)
        else:
            yield from read_separate_tables([(t.file, t.profile, t.sensors) for t in self.tables], options, self.name)


def find_sensor_tables(
    files: Sequence[RawFile],
    options: ReadOptions,
    recognisers: Sequence[Recogniser],
    is_asked_for: Callable[[RawFile], bool],
) -> list[TableRecording]:
    """Return the recordings in the tables among files, in the order of their names.

    Args:
        files: of any kind.
        options: name the columns of tables without header.
        recognisers: the loggers that are known.
        is_asked_for: whether a file that looks like no motion table shall be read all the same, for its error.
    """
    folders: dict[Path, list[RawFile]] = defaultdict(list)
    for file in files:
        folders[file.shown.parent].append(file)
    tables = (
        table
        for file in files
        if (table := _sensor_table(file, options, recognisers, folders[file.shown.parent]))
        or (is_asked_for(file) and (table := SensorTable(file, PLAIN, frozenset())))
    )
    return _named(_together(tables))


def _sensor_table(
    file: RawFile,
    options: ReadOptions,
    recognisers: Sequence[Recogniser],
    around: Sequence[RawFile],
) -> SensorTable | None:
    try:
        dialect = Table.open(file).dialect
    except (DataError, OSError):
        return None
    if options.columns:
        return SensorTable(file, PLAIN, frozenset())
    profile = next((one for recognise in recognisers if (one := recognise(file, dialect, around))), PLAIN)
    if dialect.names is None and profile.names is None:
        has_six = dialect.n_columns >= 6  # noqa: PLR2004 - two sensors of three axes
        return SensorTable(file, profile, frozenset()) if has_six else None
    try:
        sensors = sensors_in(dialect, file.shown, profile)
    except DataError:  # two columns claim one place: a table of motion, and an error that its reader shall see
        return SensorTable(file, profile, frozenset())
    return SensorTable(file, profile, sensors) if sensors else None


def _together(tables: Iterable[SensorTable]) -> list[TableRecording]:
    """Return what belongs together: tables of one sensor each, named alike but for the sensor's name."""
    found: list[TableRecording] = []
    groups: dict[tuple[Path, str, str], list[SensorTable]] = defaultdict(list)
    for table in tables:
        if table.is_complete:
            found.append(TableRecording((table,), ""))
        else:
            key = _without_sensor(table.file)
            groups[table.file.shown.parent, table.profile.format, key].append(table)
    found += [TableRecording(_best(group), "") for group in groups.values()]
    return sorted(found, key=lambda one: one.files[0].shown)


def _best(group: Sequence[SensorTable]) -> tuple[SensorTable, ...]:
    """Return the tables to read: the acceleration with gravity if there is one, and the calibrated of two."""
    in_order = sorted(group, key=lambda table: ("uncal" in table.file.name.lower(), table.file))
    acc = next((t for kind in _BEST_ACC for t in in_order if kind in t.sensors), None)
    gyr = next((t for t in in_order if "gyr" in t.sensors), None)
    needs_gravity = acc is not None and not acc.sensors & {"total acc", "acc", "gravity"}
    gravity = next((t for t in in_order if "gravity" in t.sensors), None) if needs_gravity else None
    chosen = tuple(table for table in (acc, gravity, gyr) if table is not None)
    return chosen or tuple(in_order[:1])


def _without_sensor(file: RawFile) -> str:
    stem = Path(file.name).stem
    return re.sub(r"[\W_]+", " ", _SENSOR_WORDS.sub(" ", stem)).strip().casefold()


def _named(found: Sequence[TableRecording]) -> list[TableRecording]:
    """Give each recording a name of its own: the file's, or the folder's where that says more, as long as needed."""
    named = [TableRecording(one.tables, _name(one, n_folders=0), one.beside) for one in found]
    for n_folders in range(1, 9):
        counts: dict[str, int] = defaultdict(int)
        for one in named:
            counts[one.name] += 1
        if max(counts.values(), default=0) < 2:  # noqa: PLR2004 - two of one name
            break
        named = [
            TableRecording(one.tables, _name(one, n_folders=n_folders), one.beside) if counts[one.name] > 1 else one
            for one in named
        ]
    return named


def _name(recording: TableRecording, *, n_folders: int) -> str:
    file = recording.tables[0].file
    if recording.tables[0].profile.session and not n_folders:
        return recording.tables[0].profile.session
    stem = Path(file.name).stem
    if not recording.tables[0].is_complete:
        stem = re.sub(r"[\s_-]{2,}", "_", _SENSOR_WORDS.sub("", stem)).strip(" _-")
    folders = [Path(part).stem if part.lower().endswith(".zip") else part for part in file.shown.absolute().parts[:-1]]
    if _SAYS_NOTHING.fullmatch(stem) and len(folders) > 1:
        stem = f"{folders[-1]}_{stem}".rstrip("_")
        folders = folders[:-1]
    return "-".join((*folders[len(folders) - n_folders :], stem)) if n_folders else stem
