"""The example recordings are what examples/README.md says."""

from __future__ import annotations

import csv
import runpy
from pathlib import Path

import numpy as np
import pytest

from llasa_core.data.activities import ACTIVITIES
from llasa_core.data.channels import ACC
from llasa_core.data.quality import Quality
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.data.split import split_of
from llasa_core.data.windows import WindowConfig, windows_of

EXAMPLES = Path(__file__).parents[1] / "examples"
SECONDS = {"walking": 18, "stairs": 15, "lying": 18, "mix": 300}
ACTIVITY = {"walking": "walking", "stairs": "climbing stairs", "lying": "lying"}


@pytest.mark.parametrize("name", SECONDS)
def test_an_example_says_its_rate_and_units_itself(name: str):
    (recording,) = read_recordings(EXAMPLES / f"{name}.csv", ReadOptions())

    assert recording.sampling_rate_hz == pytest.approx(50)
    assert len(recording.samples) == SECONDS[name] * 50
    assert not recording.quality & (Quality.UNITS_DETECTED | Quality.GYRO_MISSING)
    gravity = np.linalg.norm(recording.samples[:, ACC].mean(axis=0))
    assert gravity == pytest.approx(9.8, abs=0.7) or name == "mix"  # whose postures turn it about
    windows = windows_of(recording, WindowConfig(stride_s=6))
    assert len(windows.windows) == SECONDS[name] // 6


def test_the_mixs_labels_are_in_order_and_inside_it():
    with (EXAMPLES / "mix-labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    edges = [float(row[edge]) for row in rows for edge in ("start", "end")]
    assert edges == sorted(edges)
    assert 0 <= edges[0] < edges[-1] <= SECONDS["mix"]
    assert {row["activity"] for row in rows} == set(ACTIVITIES[:6])


@pytest.mark.shared
def test_the_examples_are_cut_from_people_of_the_test_split(shared: Path):
    cuts = {cut.session: (name, cut) for name, cut in runpy.run_path(str(EXAMPLES / "make.py"))["CUTS"].items()}
    found = []
    for original in read_recordings(shared / "data" / "HAPT_RawData.zip", ReadOptions(format="hapt")):
        if original.session in cuts:
            name, cut = cuts[original.session]
            found.append(name)
            example = np.loadtxt(EXAMPLES / f"{name}.csv", delimiter=",", skiprows=1)
            expected = original.samples[cut.start_s * 50 :][: cut.length_s * 50]
            assert split_of(original.subject) == "test"
            assert name == "mix" or any(
                segment.activity == ACTIVITY[name]
                and segment.start <= cut.start_s * 50
                and segment.end >= (cut.start_s + cut.length_s) * 50
                for segment in original.segments
            )
            np.testing.assert_allclose(example[:, 1:], expected, rtol=0, atol=0.00051)

    assert sorted(found) == sorted(SECONDS)
