"""What people read about recordings: a page about one, a line each about several."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.counting import number_of
from llasa_core.inspect.looked import counted, facts, hertz, section, table, time_of
from llasa_core.inspect.recording import UNKNOWN_LABEL, in_order
from llasa_core.inspect.sparkline import ASCII_GAP, GAP, letter_line, sparkline, time_axis, with_gaps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llasa_core.inspect.looked import Paper
    from llasa_core.inspect.recording import Amount, RecordingFound
    from llasa_core.inspect.recordings import RecordingsFound

SPARK_MARGIN = 8
"""Columns before a sparkline, for its name."""
SMALL_SPARK = 24
"""Columns of a sparkline in a table."""
MOST_GAPS = 4
"""Told one by one."""
_NUMBER = re.compile(r"\d[\d.,]*(e[+-]?\d+)?")


def page(found: RecordingsFound, paper: Paper) -> str:
    """Return all about the one recording."""
    one = found.recordings[0]
    lines = [
        f"{found.path.name}: {one.name}, {_length(one)}",
        *facts(_facts(one, found)),
        *_sparks(one, paper),
        *section("left out", left_out_lines(one.left_out)),
        *section("decided", list(one.notes)),
        *section("passed over", found.passed_over),
    ]
    return "\n".join(lines)


def overview(found: RecordingsFound, paper: Paper) -> str:
    """Return a line for each recording, and what holds for all."""
    recordings = found.recordings
    head = ("windows", "length", "gaps", "acc", "gyr", "format", "|acc|", "recording")
    rows = [(*_row(one), _spark(one, "|acc|", SMALL_SPARK, paper)[0], one.name) for one in recordings]
    n_refused = sum(one.refused is not None for one in recordings)
    n_subjects = len({one.subject for one in recordings if one.subject})
    total_s = sum(one.duration_s for one in recordings)
    of_whom = f" of {number_of(n_subjects, 'subject')}, {time_of(total_s)}" if n_subjects else ""
    lines = [
        f"{found.path.name}: {number_of(len(recordings), 'recording')}{of_whom}",
        "",
        *table(head, rows, left=(5, 6, 7)),
        "",
        *facts(
            [
                ("windows", _windows(found.windows, found)),
                ("refused", f"{n_refused} of {len(recordings)} recordings" if n_refused else ""),
                ("labels", _labels(in_order(recordings))),
                ("quality", counted(found.quality)),
            ]
        ),
        *section("left out", left_out_lines(found.left_out)),
        *section("decided", _notes(recordings)),
        *section("passed over", found.passed_over),
    ]
    return "\n".join(lines)


def left_out_lines(left_out: Mapping[str, Amount]) -> list[str]:
    """Return a line for each reason, with its amount."""
    return [
        f"{reason}: {amount.count:,} {amount.unit if amount.count != 1 else amount.unit.removesuffix('s')}"
        + (f", {time_of(amount.seconds)}" if amount.seconds else "")
        for reason, amount in left_out.items()
    ]


def _facts(one: RecordingFound, found: RecordingsFound) -> list[tuple[str, str]]:
    origin = one.origin
    if origin is None:
        return [("format", one.format), ("acc, gyr", "not read"), ("windows", _windows(0, found))]
    gravity = f"gravity {origin.gravity}" if origin.gravity else "gravity not known"
    return [
        ("format", one.format),
        ("subject", f"{one.subject}, placement {one.placement}"),
        ("acc", f"{hertz(origin.acc_rate_hz)}, {origin.acc_unit or 'unknown unit'}, {gravity}"),
        ("gyr", f"{hertz(origin.gyr_rate_hz)}, {origin.gyr_unit or 'unknown unit'}" if one.has_gyr else "none"),
        ("clock", origin.clock),
        ("gaps", _gaps(one)),
        ("labels", _labels(one.activities)),
        ("windows", _windows(one.windows, found)),
        ("quality", counted(one.quality)),
    ]


def _length(one: RecordingFound) -> str:
    if one.origin is None:
        return "not read"
    if not one.gaps:
        return time_of(one.duration_s)
    lost_s = sum(end_s - start_s for start_s, end_s in one.gaps)
    return f"{time_of(one.duration_s)}, {time_of(lost_s)} of it in {number_of(len(one.gaps), 'gap')}"


def _gaps(one: RecordingFound) -> str:
    told = [f"{start:.1f}-{end:.1f} s ({time_of(end - start)})" for start, end in one.gaps[:MOST_GAPS]]
    more = [f"and {len(one.gaps) - MOST_GAPS} more"] if len(one.gaps) > MOST_GAPS else []
    return ", ".join((*told, *more)) or "none"


def _labels(seconds: Mapping[str, float]) -> str:
    if set(seconds) <= {UNKNOWN_LABEL}:
        return "none"
    return ", ".join(f"{name} {time_of(part)}" for name, part in seconds.items())


def _windows(count: int, found: RecordingsFound) -> str:
    config = found.config
    return (
        f"{count:,} of {config.window_s:g} s at {config.sampling_rate_hz:g} Hz, one every {config.stride_s:g} s"
        if count
        else "none"
    )


def _notes(recordings: Sequence[RecordingFound]) -> list[str]:
    """Return what was decided for several, most frequent first; notes that differ in numbers only stand as one."""
    alike: dict[str, list[str]] = {}
    for one in recordings:
        for note in one.notes:
            alike.setdefault(_NUMBER.sub("#", note), []).append(note)
    lines = []
    for notes in sorted(alike.values(), key=len, reverse=True):
        of_how_many = "" if len(notes) == len(recordings) else number_of(len(notes), "recording")
        numbers = "" if len(set(notes)) == 1 else "each with its own numbers"
        remark = ", ".join(text for text in (of_how_many, numbers) if text)
        lines.append(f"{notes[0]} ({remark})" if remark else notes[0])
    return lines


def _row(one: RecordingFound) -> tuple[str, ...]:
    windows = "refused" if one.refused else "copy" if one.same_as and not one.windows else f"{one.windows:,}"
    if one.origin is None:
        return windows, "", "", "", "", one.format
    return (
        windows,
        time_of(one.duration_s),
        str(len(one.gaps)),
        *("none" if rate is None else hertz(rate) for rate in (one.acc_rate_hz, one.gyr_rate_hz)),
        one.format,
    )


def _sparks(one: RecordingFound, paper: Paper) -> list[str]:
    """Return the two signals over time, and the labels below them."""
    if one.envelope is None:
        return []
    width = max(10, paper.width - SPARK_MARGIN)
    lines, legends = [], []
    for signal, unit in zip(("|acc|", "|gyr|"), one.units_drawn, strict=True):
        if signal == "|acc|" or one.has_gyr:
            spark, low, high = _spark(one, signal, width, paper)
            lines.append(f"  {signal} {spark}")
            legends.append(f"{signal} {low:.3g} to {high:.3g} {_plain(unit, paper)}")
    letters, meaning = letter_line(one.bands, one.start_s, one.duration_s, width)
    if meaning:
        lines.append(f"  label {letters}")
        legends.append(", ".join(f"{letter} {name}" for letter, name in meaning.items()))
    gap = [f"{ASCII_GAP if paper.is_ascii else GAP} gap"] if one.gaps else []
    axis = " " * SPARK_MARGIN + time_axis(one.start_s, one.end_s, width)
    return ["", *lines, axis, " " * SPARK_MARGIN + "; ".join((*legends, *gap))]


def _spark(one: RecordingFound, signal: str, width: int, paper: Paper) -> tuple[str, float, float]:
    """Return the highest values of a signal as a line, and what its lowest and highest character stand for."""
    if one.envelope is None:
        return "", 0.0, 0.0
    highest = one.envelope.columns(width, signal)[1]
    low, high = float(np.nanmin(highest)), float(np.nanmax(highest))
    heights = with_gaps(highest, one.gaps, one.start_s, one.duration_s)
    return sparkline(heights, low, high, paper), low, high


def _plain(unit: str, paper: Paper) -> str:
    return unit.replace("²", "^2") if paper.is_ascii else unit
