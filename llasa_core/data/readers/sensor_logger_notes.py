"""What Sensor Logger notes beside its tables: Metadata.csv about the device, Annotation.csv about what was done."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llasa_core.data.label_intervals import Interval, labelled
from llasa_core.data.labels import activity_of
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.readers.raw_files import RawFile
    from llasa_core.data.recording import Recording

_ENDS = re.compile(r"(stop|end|finish|pause)(ped|ed|s)?\b.*|.*\b(stop|end)", re.IGNORECASE)
_BEGINS = re.compile(r"\b(start|begin)(ed|s|ning)?\b", re.IGNORECASE)


class Metadata(NamedTuple):
    """What Metadata.csv says, as far as it is there; older versions of the app lack some of it."""

    file: RawFile | None = None
    platform: str | None = None
    """`ios` or `android`."""
    is_standardised: bool | None = None
    start_s: float | None = None
    """Since 1970: `seconds_elapsed` counts from it."""


def metadata_in(around: Sequence[RawFile]) -> Metadata:
    """Return what the Metadata.csv among files says."""
    file = beside("metadata.csv", around)
    if file is None:
        return Metadata()
    row = next(iter(_rows(file)), {})
    setting = (row.get("standardisation") or row.get("standardization") or "").casefold()
    start = row.get("recording epoch time") or ""
    return Metadata(
        file,
        (row.get("platform") or "").casefold() or None,
        None if setting not in {"true", "false"} else setting == "true",
        float(start) / 1000 if start.isdecimal() else None,
    )


def with_annotations(file: RawFile, recording: Recording, options: ReadOptions) -> Recording:
    """Return a recording with the labels of an Annotation.csv: a text holds until the next one.

    Texts are free. One that is no activity ends the label before it and is named in a note; where a label map is given,
    it is an error, since it may be a slip.

    Raises:
        DataError: a label map is given, and a text is neither in it nor an activity.
    """
    if options.label_column is not None or options.label_from is not None or options.labels is not None:
        return recording
    texts = [(int(row["time"]), row["text"], line) for line, row in enumerate(_rows(file), 2) if _is_annotation(row)]
    if not texts:
        return recording
    if recording.since_1970_s is None:
        note = f"{file.name} not used: the recording's own clock does not tell the date"
        return replace(recording, notes=(*recording.notes, note))
    intervals, unknown = [], []
    for at, (start_ns, text, line) in enumerate(texts):
        end_s = texts[at + 1][0] / 1e9 if at + 1 < len(texts) else np.inf
        activity, is_known = _activity(text, options, Place(file.shown, line))
        intervals.append(Interval(start_ns / 1e9, end_s, activity, is_since_1970=True))
        unknown += [] if is_known else [text.strip()]
    notes = [f"labels from {file.name}: {len(texts)} texts"] if len(texts) > len(unknown) else []
    notes += [
        f'{file.name}: "{text}" is no activity, and what follows it has no label; '
        f'`--label-map "{text}=ACTIVITY"` gives it one'
        for text in dict.fromkeys(unknown)
    ]
    return replace(labelled(recording, intervals), notes=(*recording.notes, *notes))


def _is_annotation(row: dict[str, str]) -> bool:
    return "text" in row and row.get("time", "").isdecimal()


def _activity(text: str, options: ReadOptions, place: Place) -> tuple[str | None, bool]:
    """Return the activity that a text begins, None where it ends one, and whether it is known."""
    told = {label.strip().casefold() for label, _ in options.label_map}
    if text.strip().casefold() not in told:
        if _ENDS.fullmatch(text.strip()):
            return None, True
        text = _BEGINS.sub("", text)
    try:
        return activity_of(text, options.label_map, place, takes_new=options.new_activities), True
    except DataError:
        if options.label_map:
            raise
        return None, False


def _rows(file: RawFile) -> list[dict[str, str]]:
    """Return the rows of a small table by its header's names in lower case; none where it is empty or no text."""
    lines = file.read_bytes().decode("utf-8-sig", errors="replace").splitlines()
    reader = csv.reader(lines)
    try:
        header, *rows = [row for row in reader if row]
    except (ValueError, csv.Error):
        return []
    return [dict(zip([name.strip().casefold() for name in header], row, strict=False)) for row in rows]


def beside(name: str, around: Sequence[RawFile]) -> RawFile | None:
    """Return the file of a name, given in lower case, among files."""
    return next((one for one in around if one.name.casefold() == name), None)
