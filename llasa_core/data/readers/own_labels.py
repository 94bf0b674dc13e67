"""Labels of one's own, put on the recordings of any format while they are read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from llasa_core.data.label_file import nearest_name, read_label_file
from llasa_core.data.label_intervals import labelled
from llasa_core.data.readers.reader import Refused
from llasa_core.data.readers.sensor_tables import TableRecording
from llasa_core.data.timeline import JUMP_BACK_S
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from llasa_core.data.label_file import LabelRow
    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers.raw_files import RawFile
    from llasa_core.data.readers.reader import Unread
    from llasa_core.data.recording import Recording

NAMED_CHOICES = 8
LEAST_HZ = 20
"""Less than a sample of windows is not told."""


def with_labels(unread: Sequence[Unread], options: ReadOptions) -> Sequence[Unread]:
    """Return everything that is to be read, with the labels that the options name put on.

    Args:
        unread: all there is; a row of labels must be about one of these.
        options: name the file of labels.

    Raises:
        DataError: the file cannot be read, or it is not clear which recording its rows are about.
    """
    if options.labels is None:
        return unread
    path = options.labels.path
    rows = read_label_file(path, options.label_map, takes_new=options.new_activities)
    readable = [one for one in unread if not isinstance(one, Refused)]
    named = _named(readable, {_flat(row.file) for row in rows})
    chosen: dict[int, list[LabelRow]] = {id(one): [] for one in readable}
    for row in rows:
        for nth in _recordings_of(row, readable, named, path):
            chosen[id(readable[nth])].append(row)
    for of_one in chosen.values():
        _refuse_overlap(of_one, path)
    is_alone = len(readable) == 1
    return [Labelled(one, path, tuple(chosen[id(one)]), is_alone) if id(one) in chosen else one for one in unread]


@dataclass(frozen=True)
class Labelled:
    """A recording, or several, whose labels stand in another file."""

    unread: Unread
    path: Path
    """Of the labels."""
    rows: tuple[LabelRow, ...]
    """Those that may be about it."""
    is_alone: bool
    """Whether there is nothing else that they could be about."""

    @property
    def format(self) -> str:
        """That of the recording."""
        return self.unread.format

    @property
    def files(self) -> tuple[RawFile, ...]:
        """Those of the recording; the labels are told apart by the settings."""
        return self.unread.files

    def read(self, options: ReadOptions) -> Iterator[Recording]:
        """Yield what the files hold, labelled.

        Raises:
            DataError: it cannot be read, or a row is about no time or person that is in it.
        """
        labels = _Labels(self)
        held: Recording | None = None
        for recording in self.unread.read(options):
            if held is not None:
                yield held
            held = labels.put_on(recording)
        if held is not None:  # one is held back, so that the last can tell what is about no time of any
            yield replace(held, notes=(*held.notes, *labels.summary()))


class _Part(NamedTuple):
    """When a part of a recording was made, and of whom."""

    subject: str
    start_s: float
    end_s: float
    zero_s: float
    """Since 1970, where that is known; when the recording began."""

    def seconds_of(self, row: LabelRow) -> tuple[float, float]:
        """Return its start and end on the clock of a row."""
        shift = self.zero_s if row.interval.is_since_1970 else 0.0
        return self.start_s + shift, self.end_s + shift


@dataclass
class _Labels:
    """Puts labels on the parts of a recording, one after the other."""

    source: Labelled
    _session: str = ""
    _parts: list[_Part] = field(default_factory=list)
    """So far."""

    def put_on(self, recording: Recording) -> Recording:
        """Return a recording, or the next part of one, with its labels."""
        rows = [row for row in self.source.rows if _is_about(row, recording.subject)]
        counted = [row for row in rows if not row.interval.is_since_1970]
        self._session = self._session or recording.session
        if counted and recording.session != self._session and not recording.session.startswith(f"{self._session}."):
            raise self._several(counted[0], recording)
        dated = next((row for row in rows if row.interval.is_since_1970), None)
        if dated and recording.since_1970_s is None:
            raise self._undated(dated, recording)
        start_s = recording.start_s
        end_s = start_s + len(recording.samples) / recording.sampling_rate_hz
        part = _Part(recording.subject, start_s, end_s, (recording.since_1970_s or 0.0) - start_s)
        for row in counted:
            self._refuse_two_times(row, part)
        self._parts.append(part)
        return labelled(recording, [row.interval for row in rows])

    def summary(self) -> tuple[str, ...]:
        """Return notes on how many rows were about the recording, and on what lies outside of it.

        Raises:
            DataError: a row that must be about it is about no time or person in it.
        """
        n_used, outside_s = 0, 0.0
        for row in self.source.rows:
            is_certain = self.source.is_alone or row.file != ""
            parts = [part.seconds_of(row) for part in self._parts if _is_about(row, part.subject)]
            if not parts:
                if is_certain:
                    raise self._unknown_person(row)
                continue
            begins, ends = min(start for start, _ in parts), max(end for _, end in parts)
            inside_s = min(row.interval.end_s, ends) - max(row.interval.start_s, begins)
            if inside_s > 0:
                n_used += 1
                outside_s += row.interval.end_s - row.interval.start_s - inside_s
            elif is_certain:
                raise self._outside(row, begins, ends)
        name = self.source.path.name
        notes = [f"labels from {name}: {n_used} of its {len(self.source.rows)} rows are about this recording"]
        if outside_s > 1 / LEAST_HZ:
            notes.append(f"{outside_s:.4g} s of the labels in {name} lie before or after the recording")
        return tuple(notes)

    def _refuse_two_times(self, row: LabelRow, part: _Part) -> None:
        for other in self._parts:
            shared = min(other.end_s, part.end_s, row.interval.end_s) - max(
                other.start_s, part.start_s, row.interval.start_s
            )
            if shared > JUMP_BACK_S and _is_about(row, other.subject):
                raise DataError(
                    f"{row} of the recording came twice: its time jumps back",
                    where=Place(self.source.path, row.row),
                    fix="write dates and times instead of seconds, or one recording a file",
                )

    def _several(self, row: LabelRow, other: Recording) -> DataError:
        return DataError(
            f"{row} can be in {self._session} or in {other.session}: {other.file.name} holds several recordings",
            where=Place(self.source.path, row.row),
            fix="write dates and times instead of seconds, or one recording a file",
        )

    def _undated(self, row: LabelRow, recording: Recording) -> DataError:
        return DataError(
            f"the labels have dates, but the clock of {recording.session} tells none",
            where=Place(self.source.path, row.row),
            fix="write start and end in seconds from the recording's first sample",
        )

    def _unknown_person(self, row: LabelRow) -> DataError:
        known = sorted({part.subject.partition("/")[2] for part in self._parts})
        return DataError(
            f'there is no person "{row.subject}" in the recording{nearest_name(row.subject, known)}',
            where=Place(self.source.path, row.row),
            fix=f"the recording is of {', '.join(known[:NAMED_CHOICES])}",
        )

    def _outside(self, row: LabelRow, begins: float, ends: float) -> DataError:
        return DataError(
            f"{row} is no time of the recording, which goes from {begins:.10g} to {ends:.10g} s",
            where=Place(self.source.path, row.row),
            fix="start and end count seconds from the recording's first sample; dates without a zone count as UTC",
        )


def _is_about(row: LabelRow, subject: str) -> bool:
    return row.subject in {"", subject, subject.partition("/")[2]}


def _flat(file: str) -> str:
    return file.replace("\\", "/").strip("/")


def _named(unread: Sequence[Unread], wanted: set[str]) -> dict[str, list[int]]:
    """Return which recordings each name may mean; the empty one means all."""
    named: dict[str, list[int]] = {name: [] for name in wanted}
    for nth, one in enumerate(unread):
        for name in wanted & {"", *_names(one)}:
            named[name].append(nth)
    return named


def _names(unread: Unread) -> Iterator[str]:
    """Yield what a row may call a recording: its name, or its file or folder, with as many folders around as needed."""
    if isinstance(unread, TableRecording):
        yield unread.name
    for file in unread.files:
        for parts in (file.shown.parts, file.shown.with_suffix("").parts, file.shown.parent.parts):
            yield from ("/".join(parts[start:]) for start in range(len(parts)))


def _recordings_of(row: LabelRow, unread: Sequence[Unread], named: dict[str, list[int]], path: Path) -> list[int]:
    """Return which recordings a row may be about."""
    chosen = named[_flat(row.file)]
    if not chosen:
        known = sorted({one.files[0].name for one in unread})
        raise DataError(
            f'there is no recording "{row.file}"{nearest_name(row.file, known)}',
            where=Place(path, row.row),
            fix=f"the recordings are {', '.join(known[:NAMED_CHOICES])}{', …' * (len(known) > NAMED_CHOICES)}",
        )
    if len(chosen) > 1 and not row.interval.is_since_1970:
        said = f'"{row.file}" names' if row.file else "seconds count in one recording, and there are"
        raise DataError(
            f"{said} {len(chosen)} recordings",
            where=Place(path, row.row),
            fix="name the recording of each row in a column `file`, with the folder around it where that is needed",
        )
    return chosen


def _refuse_overlap(rows: Sequence[LabelRow], path: Path) -> None:
    """Refuse rows that say two things about one time of one person."""
    by_start = sorted(rows, key=lambda row: (row.interval.is_since_1970, row.interval.start_s))
    running: list[LabelRow] = []
    for row in by_start:
        running = [
            one
            for one in running
            if one.interval.end_s > row.interval.start_s and one.interval.is_since_1970 == row.interval.is_since_1970
        ]
        for one in running:
            same_person = one.subject == row.subject or not (one.subject and row.subject)
            if same_person and one.interval.activity != row.interval.activity:
                first, second = sorted((one, row), key=lambda each: each.row)
                raise DataError(
                    f"two activities at one time: {first} {first.interval.activity or 'unknown'} in row {first.row}, "
                    f"and {second} {second.interval.activity or 'unknown'}",
                    where=Place(path, second.row),
                    fix="correct one of the rows",
                )
        running.append(row)
