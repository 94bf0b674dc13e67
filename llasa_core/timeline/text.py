"""A timeline as a table for people, and as rows for spreadsheets."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from llasa_core.data.facts import intensity_word
from llasa_core.files import written_whole
from llasa_core.inspect.looked import table
from llasa_core.timeline.segments import Segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from llasa_core.timeline.timeline import Gap, Timeline

GAP = "gap"
CSV_HEAD = (
    "file",
    "recording",
    "start_s",
    "end_s",
    "duration_s",
    "activity",
    "confidence",
    "cadence_spm",
    "intensity_mg",
    "started_utc",
)
"""One row a segment; a gap is a row of its own without the rest."""
MINUTE_S, HOUR_S = 60, 3600


def clock_text(seconds: float) -> str:
    """Return a time of a recording: `3:20.5`, `1:03:20.5`."""
    tenths = round(10 * seconds)
    whole, tenth = divmod(tenths, 10)
    hours, rest = divmod(whole, HOUR_S)
    minutes, rest = divmod(rest, MINUTE_S)
    hour = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{hour}:{rest:02d}.{tenth}"


def length_text(seconds: float) -> str:
    """Return a length of time: `8.3 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 2 * MINUTE_S:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), MINUTE_S)
    if minutes < MINUTE_S:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def table_text(timeline: Timeline) -> str:
    """Return the segments and gaps as a table, with totals, and with those of each day where there are several."""
    head = ("from", "to", "length", "activity", "sure", "steps/min", "intensity")
    rows = [_cells(one) for one in _in_order(timeline)]
    lines = [_title(timeline), *table(head, rows, left=(3, 6)), "", f"  in all: {_amounts(timeline.totals_s)}"]
    days = timeline.days()
    if len(days) > 1:
        lines += [f"  {day}: {_amounts(totals)}" for day, totals in days.items()]
    return "\n".join(lines)


def csv_rows(timeline: Timeline) -> Iterator[tuple[object, ...]]:
    """Yield a row for each segment and each gap, under `CSV_HEAD`; what is not known is empty."""
    for one in _in_order(timeline):
        start, end = round(one.start_s, 3), round(one.end_s, 3)
        what: tuple[object, ...] = (GAP, "", "", "")
        if isinstance(one, Segment):
            what = (one.activity, round(one.confidence, 4), _rounded(one.cadence_spm), _rounded(one.intensity_mg))
        started = "" if timeline.since_1970_s is None else _utc(timeline.since_1970_s + one.start_s)
        yield (str(timeline.file), timeline.name, start, end, round(end - start, 3), *what, started)


def write_csv(timelines: Sequence[Timeline], path: Path) -> None:
    """Write the rows of several timelines under one head, whole or not at all.

    Raises:
        RunError: the disk is full.
    """
    with written_whole(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(CSV_HEAD)
        for timeline in timelines:
            writer.writerows(csv_rows(timeline))


def _in_order(timeline: Timeline) -> list[Segment | Gap]:
    return sorted([*timeline.segments, *timeline.gaps], key=lambda one: one.start_s)


def _title(timeline: Timeline) -> str:
    began = f", from {timeline.started.astimezone():%Y-%m-%d %H:%M:%S %z} on" if timeline.started else ""
    return f"{timeline.name}: {length_text(timeline.end_s - timeline.start_s)}{began}"


def _cells(one: Segment | Gap) -> tuple[str, ...]:
    times = (clock_text(one.start_s), clock_text(one.end_s), length_text(one.end_s - one.start_s))
    if not isinstance(one, Segment):
        return (*times, GAP, "", "", "not recorded")
    cadence = "" if one.cadence_spm is None else f"{one.cadence_spm:.0f}"
    intensity = "" if one.intensity_mg is None else f"{intensity_word(one.intensity_mg)}, {one.intensity_mg:.0f} mg"
    return (*times, one.activity, f"{one.confidence:.0%}", cadence, intensity)


def _amounts(totals: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {length_text(seconds)}" for name, seconds in totals.items())


def _rounded(value: float | None) -> float | str:
    return "" if value is None else round(value, 1)


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
