"""GENEActiv: raw acceleration under a hundred lines, and epochs under the same."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from samples.devices import START, row_of, write_lines
from samples.sample import GRAVITY, motion

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

TIMES = np.arange(2000) / 100
LINES = {
    1: "Device Type,GENEActiv",
    2: "Device Model,1.1",
    3: "Device Unique Serial Code,012967",
    11: "Measurement Frequency,100 Hz",
    12: "Start Time,2024-05-29 23:59:55:000",
    14: "Device Location Code,left wrist",
    15: "Time Zone,GMT +01:00",
    21: "Subject Code,P07",
    78: "Units,deg. C",
    80: "Additional information,",
}
HEAD = "".join(f"{LINES.get(number, '')}\n" for number in range(1, 101))


def stamps(n_rows: int) -> list[str]:
    return [f"{START + timedelta(seconds=time):%Y-%m-%d %H:%M:%S:%f}"[:-3] for time in TIMES[:n_rows]]


def test_raw_acceleration_can_be_read_alone(tmp_path: Path):
    acc = motion(TIMES)[:, :3] / GRAVITY
    rows = [f"{stamp},{row_of(values, 4)},0,0,23.4" for stamp, values in zip(stamps(2000), acc, strict=True)]
    write_lines(tmp_path / "walk.csv", HEAD, rows)
    (recording,) = read_recordings(tmp_path, ReadOptions(allow_missing_gyro=True))

    assert (recording.dataset, recording.sampling_rate_hz) == ("geneactiv", 100)
    assert (recording.subject, recording.placement) == ("geneactiv/P07", "left wrist")
    assert np.abs(recording.samples[:, :3] - motion(TIMES)[:, :3]).max() < 0.01
    with pytest.raises(DataError, match="no gyroscope: the file holds acceleration only"):
        list(read_recordings(tmp_path, ReadOptions()))


def test_epochs_are_refused(tmp_path: Path):
    write_lines(
        tmp_path / "walk.csv", HEAD, [f"{stamp},0.1,0.2,0.9,0,0,23.4,12.5,0.1,0.1,0.1,3" for stamp in stamps(100)]
    )

    with pytest.raises(DataError) as raised:
        list(read_recordings(tmp_path, ReadOptions()))
    assert str(raised.value) == (
        "the file holds means over epochs, and no samples\n"
        f"  where: {tmp_path / 'walk.csv'}:101\n"
        "  fix:   export raw CSV from GENEActiv's PC software, and pass `--allow-missing gyro`: it has no gyroscope"
    )
