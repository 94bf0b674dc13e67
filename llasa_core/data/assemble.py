"""From samples with times to `Recording`s: what every reader of stamped samples shares."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llasa_core.data.clock import Clock
from llasa_core.data.labels import segments_of
from llasa_core.data.quality import NOTHING_TO_SAY, Quality
from llasa_core.data.recording import Origin, Recording
from llasa_core.data.timeline import Timeline
from llasa_core.data.tracks import Joined, Track, on_one_clock, without_gyroscope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from llasa_core.data.channels import AccUnit, GyrUnit
    from llasa_core.data.labels import Meaning
    from llasa_core.data.timeline import Samples, Stretch
    from llasa_core.errors import Place


@dataclass(frozen=True)
class About:
    """What is known of a recording besides its samples; the fields are those of `Recording`."""

    file: Path
    dataset: str
    session: str
    subject: str
    """In full, as in `hapt/01`, where rows name nobody."""
    origin: Origin
    placement: str = "unknown"
    notes: tuple[str, ...] = ()
    quality: Quality = NOTHING_TO_SAY
    since_1970_s: float | None = None
    """When the clock of the samples was 0."""


@dataclass(frozen=True)
class Words:
    """What the numbers in `Samples.codes` stand for; readers may still add to them while samples are read."""

    meanings: Sequence[Meaning] = (None,)
    subjects: Sequence[str | None] = (None,)
    """Names without their dataset; None is whoever `About.subject` says."""


def recordings_of_tracks(
    about: About,
    acc: Track,
    gyr: Track | None,
    where: Place,
    *,
    meanings: Sequence[Meaning] = (None,),
    left_out: Sequence[tuple[str, int]] = (),
) -> Iterator[Recording]:
    """Yield the recordings in two tracks that are in memory: one, or several where there are gaps.

    Args:
        about: `origin`'s rates are measured here and may be 0; so is, at 0, `since_1970_s`.
        acc: in m/s², with labels in its codes.
        gyr: in rad/s; None leaves the angular rate zero and flags it.
        where: for messages.
        meanings: what the labels' numbers stand for.
        left_out: (reason, samples) that the reader left out before.

    Raises:
        DataError: the tracks have no time in common, or no second without a gap.
    """
    joined = without_gyroscope(acc, where) if gyr is None else on_one_clock(acc, gyr, where)
    if gyr is None:
        about = replace(about, quality=about.quality | Quality.GYRO_MISSING)
    yield from recordings_of_joined(about, joined, where, Words(meanings), left_out)


def recordings_of_joined(
    about: About, joined: Joined, where: Place, words: Words, left_out: Sequence[tuple[str, int]] = ()
) -> Iterator[Recording]:
    """Yield the recordings in samples that are joined already and in our units; see `recordings_of_tracks`."""
    first_s = float(joined.samples.time[0])
    samples = replace(joined.samples, time=joined.samples.time - first_s)
    acc_hz, gyr_hz = joined.rates_hz
    origin = replace(about.origin, acc_rate_hz=acc_hz, gyr_rate_hz=gyr_hz or None)
    since = None if about.since_1970_s is None else about.since_1970_s + first_s
    about = replace(about, origin=origin, since_1970_s=since, notes=(*about.notes, *joined.notes))
    clock = Clock(1.0, joined.rate_hz, joined.resolution_s, "")
    counts = {
        "value missing or beyond all sensors": joined.n_missing,
        "repeats the time and values of another row": joined.n_repeated,
        "only one of the two sensors was on": joined.n_alone,
    }
    left_out = (*left_out, *((reason, count) for reason, count in counts.items() if count))
    yield from recordings_of(about, [samples], Timeline(clock, where), words, lambda: (dict(left_out), ()))


def recordings_of(
    about: About,
    blocks: Iterable[Samples],
    timeline: Timeline,
    words: Words,
    lost_before: Callable[[], tuple[dict[str, int], tuple[str, ...]]],
) -> Iterator[Recording]:
    """Yield the recordings in a stream of samples: one, or several where it has gaps or subjects, or is very long.

    Nothing is yielded where nothing is long enough; `timeline` then tells what was left out.

    Args:
        about: what holds for all of them.
        blocks: samples in our units, times in seconds from the first one.
        timeline: what sorts and splits them.
        words: what the numbers of labels and subjects stand for.
        lost_before: called after each stretch: how many samples were left out so far for each reason, before the
            timeline saw them, and what was mended since the last call.
    """
    held: Recording | None = None
    counted: dict[str, int] = {}
    for number, stretch in enumerate(timeline.stretches(blocks), start=1):
        if held is not None:
            yield _with_counts(held, timeline, counted, *lost_before())
        held = _recording(stretch, number, about, words)
    if held is not None:  # one is held back, so that the last can tell what was left out after it
        yield _with_counts(held, timeline, counted, *lost_before())


def _recording(stretch: Stretch, number: int, about: About, words: Words) -> Recording:
    segments, dropped = segments_of(stretch.labels, words.meanings)
    name = words.subjects[stretch.subject]
    return Recording(
        file=about.file,
        dataset=about.dataset,
        subject=f"{about.dataset}/{name.replace('/', '-')}" if name else about.subject,
        session=about.session if number == 1 else f"{about.session}.{number}",
        sampling_rate_hz=stretch.rate_hz,
        samples=stretch.values,
        segments=segments,
        placement=about.placement,
        notes=(*about.notes, *stretch.notes),
        left_out=dropped,
        quality=about.quality,
        bridged=stretch.bridged,
        start_s=stretch.start_s,
        since_1970_s=None if about.since_1970_s is None else about.since_1970_s + stretch.start_s,
        origin=about.origin,
    )


def _with_counts(
    recording: Recording,
    timeline: Timeline,
    counted: dict[str, int],
    lost_before: dict[str, int],
    mended: tuple[str, ...],
) -> Recording:
    """Return the recording with what was left out since the one before."""
    missing = "value missing or beyond all sensors"
    repeated = "repeats the time and values of another row"
    now = {
        **lost_before,
        missing: lost_before.get(missing, 0) + timeline.n_missing,
        repeated: lost_before.get(repeated, 0) + timeline.n_repeated,
        "less than a second between gaps": timeline.n_short,
    }
    left_out = tuple((reason, count - counted.get(reason, 0)) for reason, count in now.items())
    counted.update(now)
    return replace(
        recording,
        left_out=(*recording.left_out, *(part for part in left_out if part[1])),
        notes=(*recording.notes, *mended),
        islands=timeline.take_islands(),
    )


def origin_of(
    file_format: str, acc_unit: AccUnit, gyr_unit: GyrUnit | None, clock: str, rate_hz: float = 0.0
) -> Origin:
    """Return an `Origin` with gravity; one rate for both sensors, or 0 where it is still to be measured."""
    return Origin(file_format, acc_unit, gyr_unit, rate_hz, rate_hz if gyr_unit else None, clock)
