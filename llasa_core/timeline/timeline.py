"""What a person did when in a recording: segments, totals, days."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from llasa_core.data.readers import find_recordings
from llasa_core.data.recording import Recording
from llasa_core.errors import DataError
from llasa_core.timeline.classifier import HeadClassifier
from llasa_core.timeline.options import TimelineOptions
from llasa_core.timeline.segments import STILL, UNKNOWN, segments_of
from llasa_core.timeline.text import length_text
from llasa_core.timeline.watched import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import tzinfo
    from pathlib import Path

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.errors import LlasaError
    from llasa_core.inspect.envelope import Envelope
    from llasa_core.timeline.classifier import WindowClassifier
    from llasa_core.timeline.segments import Segment
    from llasa_core.timeline.watched import Watched

MOSTLY = 0.5
"""With so large a share of strange windows a recording as a whole is unlike what the model was trained on."""


class Gap(NamedTuple):
    """A time that was not recorded, on the recording's clock."""

    start_s: float
    end_s: float


@dataclass(frozen=True)
class WindowTable:
    """What the timeline rests on, window by window, oldest first."""

    start_s: np.ndarray
    """float64 [window], on the recording's clock."""
    window_s: float
    probability: np.ndarray
    """float64 [window, activity]: calibrated, of each window alone."""
    posterior: np.ndarray
    """float64 [window, state]: given the whole recording; activities, `still` where it may be told, unknown at last."""
    is_strange: np.ndarray
    """bool [window]: unlike all training."""
    intensity_mg: np.ndarray
    """float64 [window]."""
    cadence_spm: np.ndarray
    """float64 [window]; NaN where there are no steps."""

    def __len__(self) -> int:
        return len(self.start_s)


@dataclass(frozen=True)
class Timeline:
    """What was done in one recording. Times are in seconds on its own clock, which is 0 or more at its first sample."""

    name: str
    file: Path
    subject: str
    activities: tuple[str, ...]
    """Those that could be told."""
    segments: tuple[Segment, ...]
    """In order; they fill all of the recording but its gaps."""
    gaps: tuple[Gap, ...]
    windows: WindowTable
    since_1970_s: float | None
    """When the clock was 0, in seconds since 1970 (UTC); None where the recording does not say."""
    envelope: Envelope
    """The signal made small, for pictures."""
    notes: tuple[str, ...]
    """What the reader decided, and why."""
    warnings: tuple[str, ...]
    """What to mind before believing it."""

    @property
    def start_s(self) -> float:
        """Of its first sample."""
        return self.segments[0].start_s

    @property
    def end_s(self) -> float:
        """After its last sample."""
        return self.segments[-1].end_s

    @property
    def totals_s(self) -> dict[str, float]:
        """Seconds of each activity, of still and of unknown, longest first; gaps are not among them."""
        return _totals((one.activity, one.duration_s) for one in self.segments)

    @property
    def transitions(self) -> int:
        """How often one activity follows another without a gap."""
        return sum(b.start_s == a.end_s for a, b in zip(self.segments, self.segments[1:], strict=False))

    def at(self, time_s: float) -> Segment | None:
        """Return the segment at a time; None in a gap, before the start and after the end."""
        return next((one for one in self.segments if one.start_s <= time_s < one.end_s), None)

    def days(self, zone: tzinfo | None = None) -> dict[str, dict[str, float]]:
        """Return the totals of each day, such as `2026-05-01`; nothing where the recording does not tell the date.

        Args:
            zone: whose midnight ends a day; that of this machine when left out.
        """
        if self.since_1970_s is None:
            return {}
        parts: dict[str, list[tuple[str, float]]] = {}
        for one in self.segments:
            for day, seconds in _by_day(self.since_1970_s + one.start_s, self.since_1970_s + one.end_s, zone):
                parts.setdefault(day, []).append((one.activity, seconds))
        return {day: _totals(every) for day, every in parts.items()}

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "file": str(self.file),
            "recording": self.name,
            "subject": self.subject,
            "start_s": round(self.start_s, 3),
            "end_s": round(self.end_s, 3),
            "started": self.started.isoformat(timespec="milliseconds") if self.started else None,
            "segments": [_segment_dict(one) for one in self.segments],
            "gaps": [{"start_s": round(gap.start_s, 3), "end_s": round(gap.end_s, 3)} for gap in self.gaps],
            "totals_s": {name: round(seconds, 3) for name, seconds in self.totals_s.items()},
            "days": {
                day: {name: round(seconds, 3) for name, seconds in totals.items()}
                for day, totals in self.days().items()
            },
            "windows": len(self.windows),
            "notes": list(self.notes),
            "warnings": list(self.warnings),
        }

    @property
    def started(self) -> datetime | None:
        """When the first sample was taken, in UTC; None where the recording does not say."""
        if self.since_1970_s is None:
            return None
        return datetime.fromtimestamp(self.since_1970_s + self.start_s, UTC)


def timeline_of(
    recording: Recording | Iterable[Recording],
    classifier: WindowClassifier,
    options: TimelineOptions | None = None,
) -> Timeline:
    """Return the timeline of one recording in memory, or of the parts of one, oldest first.

    Args:
        recording: as readers give it.
        classifier: from `load_classifier`.
        options: see there.

    Raises:
        DataError: no part, or parts of several recordings, or a rate below the windows'.
    """
    parts = [recording] if isinstance(recording, Recording) else recording
    found = list(_timelines(iter(parts), classifier, options or TimelineOptions()))
    if len(found) != 1:
        raise DataError(
            f"{len(found)} recordings, where one timeline is wanted",
            fix="pass one recording, or the parts of one in the order of time",
        )
    return found[0]


def timelines_in(
    path: Path,
    reading: ReadOptions,
    classifier: WindowClassifier,
    options: TimelineOptions | None = None,
    progress: Callable[[float, str], None] = lambda _done, _words: None,
    on_error: Callable[[LlasaError], None] | None = None,
) -> Iterator[Timeline]:
    """Yield a timeline for each recording behind a path, as it is read; memory hardly grows with its length.

    Args:
        path: a file, a folder or an archive.
        reading: what the files do not say themselves.
        classifier: from `load_classifier`.
        options: see there.
        progress: told how much was read, in percent, and what is at hand.
        on_error: told of files that cannot be read, so that the others go on; left out, the first one ends it.

    Raises:
        DataError: nothing is there that could be a recording, or a file cannot be read.
    """
    found = find_recordings(path, reading)
    total = max(1, sum(file.size for unread in found.unread for file in unread.files))
    done = 0
    for unread in found.unread:
        progress(100 * done / total, unread.files[0].name)
        try:
            yield from _timelines(unread.read(reading), classifier, options or TimelineOptions())
        except DataError as error:
            if on_error is None:
                raise
            on_error(error)
        done += sum(file.size for file in unread.files)
    progress(100, path.name)


def _timelines(
    parts: Iterator[Recording], classifier: WindowClassifier, options: TimelineOptions
) -> Iterator[Timeline]:
    watch: Watch | None = None
    for part in parts:
        if watch is None or not watch.takes(part):
            if watch is not None:
                yield _timeline(watch.result(), classifier, options)
            watch = Watch(classifier, options)
        watch.add(part)
    if watch is not None:
        yield _timeline(watch.result(), classifier, options)


def _timeline(watched: Watched, classifier: WindowClassifier, options: TimelineOptions) -> Timeline:
    segments, found = segments_of(watched, classifier.activities, classifier.threshold, options)
    windows = watched.windows
    ends = [(one.end_s, other.start_s) for one, other in zip(watched.stretches, watched.stretches[1:], strict=False)]
    is_strange = windows.strangeness > 1
    warnings: tuple[str, ...] = ()
    if len(windows) and is_strange.mean() >= MOSTLY:
        share = f"{is_strange.mean():.0%} of the windows are unlike everything the model was trained on"
        warnings = (f"{share}: another activity, or a sensor worn elsewhere; long stretches of it are {UNKNOWN}",)
    still_s = sum(one.duration_s for one in segments if one.activity == STILL)
    if still_s:
        warnings += (_why_still(still_s, options),)
    notes = watched.notes
    if watched.worn.upright is not None and not options.upright:
        notes += ("the device is turned against how it was worn in training; walking in the recording told how",)
    notes += _where_worn(watched, classifier, options)
    return Timeline(
        name=watched.name,
        file=watched.file,
        subject=watched.subject,
        activities=classifier.activities,
        segments=segments,
        gaps=tuple(Gap(*gap) for gap in ends),
        windows=WindowTable(
            start_s=windows.start_s,
            window_s=watched.window_s,
            probability=np.exp(windows.log_p),
            posterior=found.posterior,
            is_strange=is_strange,
            intensity_mg=watched.intensity_mg,
            cadence_spm=watched.cadence_spm,
        ),
        since_1970_s=watched.since_1970_s,
        envelope=watched.envelope,
        notes=notes,
        warnings=warnings,
    )


def _where_worn(watched: Watched, classifier: WindowClassifier, options: TimelineOptions) -> tuple[str, ...]:
    """Return a note on the place of the body that was taken; none where the head knows no places."""
    names = classifier.trained.place_names if isinstance(classifier, HeadClassifier) else ()
    if not names:
        return ()
    if watched.worn.place is None:
        return (f"placement unknown: it is not surely {' or '.join(names)}; `--placement` tells it",)
    how = "chosen from the recording" if options.placement is None else "told"
    return (f"placement {names[watched.worn.place]}, {how}",)


def _why_still(still_s: float, options: TimelineOptions) -> str:
    """Return one line on why postures are not told apart, and what would help."""
    what = f"{length_text(still_s)} {STILL}, and in which posture cannot be told"
    if options.upright:
        return f"{what}: seen from the upright seconds, the person is tilted as nobody was in training"
    return (
        f"{what}: the device is worn otherwise than in training; "
        "name seconds in which the person stands or walks, such as `--upright 0:05-0:15`"
    )


def renamed(timeline: Timeline, file: Path) -> Timeline:
    """Return a timeline under the name of another file: the one that it was copied from."""
    return replace(timeline, file=file)


def _totals(parts: Iterable[tuple[str, float]]) -> dict[str, float]:
    totals: dict[str, float] = {}
    for name, seconds in parts:
        totals[name] = totals.get(name, 0.0) + seconds
    return dict(sorted(totals.items(), key=lambda item: -item[1]))


def _by_day(start: float, end: float, zone: tzinfo | None) -> Iterator[tuple[str, float]]:
    """Yield the days of a time, in seconds since 1970, with the seconds in each."""
    while start < end:
        here = datetime.fromtimestamp(start, UTC).astimezone(zone)
        next_day = (here + timedelta(days=1)).date()
        midnight = datetime(next_day.year, next_day.month, next_day.day, tzinfo=zone).astimezone(zone).timestamp()
        until = min(end, midnight)
        yield here.date().isoformat(), until - start
        start = until


def _segment_dict(one: Segment) -> dict[str, Any]:
    return {
        "start_s": round(one.start_s, 3),
        "end_s": round(one.end_s, 3),
        "activity": one.activity,
        "confidence": round(one.confidence, 4),
        "cadence_spm": None if one.cadence_spm is None else round(one.cadence_spm, 1),
        "intensity_mg": None if one.intensity_mg is None else round(one.intensity_mg, 1),
    }
