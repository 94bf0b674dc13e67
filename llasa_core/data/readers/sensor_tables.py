"""Text tables of motion, as loggers write them: one with both sensors, or one for each, which belong together."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from llasa_core.data.columns import sensors_in
from llasa_core.data.profile import PLAIN, Profile
from llasa_core.data.readers.generic_csv import read_generic_csv
from llasa_core.data.readers.raw_files import siblings
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
    """Takes a table, its dialect, and the files in its folder and in one called `meta` there; returns a profile if the
    table is one of the logger's."""

_SENSOR_WORDS = re.compile(
    r"total ?acceleration|(linear|user|body|free)[ _-]?acc[a-z]*|acc[a-z]*|gyr[a-z]*|gravity|"
    r"angular[ _-]?(velocity|rate)|rotation[ _-]?rate|(un)?calibrated|\d+\.\d+ ?hz",
    re.IGNORECASE,
)
"""What names the sensor in a file's name, and not the recording; MbientLab adds the sensor's rate."""
_SAYS_NOTHING = re.compile(r"(raw ?)?data|record(ing)?s?|imu|sensors?|log|export|motion|csv|\d{0,2}", re.IGNORECASE)
"""Names that many recordings have; the folder around them says more."""
_COPY = re.compile(r" ?\(\d+\)$")
"""What a browser adds to the name of a file that it saves once more."""
_META = "meta"
_HEAD_BYTES = 4096


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
        beside = (*(file for table in self.tables for file in table.profile.beside), *self.beside)
        return tuple(dict.fromkeys((*(table.file for table in self.tables), *beside)))

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield what the tables hold: one recording, or several where there are gaps or subjects.

        Raises:
            DataError: a table cannot be read, or the format knows which one is missing.
        """
        self._refuse_missing(options)
        table = self.tables[0]
        if len(self.tables) == 1 and not table.profile.pauses:
            recordings = read_generic_csv(table.file, options, table.profile, self.name)
        else:
            recordings = read_separate_tables([(t.file, t.profile, t.sensors) for t in self.tables], options, self.name)
        finish = table.profile.finish
        for recording in recordings:
            yield finish(recording, options) if finish else recording

    def _refuse_missing(self, options: ReadOptions) -> None:
        sensors = frozenset[str]().union(*(table.sensors for table in self.tables))
        profile = self.tables[0].profile
        if options.describe_only or not sensors:
            return
        if profile.without_gravity and sensors >= {"linear acc"} and not sensors & {"total acc", "acc", "gravity"}:
            raise profile.without_gravity
        if profile.without_gyr and "gyr" not in sensors and not options.allow_missing_gyro:
            raise profile.without_gyr


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
    around = _Folders(files)
    tables = (
        table
        for file in files
        if (table := _sensor_table(file, options, recognisers, around.of(file)))
        or (is_asked_for(file) and _may_be_plain(file, options) and (table := SensorTable(file, PLAIN, frozenset())))
    )
    return _named(_without_copies(_together(tables, around), around))


class _Folders:
    """What stands beside a file."""

    def __init__(self, files: Sequence[RawFile]) -> None:
        self._files: dict[Path, list[RawFile]] = defaultdict(list)
        if len(files) == 1 and files[0].member is None:  # the one that a person names
            path = files[0].path
            files = siblings(path)
            if (path.parent / _META).is_dir():
                files = [*siblings(path.parent / _META / path.name), *files]
        for file in files:
            self._files[file.shown.parent].append(file)
        for folder in [folder for folder in self._files if folder.name == _META]:
            self._files[folder.parent] = [*self._files[folder], *self._files[folder.parent]]
        self._names: dict[Path, frozenset[str]] = {}

    def of(self, file: RawFile) -> Sequence[RawFile]:
        """Return the files in a file's folder, and in one called `meta` there."""
        return self._files[file.shown.parent]

    def names(self, file: RawFile) -> frozenset[str]:
        """Return the names of the files in a file's folder, in lower case."""
        folder = file.shown.parent
        if folder not in self._names:
            self._names[folder] = frozenset(other.name.casefold() for other in self._files[folder])
        return self._names[folder]


def _may_be_plain(file: RawFile, options: ReadOptions) -> bool:
    """Return whether a file may be read by its header alone: not where a logger is asked for that it is not of."""
    if options.format in {"auto", "csv"}:
        return True
    try:
        Table.open(file)
    except (DataError, OSError):  # its reader says what is wrong with it
        return True
    return False


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
    if profile is PLAIN and options.format not in {"auto", "csv"}:
        return None
    if dialect.names is None and profile.names is None:
        has_six = dialect.n_columns >= 6  # noqa: PLR2004 - two sensors of three axes
        return SensorTable(file, profile, frozenset()) if has_six else None
    try:
        sensors = sensors_in(dialect, file.shown, profile)
    except DataError:  # two columns claim one place: a table of motion, and an error that its reader shall see
        return SensorTable(file, profile, frozenset())
    return SensorTable(file, profile, sensors) if sensors else None


def _together(tables: Iterable[SensorTable], around: _Folders) -> list[TableRecording]:
    """Return what belongs together: tables of one sensor each, named alike but for the sensor's name."""
    found: list[TableRecording] = []
    groups: dict[tuple[Path, str, str], list[SensorTable]] = defaultdict(list)
    for table in tables:
        if table.is_complete:
            found.append(TableRecording((table,), ""))
        else:
            key = table.profile.group
            key = _without_sensor(table.file, around.names(table.file)) if key is None else key
            groups[table.file.shown.parent, table.profile.format, key].append(table)
    found += [_recording_of(group) for group in groups.values()]
    return sorted(found, key=lambda one: one.files[0].shown)


def _recording_of(group: Sequence[SensorTable]) -> TableRecording:
    chosen = _best(group)
    others = tuple(sorted(table.file for table in group if table not in chosen))
    if others:
        note = f"{' and '.join(file.name for file in others)} not used"
        chosen = (_with_note(chosen[0], note), *chosen[1:])
    return TableRecording(chosen, "", others)


def _with_note(table: SensorTable, note: str) -> SensorTable:
    return replace(table, profile=replace(table.profile, notes=(*table.profile.notes, note)))


def _best(group: Sequence[SensorTable]) -> tuple[SensorTable, ...]:
    """Return the tables to read: the acceleration with gravity if there is one, and the calibrated of two.

    What nobody calibrated is taken only where nothing else gives acceleration with gravity.
    """
    in_order = sorted(group, key=lambda table: (_is_uncalibrated(table), table.file))
    calibrated = [table for table in in_order if not _is_uncalibrated(table)]
    linear, gravity = _first(in_order, "linear acc"), _first(in_order, "gravity")
    acc = _first(calibrated, "total acc", "acc")
    if acc is None and not (linear and gravity):
        acc = _first(in_order, "total acc", "acc")
    acc = acc or linear
    needs_gravity = acc is not None and not acc.sensors & {"total acc", "acc", "gravity"}
    chosen = tuple(t for t in (acc, gravity if needs_gravity else None, _first(in_order, "gyr")) if t is not None)
    return chosen or tuple(in_order[:1])


def _first(tables: Sequence[SensorTable], *kinds: str) -> SensorTable | None:
    return next((table for kind in kinds for table in tables if kind in table.sensors), None)


def _is_uncalibrated(table: SensorTable) -> bool:
    return "uncal" in table.file.name.lower()


def _without_sensor(file: RawFile, names: frozenset[str]) -> str:
    """Return a file's name without that of the sensor; the number of a copy counts only beside its original."""
    path = Path(file.name)
    original = _COPY.sub("", path.stem)
    stem = path.stem if f"{original}{path.suffix}".casefold() in names else original
    return re.sub(r"[\W_]+", " ", _SENSOR_WORDS.sub(" ", stem)).strip().casefold()


def _without_copies(found: Sequence[TableRecording], around: _Folders) -> list[TableRecording]:
    """Return the recordings but those whose files were taken out of an archive beside them, which is read instead."""
    in_archives: dict[Path, list[int]] = defaultdict(list)
    for at, one in enumerate(found):
        if one.tables[0].file.member is not None:
            in_archives[one.tables[0].file.path.parent].append(at)
    kept = dict(enumerate(found))
    for at, one in enumerate(found):
        file = one.tables[0].file
        places = in_archives.get(file.path.parent, []) if file.member is None else []
        place = next((place for place in places if _is_inside(one, kept[place], around)), None)
        if place is not None:
            kept[place] = _with_copy(kept[place], one)
            del kept[at]
    return list(kept.values())


def _is_inside(copy: TableRecording, other: TableRecording, around: _Folders) -> bool:
    members = {file.name: file for file in around.of(other.tables[0].file)}
    return all(_are_equal(table.file, members.get(table.file.name)) for table in copy.tables)


def _with_copy(recording: TableRecording, copy: TableRecording) -> TableRecording:
    names = " and ".join(table.file.name for table in copy.tables)
    archive = recording.tables[0].file.path.name
    note = f"{names} beside {archive} {'is' if len(copy.tables) == 1 else 'are'} in it too: read once"
    tables = (_with_note(recording.tables[0], note), *recording.tables[1:])
    return replace(recording, tables=tables, beside=(*recording.beside, *copy.files))


def _are_equal(file: RawFile, other: RawFile | None) -> bool:
    return other is not None and file.size == other.size and file.head(_HEAD_BYTES) == other.head(_HEAD_BYTES)


def _named(found: Sequence[TableRecording]) -> list[TableRecording]:
    """Give each recording a name of its own: the file's, or the folder's where that says more, as long as needed."""
    named = [replace(one, name=_name(one, n_folders=0)) for one in found]
    for n_folders in range(1, 9):
        counts: dict[str, int] = defaultdict(int)
        for one in named:
            counts[one.name] += 1
        if max(counts.values(), default=0) < 2:  # noqa: PLR2004 - two of one name
            break
        named = [replace(one, name=_name(one, n_folders=n_folders)) if counts[one.name] > 1 else one for one in named]
    return named


def _name(recording: TableRecording, *, n_folders: int) -> str:
    file, profile = recording.tables[0].file, recording.tables[0].profile
    if profile.session and not n_folders:
        return profile.session
    stem = Path(file.name).stem
    if profile.group is not None:
        stem = profile.group
    elif not recording.tables[0].is_complete:
        stem = re.sub(r"[\s_-]{2,}", "_", _SENSOR_WORDS.sub("", re.sub(r"[()]", "", stem))).strip(" _-")
    folders = [Path(part).stem if part.lower().endswith(".zip") else part for part in file.shown.absolute().parts[:-1]]
    if _SAYS_NOTHING.fullmatch(stem) and len(folders) > 1:
        stem = f"{folders[-1]}_{stem}".rstrip("_")
        folders = folders[:-1]
    return "-".join((*folders[len(folders) - n_folders :], stem)) if n_folders else stem
