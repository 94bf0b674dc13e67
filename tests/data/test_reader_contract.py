"""What every reader promises, whatever the format: the motion that was recorded comes out, in our units."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples import SAMPLES
from samples.sample import motion

from llasa_core.data.readers import find_recordings, read_recordings

if TYPE_CHECKING:
    from pathlib import Path

    from samples.sample import Sample

    from llasa_core.data.recording import Recording

pytestmark = pytest.mark.parametrize("sample", SAMPLES, ids=str)


@pytest.fixture
def source(sample: Sample, tmp_path: Path) -> Path:
    """Return a folder of each format."""
    folder = tmp_path / "source"
    folder.mkdir()
    sample.write(folder)
    return folder


@pytest.fixture
def recordings(sample: Sample, source: Path) -> list[Recording]:
    """Return the recordings of each format."""
    return list(read_recordings(source, sample.options))


def test_its_content_tells_the_format(sample: Sample, source: Path):
    found = find_recordings(source, sample.options)

    assert {unread.format for unread in found.unread} == {sample.format}
    files = (file for unread in found.unread for file in unread.files if file.member is None)
    assert all(file.size == file.path.stat().st_size for file in files)


def test_the_motion_comes_out_in_si_units_with_gravity(sample: Sample, recordings: list[Recording]):
    for recording in recordings:
        n_samples = len(recording.samples)
        times = sample.begins_s + recording.start_s + np.arange(n_samples) / recording.sampling_rate_hz

        assert n_samples >= 10 * recording.sampling_rate_hz
        assert recording.samples.dtype == np.float64
        assert np.abs(recording.samples - motion(times)).max() <= sample.tolerance


def test_it_says_what_the_files_hold(sample: Sample, recordings: list[Recording]):
    for recording in recordings:
        origin = recording.origin

        assert origin is not None
        assert (origin.format, origin.acc_unit, origin.gyr_unit) == (sample.format, sample.acc_unit, sample.gyr_unit)
        assert (origin.acc_rate_hz, origin.gyr_rate_hz) == pytest.approx(sample.rates_hz, rel=0.01)
        assert origin.gravity == "included"
        assert origin.clock
        assert recording.notes
        assert all(recording.notes)


def test_it_says_who_and_where(sample: Sample, source: Path, recordings: list[Recording]):
    first = recordings[0]

    assert len(recordings) == sample.n_recordings
    assert first.subject == sample.subject.format(folder=source.name)
    assert first.subject.startswith(f"{first.dataset}/")
    assert first.placement == sample.placement
    assert len({(one.dataset, one.session) for one in recordings}) == len(recordings)


def test_it_says_what_was_done(sample: Sample, recordings: list[Recording]):
    assert tuple(segment.activity for segment in recordings[0].segments) == sample.activities
    for recording in recordings:
        edges = [edge for segment in recording.segments for edge in (segment.start, segment.end)]

        assert edges == sorted(edges)
        assert 0 <= edges[0] < edges[-1] <= len(recording.samples)


def test_reading_a_zip_of_it_gives_the_same(sample: Sample, source: Path, recordings: list[Recording]):
    archive = shutil.make_archive(str(source), "zip", source.parent, source.name)
    again = list(read_recordings(source.with_name("source.zip"), sample.options))

    assert archive.endswith("source.zip")
    assert [(one.subject, one.session, one.segments) for one in again] == [
        (one.subject, one.session, one.segments) for one in recordings
    ]
    assert all(np.array_equal(one.samples, other.samples) for one, other in zip(again, recordings, strict=True))
