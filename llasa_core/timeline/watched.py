"""A recording as a classifier saw it: window by window, a part at a time, so that hours take little memory."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.channels import CHANNELS
from llasa_core.data.facts import facts_of
from llasa_core.data.recording import Segment
from llasa_core.data.windows import WindowConfig, is_too_short, windows_of
from llasa_core.errors import ModelError
from llasa_core.inspect.envelope import Envelope
from llasa_core.model.head import AS_LEARNED
from llasa_core.model.stretches import stretch_statistics
from llasa_core.timeline.classifier import HeadClassifier
from llasa_core.timeline.wearing import place_of, told_place, worn_in, worn_upright

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from llasa_core.data.recording import Recording
    from llasa_core.model.head import Look, Worn
    from llasa_core.timeline.classifier import WindowClassifier
    from llasa_core.timeline.options import TimelineOptions

MOMENT_S = 0.5
"""How exactly the end of an activity can be told."""
NO_GAP_STEPS = 0.5
"""A part that begins within so many samples of the end of the one before goes on with it."""


@dataclass(frozen=True)
class Stretch:
    """A stretch without a gap, on the recording's clock."""

    start_s: float
    end_s: float


@dataclass(frozen=True)
class Windows:
    """What was seen in windows, in order."""

    start_s: np.ndarray
    """float64 [window], on the recording's clock."""
    log_p: np.ndarray
    """float64 [window, activity]."""
    strangeness: np.ndarray
    """float64 [window]: above 1, unlike all training."""
    is_mute: np.ndarray
    """bool [window]: gravity says nothing of its posture, since nobody knows how the device is worn."""

    def __len__(self) -> int:
        return len(self.start_s)

    @classmethod
    def joined(cls, parts: list[Windows], n_activities: int) -> Windows:
        """Return the windows of all parts, one after the other."""
        nothing = Windows(np.empty(0), np.empty((0, n_activities)), np.empty(0), np.empty(0, bool))
        every = [nothing, *parts]
        return Windows(*(np.concatenate([getattr(part, one.name) for part in every]) for one in fields(cls)))


@dataclass(frozen=True)
class Moments:
    """The signal in short pieces side by side, in order: they tell where an activity ends."""

    start_s: np.ndarray
    """float64 [moment]."""
    length_s: float
    looks: np.ndarray
    """float32 [moment, 12]: mean and log standard deviation of each channel."""

    @classmethod
    def joined(cls, parts: list[Moments], length_s: float) -> Moments:
        """Return the moments of all parts, one after the other."""
        nothing = cls(np.empty(0), length_s, np.empty((0, 2 * len(CHANNELS)), np.float32))
        every = [nothing, *parts]
        return cls(
            np.concatenate([part.start_s for part in every]), length_s, np.concatenate([part.looks for part in every])
        )


@dataclass(frozen=True)
class Watched:
    """A whole recording."""

    name: str
    file: Path
    subject: str
    since_1970_s: float | None
    """When its clock was 0, in seconds since 1970 (UTC)."""
    stretches: tuple[Stretch, ...]
    """Between gaps, at least one."""
    windows: Windows
    """One every `stride_s`."""
    worn: Worn
    """How the device is."""
    moments: Moments
    intensity_mg: np.ndarray
    """float64 [window]."""
    cadence_spm: np.ndarray
    """float64 [window]; NaN where there are no steps."""
    window_s: float
    envelope: Envelope
    notes: tuple[str, ...]


class Watch:
    """Takes the parts of one recording, and keeps of each what a timeline needs: some 500 bytes a second."""

    def __init__(self, classifier: WindowClassifier, options: TimelineOptions) -> None:
        self._classifier = classifier
        stride_s = options.stride_s or classifier.stride_s
        self._config = WindowConfig(
            sampling_rate_hz=classifier.sampling_rate_hz,
            window_s=classifier.window_s,
            stride_s=stride_s,
            allow_upsample=options.allow_upsample,
        )
        length_s = max(2, round(MOMENT_S * classifier.sampling_rate_hz)) / classifier.sampling_rate_hz
        self._moment = self._config.model_copy(update={"window_s": length_s, "stride_s": length_s})
        self._first: Recording | None = None
        self._stretches: list[Stretch] = []
        self._options = options
        self._looks: list[tuple[np.ndarray, Look]] = []
        self._windows: list[Windows] = []
        self._moments: list[Moments] = []
        self._intensity: list[np.ndarray] = [np.empty(0)]
        self._cadence: list[np.ndarray] = [np.empty(0)]
        self._notes: dict[str, None] = {}
        self._envelope: Envelope | None = None

    def takes(self, part: Recording) -> bool:
        """Return whether a part belongs to the same recording as those before."""
        first = self._first
        if first is None:
            return True
        is_same = (part.file, part.subject, part.placement) == (first.file, first.subject, first.placement)
        return is_same and part.start_s >= self._stretches[-1].end_s - 1 / part.sampling_rate_hz

    def add(self, part: Recording) -> None:
        """Take the next part.

        Raises:
            DataError: its rate is below the windows' and that is not allowed.
        """
        self._first = self._first or replace(part, samples=part.samples[:0].copy())  # a view would hold all of it
        end_s = part.start_s + len(part.samples) / part.sampling_rate_hz
        if self._stretches and part.start_s - self._stretches[-1].end_s <= NO_GAP_STEPS / part.sampling_rate_hz:
            self._stretches[-1] = Stretch(self._stretches[-1].start_s, end_s)
        else:
            self._stretches.append(Stretch(part.start_s, end_s))
        self._envelope = self._envelope or Envelope(part.start_s, part.sampling_rate_hz)
        self._envelope.add(part.samples, part.start_s, part.sampling_rate_hz)
        self._notes |= dict.fromkeys(part.notes)
        if not is_too_short(part, self._config):
            self._judge(part)

    def _judge(self, part: Recording) -> None:
        unlabelled = replace(part, segments=(Segment(0, len(part.samples), None),))
        cut = windows_of(unlabelled, self._config)
        start_s = part.start_s + cut.start_s
        if isinstance(self._classifier, HeadClassifier):  # how the device is worn may be known at the end only
            self._looks.append((start_s, self._classifier.look(cut.windows)))
        else:
            self._windows.append(Windows(start_s, *self._classifier.judge(cut.windows), np.zeros(len(start_s), bool)))
        facts = facts_of(cut.windows, self._config.sampling_rate_hz)
        self._intensity.append(facts.intensity_mg)
        self._cadence.append(facts.cadence_spm)
        close = windows_of(unlabelled, self._moment)
        looks = stretch_statistics(close.windows, 1)[:, 0, : 2 * len(CHANNELS)]
        self._moments.append(Moments(part.start_s + close.start_s, self._moment.window_s, looks))

    def result(self) -> Watched:
        """Return the whole recording, of which at least one part was taken.

        Raises:
            UsageError: `placement` names a place that the head has not learned.
            DataError: `upright` names seconds that tell nothing.
            ModelError: `upright` is set, and the classifier has learned nothing that it could tell.
        """
        first = self._first
        assert first is not None  # noqa: S101 - see above
        assert self._envelope is not None  # noqa: S101 - likewise
        n_activities = len(self._classifier.activities)
        moments = Moments.joined(self._moments, self._moment.window_s)
        worn = self._worn(moments, first.file)
        return Watched(
            name=first.session,
            file=first.file,
            subject=first.subject,
            since_1970_s=None if first.since_1970_s is None else first.since_1970_s - first.start_s,
            stretches=tuple(self._stretches),
            windows=Windows.joined([*self._windows, *self._told(worn)], n_activities),
            worn=worn,
            moments=moments,
            intensity_mg=np.concatenate(self._intensity),
            cadence_spm=np.concatenate(self._cadence),
            window_s=self._config.window_s,
            envelope=self._envelope,
            notes=tuple(self._notes),
        )

    def _worn(self, moments: Moments, file: Path) -> Worn:
        spans, name = self._options.upright, self._options.placement
        head = self._classifier.trained if isinstance(self._classifier, HeadClassifier) else None
        told = None if name is None else told_place(name, head)
        if head is None:
            if spans:
                raise ModelError(
                    "upright seconds are of use to a light head only, and this checkpoint has none",
                    fix="leave out `--upright`; or let `llasa finetune` add a head to the finished run",
                )
            return AS_LEARNED
        if spans:
            place = place_of(self._every_look(), head) if told is None else told
            if not len(head.at(place).tilts):
                raise ModelError(
                    "this checkpoint has learned nobody who stands or walks: upright seconds tell it nothing",
                    fix="leave out `--upright`",
                )
            return replace(worn_upright(moments, spans, file), place=place)
        return worn_in(self._every_look(), head, told)

    def _every_look(self) -> list[Look]:
        return [look for _, look in self._looks]

    def _told(self, worn: Worn) -> Iterator[Windows]:
        for start_s, look in self._looks:
            assert isinstance(self._classifier, HeadClassifier)  # noqa: S101 - nobody else looks
            log_p, is_mute = self._classifier.told(look, worn)
            yield Windows(start_s, log_p, look.strangeness_at(worn.place), is_mute)
