"""A recording as a conversation knows it: its signal, what was done when, and what was measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, groupby
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.channels import CHANNELS
from llasa_core.data.facts import facts_of
from llasa_core.data.readers import read_recordings
from llasa_core.data.recording import Segment as Labelled
from llasa_core.data.windows import WindowConfig, is_too_short, windows_of
from llasa_core.errors import DataError, Place
from llasa_core.timeline.options import TimelineOptions
from llasa_core.timeline.timeline import timeline_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from llasa_core.chat.spans import Span
    from llasa_core.data.facts import Facts
    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.recording import Recording
    from llasa_core.timeline.classifier import WindowClassifier
    from llasa_core.timeline.options import Upright
    from llasa_core.timeline.timeline import Timeline

NAMED_CHOICES = 8
"""How many recordings of a file an error lists by name."""
LONGEST_S = 72 * 3600.0
"""The signal is held in memory, 1.7 MB an hour at 20 Hz; what is longer is refused."""
PIECE_S = 0.5
"""The signal is kept in whole pieces of this length: as much may be missing before a gap."""


@dataclass(frozen=True)
class Stretch:
    """The signal between two gaps, at the windows' rate."""

    start_s: float
    """On the recording's clock."""
    samples: np.ndarray
    """float32 [time, channel], acc in m/s² with gravity, gyr in rad/s."""


@dataclass(frozen=True)
class KnownRecording:
    """One recording, read once; questions are answered from it. Made by `know` or `known`; it can be pickled."""

    timeline: Timeline
    stretches: tuple[Stretch, ...]
    facts: Facts
    """Of the timeline's windows, row by row."""
    sampling_rate_hz: float
    window_s: float
    source_hz: float
    """The rate that it was recorded at."""

    @property
    def name(self) -> str:
        """Which sitting it is; `--recording` calls it so."""
        return self.timeline.name

    @property
    def file(self) -> Path:
        """Where it was read from."""
        return self.timeline.file

    @property
    def names_activities(self) -> bool:
        """Whether there was a model that can tell activities apart."""
        return bool(self.timeline.activities)

    @property
    def recorded_s(self) -> float:
        """How much was recorded; gaps are not counted."""
        return sum(one.duration_s for one in self.timeline.segments)

    @property
    def samples(self) -> np.ndarray:
        """All of the signal at the windows' rate, float32 [time, channel], without the gaps."""
        return np.concatenate([one.samples for one in self.stretches])

    @cached_property
    def activity(self) -> dict[str, float]:
        """Each activity's probability, averaged over the windows, likeliest first."""
        if not self.names_activities:
            return {}
        means = self.timeline.windows.probability.mean(axis=0)
        return {self.timeline.activities[at]: float(means[at]) for at in np.argsort(-means, kind="stable")}

    def window_at(self, middle_s: float) -> tuple[np.ndarray, float] | None:
        """Return the window around a time, [time, channel], and when it starts; None where no window fits.

        A window near a gap or an end is moved until it fits; between two stretches the nearer one is taken.
        """
        length = round(self.window_s * self.sampling_rate_hz)
        best: tuple[float, Stretch, int] | None = None
        for stretch in self.stretches:
            if len(stretch.samples) < length:
                continue
            wanted = round((middle_s - self.window_s / 2 - stretch.start_s) * self.sampling_rate_hz)
            first = min(max(wanted, 0), len(stretch.samples) - length)
            if best is None or abs(wanted - first) < best[0]:
                best = (abs(wanted - first), stretch, first)
        if best is None:
            return None
        _, stretch, first = best
        return stretch.samples[first : first + length], stretch.start_s + first / self.sampling_rate_hz

    def samples_in(self, spans: Sequence[Span]) -> tuple[np.ndarray, np.ndarray]:
        """Return when each sample inside spans was taken, float64 [time], and the samples, float32 [time, channel]."""
        times, samples = [np.empty(0)], [np.empty((0, len(CHANNELS)), np.float32)]
        for span in spans:
            for stretch in self.stretches:
                first, last = (
                    int(np.ceil((at - stretch.start_s) * self.sampling_rate_hz - 1e-6))
                    for at in (span.start_s, span.end_s)
                )
                part = stretch.samples[max(first, 0) : max(last, 0)]
                times.append(stretch.start_s + (max(first, 0) + np.arange(len(part))) / self.sampling_rate_hz)
                samples.append(part)
        return np.concatenate(times), np.concatenate(samples)

    def rows_in(self, spans: Sequence[Span]) -> np.ndarray:
        """Return the positions of the timeline's windows that lie inside spans; of the nearest, where none does."""
        starts = self.timeline.windows.start_s
        ends = starts + self.window_s
        is_inside = np.zeros(len(starts), bool)
        for span in spans:
            is_inside |= (starts >= span.start_s - 1e-6) & (ends <= span.end_s + 1e-6)
        if is_inside.any() or not spans:
            return np.flatnonzero(is_inside)
        middles = starts + self.window_s / 2
        nearest = {int(np.abs(middles - span.middle_s).argmin()) for span in spans if len(starts)}
        return np.array(sorted(nearest), np.int64)


def labels_of(recordings: Sequence[KnownRecording]) -> list[str]:
    """Return how answers call each of several recordings: by file, else by name, else by number."""
    for labels in ([one.file.name for one in recordings], [one.name for one in recordings]):
        if len(set(labels)) == len(labels):
            return labels
    return [f"recording {at + 1}" for at in range(len(recordings))]


def know(  # noqa: PLR0913 - what is said of a file, a name each
    path: Path,
    reading: ReadOptions,
    classifier: WindowClassifier,
    *,
    name: str | None = None,
    allow_upsample: bool = False,
    upright: tuple[Upright, ...] = (),
    placement: str | None = None,
    most_windows: int | None = None,
    begun: Callable[[Recording], None] = lambda _first: None,
) -> KnownRecording:
    """Read the one recording to talk about, a part at a time.

    Args:
        path: anything that `prepare-data` reads.
        reading: what the file does not say itself.
        classifier: from `load_classifier`, or `Nameless`.
        name: which recording of a file that holds several; not needed where there is one.
        allow_upsample: take a recording of a lower rate.
        upright: seconds in which the person stands or walks; see `TimelineOptions`.
        placement: where the device is worn, by a name that the head knows.
        most_windows: the classifier is asked about no more than about so many; of a longer recording with gaps between.
        begun: told of the recording's first part, as soon as it is read.

    Raises:
        DataError: the file cannot be read, holds several recordings and none is named, or none of that name; or the
            recording is shorter than a window, longer than `LONGEST_S`, or its rate is too low.
        UsageError: the head does not know the placement.
    """
    seen: list[str] = []
    found: KnownRecording | None = None
    for _, parts in groupby(read_recordings(path, reading), key=lambda part: (part.file, part.subject)):
        first = next(parts)
        if found is None and name in {None, first.session}:
            begun(first)
            found = known(
                chain([first], parts),  # noqa: B031 - each group is used once
                classifier,
                allow_upsample=allow_upsample,
                upright=upright,
                placement=placement,
                most_windows=most_windows,
            )
            if name is not None:
                return found
        seen.append(first.session)
        if name is None and len(seen) > NAMED_CHOICES:
            break
    if found is not None and len(seen) == 1:
        return found
    what = f"no recording `{name}`" if name is not None else "several recordings" if seen else "no recording"
    raise DataError(f"{path.name} holds {what}", where=path, fix=_choices(seen, is_all=name is not None))


def known(
    parts: Iterable[Recording],
    classifier: WindowClassifier,
    *,
    allow_upsample: bool = False,
    upright: tuple[Upright, ...] = (),
    placement: str | None = None,
    most_windows: int | None = None,
) -> KnownRecording:
    """Return what is known of one recording, from its parts, oldest first; arguments and errors as in `know`."""
    keeper = _Keeper(classifier, allow_upsample=allow_upsample)
    kept = keeper.keep(parts)
    if most_windows is not None:  # how long it is must be known before the first window is looked at
        kept = iter(list(kept))
    stride_s = keeper.stride_s(most_windows)
    options = TimelineOptions(stride_s=stride_s, allow_upsample=allow_upsample, upright=upright, placement=placement)
    timeline = timeline_of(kept, classifier, options)
    recording = KnownRecording(
        timeline=timeline,
        stretches=tuple(keeper.stretches),
        facts=facts_of(np.empty((0, keeper.window_len, 6)), classifier.sampling_rate_hz),
        sampling_rate_hz=classifier.sampling_rate_hz,
        window_s=classifier.window_s,
        source_hz=keeper.source_hz,
    )
    if not len(timeline.windows):
        raise _too_short(recording)
    windows = [recording.window_at(start_s + recording.window_s / 2) for start_s in timeline.windows.start_s]
    assert None not in windows  # noqa: S101 - the timeline had each of them
    return replace(recording, facts=_facts([one[0] for one in windows if one], classifier.sampling_rate_hz))


FACTS_AT_ONCE = 512
"""Windows whose facts are measured together, which bounds the memory."""


def _facts(windows: list[np.ndarray], rate_hz: float) -> Facts:
    parts = [
        facts_of(np.stack(windows[at : at + FACTS_AT_ONCE]), rate_hz) for at in range(0, len(windows), FACTS_AT_ONCE)
    ]
    return type(parts[0])(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])},
    )


class _Keeper:
    """Keeps the signal of parts that pass through."""

    def __init__(self, classifier: WindowClassifier, *, allow_upsample: bool) -> None:
        rate_hz = classifier.sampling_rate_hz
        piece_s = max(1, round(PIECE_S * rate_hz)) / rate_hz
        self._config = WindowConfig(
            sampling_rate_hz=rate_hz, window_s=piece_s, stride_s=piece_s, allow_upsample=allow_upsample
        )
        self.window_len = round(classifier.window_s * rate_hz)
        self._window_s = classifier.window_s
        self._kept_s = 0.0
        self.source_hz = 0.0
        self.stretches: list[Stretch] = []

    def keep(self, parts: Iterable[Recording]) -> Iterator[Recording]:
        """Yield the parts again.

        Raises:
            DataError: the recording is too long.
        """
        for part in parts:
            self.source_hz = self.source_hz or part.sampling_rate_hz
            self._kept_s += len(part.samples) / part.sampling_rate_hz
            if self._kept_s > LONGEST_S:
                raise DataError(
                    f"the recording lasts longer than {LONGEST_S / 3600:g} hours",
                    where=Place(part.file),
                    fix="ask about a part of it, or let `llasa timeline` tell what was done when",
                )
            if not is_too_short(part, self._config):
                self._take(part)
            yield part

    def stride_s(self, most_windows: int | None) -> float | None:
        """Return from one window to the next, so that there are no more than so many; None leaves it open."""
        if most_windows is None or self._kept_s <= most_windows * self._window_s:
            return None
        steps = np.ceil(self._kept_s / most_windows * self._config.sampling_rate_hz)
        return float(steps / self._config.sampling_rate_hz)

    def _take(self, part: Recording) -> None:
        unlabelled = replace(part, segments=(Labelled(0, len(part.samples), None),))
        pieces = windows_of(unlabelled, self._config)
        samples = pieces.windows.reshape(-1, pieces.windows.shape[2])
        rate_hz = self._config.sampling_rate_hz
        last = self.stretches[-1] if self.stretches else None
        if last is not None and abs(part.start_s - last.start_s - len(last.samples) / rate_hz) < 0.5 / rate_hz:
            self.stretches[-1] = Stretch(last.start_s, np.concatenate([last.samples, samples]))
        else:
            self.stretches.append(Stretch(part.start_s, samples))


def _too_short(recording: KnownRecording) -> DataError:
    lasts, window = f"the recording lasts {recording.recorded_s:.1f} s", f"{recording.window_s:g} s"
    return DataError(
        f"{lasts}, without a stretch of {window} between gaps"
        if recording.recorded_s >= recording.window_s
        else f"{lasts}, the model needs {window}",
        where=Place(recording.file),
        fix="ask about a longer recording",
    )


def _choices(names: Sequence[str], *, is_all: bool) -> str:
    if not names:
        return "name a file or folder that holds a recording"
    left = len(names) - NAMED_CHOICES
    rest = "" if left <= 0 else f" and {left} more" if is_all else ", …"
    return f"pass `--recording NAME` with one of: {', '.join(names[:NAMED_CHOICES])}{rest}"
