"""A file of labels: what was done from when to when, written down apart from the recordings."""

from __future__ import annotations

import csv
import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llasa_core.data.clock import SINCE_1970
from llasa_core.data.label_intervals import Interval
from llasa_core.data.labels import activity_of
from llasa_core.data.time_words import DAY_S, TimeWords
from llasa_core.data.unit_words import TIME_SCALE, time_unit_of
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llasa_core.data.unit_words import TimeUnit

NAMES = {
    "start": "start begin from onset starttime begintime startingtime",
    "end": "end stop to until finish endtime stoptime endingtime",
    "activity": "activity label class act annotation gt",
    "file": "file filename recording session source",
    "subject": "subject person user participant who",
}
"""What the header may call each column."""
NEEDED = ("start", "end", "activity")
EXAMPLE = "columns start, end and activity, such as `start,end,activity` over `12.5,60,walking`"
_UNIT = re.compile(r"^(.*?)(?:[\s_]+|\s*[(\[]\s*)(s|secs?|seconds|ms|millis|us|µs|ns)\s*[)\]]?$", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class LabelRow:
    """One row of the file."""

    row: int
    """Its line, from 1."""
    interval: Interval
    file: str
    """Which recording it is about, as it is written; empty for any."""
    subject: str
    """Likewise whom."""

    def __str__(self) -> str:
        return f"{self.interval.start_s:.10g} to {self.interval.end_s:.10g} s"


class _Cell(NamedTuple):
    text: str
    place: Place


def read_label_file(path: Path, label_map: Sequence[tuple[str, str]], *, takes_new: bool = False) -> list[LabelRow]:
    """Return the rows of a file of labels, in its order.

    Args:
        path: text with any separator; times are seconds from a recording's first sample, or dates with times, or
            counted since 1970 in s, ms, us or ns. A header may say another unit.
        label_map: pairs (label in the file, activity), which win.
        takes_new: see `activity_of`.

    Raises:
        DataError: it has no such columns, or a cell is no time or no activity that is known.
    """
    lines = [line for line in enumerate(_text_of(path).splitlines(), start=1) if line[1].strip()]
    if not lines:
        raise DataError("the file of labels is empty", where=path, fix=f"write {EXAMPLE}")
    separator = max("\t;,", key=lines[0][1].count)
    table = [(row, _split(line, separator, Place(path, row))) for row, line in lines]
    columns, units = _columns(table[0][1], Place(path, table[0][0]))
    rows = table[1:] if units is not None else table
    if not rows:
        raise DataError("the file of labels has a header, but no rows", where=path, fix=f"write {EXAMPLE}")
    for row, line in rows:
        if len([cell for cell in line if cell.strip()]) > len(table[0][1]):
            raise DataError(
                f"the row has {len(line)} cells, the first one {len(table[0][1])}",
                where=Place(path, row),
                fix="write decimal points, or separate columns by semicolons",
            )
    cells = {
        name: [_Cell(_cell(line, at, Place(path, row)), Place(path, row, at + 1)) for row, line in rows]
        for name, at in columns.items()
    }
    starts, ends = (_times(cells[name], (units or {}).get(name), name) for name in ("start", "end"))
    result = []
    for nth, (row, _) in enumerate(rows):
        word = cells["activity"][nth]
        activity = activity_of(word.text, label_map, word.place, takes_new=takes_new)
        interval = _interval(starts[nth], ends[nth], cells["end"][nth], activity)
        file, subject = (cells[name][nth].text if name in cells else "" for name in ("file", "subject"))
        result.append(LabelRow(row, interval, file, subject))
    return result


def _text_of(path: Path) -> str:
    try:
        head = path.read_bytes()
    except OSError as error:
        raise DataError(f"the file of labels cannot be read: {error.strerror}", where=path, fix="check it") from error
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return head.decode("utf-16", errors="replace")
    try:
        return head.decode("utf-8-sig")
    except UnicodeDecodeError:
        return head.decode("latin-1")


def _split(line: str, separator: str, where: Place) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator, skipinitialspace=True))
    except csv.Error as error:
        raise DataError(f"the row cannot be read: {error}", where=where, fix=f"write {EXAMPLE}") from error


def _columns(header: Sequence[str], where: Place) -> tuple[dict[str, int], dict[str, TimeUnit | None] | None]:
    """Return the column of each name, and the units of the times; no units where there is no header."""
    if len(header) == len(NEEDED) and all(_NUMBER.fullmatch(cell.strip()) for cell in header[:2]):
        return {name: at for at, name in enumerate(NEEDED)}, None  # as Audacity writes labels
    columns: dict[str, int] = {}
    units: dict[str, TimeUnit | None] = {}
    for at, title in enumerate(header):
        match = _UNIT.match(title.strip())
        word, unit = (match[1], time_unit_of(match[2])) if match else (title, None)
        flat = re.sub(r"[\W_]", "", word.casefold())
        name = next((name for name, words in NAMES.items() if flat in words.split()), None)
        if name in columns:
            raise DataError(
                f"two columns are the {name}: `{header[columns[name]].strip()}` and `{title.strip()}`",
                where=Place(where.file, where.row, at + 1),
                fix="rename or remove one",
            )
        if name is not None:
            columns[name], units[name] = at, unit
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise DataError(
            f"the file of labels has no column {' and no column '.join(missing)}: its first line is "
            f"`{','.join(cell.strip() for cell in header)[:80]}`",
            where=where,
            fix=f"write {EXAMPLE}",
        )
    return columns, units


def _cell(line: Sequence[str], at: int, where: Place) -> str:
    if at >= len(line):
        raise DataError(f"the row ends after {len(line)} columns", where=where, fix=f"write {EXAMPLE}")
    return line[at].strip()


def _times(cells: Sequence[_Cell], unit: TimeUnit | None, name: str) -> list[tuple[float, bool]]:
    """Return (seconds, whether they count since 1970) of each cell."""
    words = [None if _NUMBER.fullmatch(cell.text) else cell.text for cell in cells]
    reader = TimeWords(words, f"`{name}`", cells[0].place)
    if reader.unused_dates:
        raise DataError(
            f"the dates of `{name}` can be read in two ways: {reader.unused_dates}",
            where=cells[0].place,
            fix="write the year first, as in 2024-05-29, and the month before the day",
        )
    texts = reader.seconds(words)
    return [
        _of_number(cell, unit) if np.isnan(seconds) else _of_text(cell, float(seconds))
        for cell, seconds in zip(cells, texts, strict=True)
    ]


def _of_number(cell: _Cell, unit: TimeUnit | None) -> tuple[float, bool]:
    if not _NUMBER.fullmatch(cell.text):
        raise DataError(
            f'no time: "{cell.text}"',
            where=cell.place,
            fix="write seconds of the recording, such as 12.5, or date and time, such as 2024-05-29 19:07:17",
        )
    number = float(cell.text.replace(",", "."))
    for one in (unit,) if unit else TIME_SCALE:
        seconds = number * TIME_SCALE[one]
        if SINCE_1970[0] <= seconds <= SINCE_1970[1]:
            return seconds, True
    if abs(number) * TIME_SCALE[unit or "s"] >= SINCE_1970[0]:
        raise DataError(
            f"neither seconds of a recording nor a time since 1970: {cell.text}",
            where=cell.place,
            fix="write seconds of the recording, such as 12.5, or date and time, such as 2024-05-29 19:07:17",
        )
    return number * TIME_SCALE[unit or "s"], False


def _of_text(cell: _Cell, seconds: float) -> tuple[float, bool]:
    if abs(seconds) < 2 * DAY_S:
        raise DataError(
            f'"{cell.text}" can be a time of day or a time since the recording began',
            where=cell.place,
            fix="write seconds of the recording, such as 12.5, or date and time, such as 2024-05-29 19:07:17",
        )
    return seconds, True


def _interval(
    start: tuple[float, bool],
    end: tuple[float, bool],
    end_cell: _Cell,
    activity: str | None,
) -> Interval:
    if start[1] != end[1]:
        raise DataError(
            "start and end are on different clocks: one counts since 1970, the other in the recording",
            where=end_cell.place,
            fix="write both in the same way",
        )
    if end[0] <= start[0]:
        raise DataError(
            f"the interval ends at {end[0]:.10g} s, not after its start at {start[0]:.10g} s",
            where=end_cell.place,
            fix="correct the row",
        )
    return Interval(start[0], end[0], activity, is_since_1970=start[1])


def nearest_name(name: str, known: Sequence[str]) -> str:
    """Return `; did you mean …?` for a name that is not known, or nothing."""
    close = difflib.get_close_matches(name, known, n=1)
    return f'; did you mean "{close[0]}"?' if close else ""
