"""PicoQuake: rate and units stand in comments, and counted samples tell what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from samples.devices import write_picoquake

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings

if TYPE_CHECKING:
    from pathlib import Path


def test_rate_and_units_are_those_of_the_comments(tmp_path: Path):
    write_picoquake(tmp_path)
    (recording,) = read_recordings(tmp_path, ReadOptions())
    said = "the line `# Config: data_rate = 200.0 Hz, filter = 42 Hz, acc_range = ` above the table says so"

    assert f"200 Hz, samples numbered by `count`: {said}" in recording.notes
    assert any(note.startswith("gyr in deg/s: the format (PicoQuake) says so") for note in recording.notes)


def test_samples_that_are_not_counted_are_a_gap(tmp_path: Path):
    write_picoquake(tmp_path)
    file = tmp_path / "walk.csv"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:1006] + lines[1106:]))
    before, after = read_recordings(tmp_path, ReadOptions())

    assert (len(before.samples), len(after.samples), after.start_s) == (1000, 2900, pytest.approx(5.5))


@pytest.mark.shared
def test_a_real_recording_is_read(shared: Path):
    (recording,) = read_recordings(shared / "data" / "loggers" / "picoquake", ReadOptions())
    origin = recording.origin

    assert origin is not None
    assert (origin.acc_unit, origin.gyr_unit, origin.acc_rate_hz) == ("g", "deg/s", 2000)
