"""Real exports: what an inspection says of each is what is known of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import pytest

from llasa_cli.app import main

if TYPE_CHECKING:
    from pathlib import Path


class Known(NamedTuple):
    """What is known of the first recording in a folder of exports."""

    folder: str
    format: str
    units: tuple[str | None, str | None]
    gravity: str | None
    rates_hz: tuple[float | None, float | None]
    exit_code: int
    reason: str = ""
    """A piece of the error."""
    n_recordings: int = 1
    n_gaps: int = 0


NOT_READ = ((None, None), None, (None, None))
EXPORTS = (
    Known("androsensor", "androsensor", ("m/s^2", "rad/s"), "included", (2, 2), 2, "2 Hz, windows need 20 Hz", 1, 4),
    Known("arduino_nano33ble", "csv", *NOT_READ, 2, "no time column, and no sampling rate", 2),
    Known(
        "barbell_metamotion",
        "metawear",
        ("g", "deg/s"),
        "included",
        (12.5, 25),
        2,
        "the recording has 12.5 Hz, windows need 20 Hz",
        96,
    ),
    Known("empatica_e4_ppg_hr", "empatica", ("g", None), "included", (32, None), 2, "no gyroscope"),
    Known("ggirread_cwa_ax6", "actigraph", *NOT_READ, 2, "it is a recording of an Axivity (.cwa)", 4),
    Known("hhar_sample", "hhar", ("m/s^2", "rad/s"), "included", (199, 199), 2, "lasts 5.0 s, one window", 1, 8),
    Known("imucollector_android", "csv", ("m/s^2", "rad/s"), "included", (110, 110), 2, "one window needs 6 s", 1, 2),
    Known("matlab_mobile_john", "binary", *NOT_READ, 2, "it is a MATLAB file that holds timetables", 2),
    Known("mbientlab_acc_only", "metawear", ("g", None), "included", (100, None), 2, "no gyroscope"),
    Known("mhealth_sample", "mhealth", ("m/s^2", "deg/s"), "included", (50, 50), 2, "lasts 0.7 s", 4),
    Known("nilspod_imucal", "csv", *NOT_READ, 2, "in raw steps of the sensor", 2),
    Known("phyphox_ios_comma", "phyphox", ("m/s^2", "rad/s"), "included", (49.73, 49.73), 0, "", 2),
    Known("phyphox_lynn_edited", "csv", *NOT_READ, 2, "`timestamps` were rounded to 3 digits"),
    Known("physics_toolbox", "physics-toolbox", ("g", "rad/s"), "included", (44, 44), 0, "", 3),
    Known("picoquake", "csv", ("g", "deg/s"), "included", (2000, 2000), 2, "lasts 5.0 s, one window needs 6 s"),
    Known("sensorlogger_benny", "sensor-logger", ("m/s^2", "rad/s"), "removed", (99.7, 99.7), 2, "has no gravity"),
    Known(
        "sensorlogger_nmkoval",
        "sensor-logger",
        ("m/s^2", "rad/s"),
        "included",
        (16.67, 25),
        2,
        "the recording has 16.67 Hz, windows need 20 Hz",
        3,
    ),
    Known("sensorlogger_uncalibrated", "sensor-logger", ("m/s^2", None), "included", (100, None), 2, "no gyroscope"),
    Known("xio_fusion", "x-io", ("g", "deg/s"), "included", (99.8, 99.8), 0),
)


@pytest.mark.shared
@pytest.mark.parametrize("known", EXPORTS, ids=lambda known: known.folder)
def test_an_export_is_named_rightly(known: Known, shared: Path, capsys: pytest.CaptureFixture[str]):
    exit_code = main(["inspect", str(shared / "data" / "loggers" / known.folder), "--json"])

    captured = capsys.readouterr()
    shown = json.loads(captured.out)
    recordings = shown.get("recordings", [shown])
    first = recordings[0]
    assert exit_code == known.exit_code
    assert len(recordings) == known.n_recordings
    assert (first["format"], first["acc_unit"], first["gyr_unit"]) == (known.format, *known.units)
    assert first["gravity"] == known.gravity
    assert len(first["gaps"]) == known.n_gaps
    for rate_hz, expected_hz in zip(first["rate_hz"].values(), known.rates_hz, strict=True):
        assert rate_hz == (None if expected_hz is None else pytest.approx(expected_hz, rel=0.02))
    assert known.reason in captured.err
    assert bool(captured.err) == bool(exit_code)


@pytest.mark.shared
def test_the_long_gap_of_a_recording_is_found(shared: Path, capsys: pytest.CaptureFixture[str]):
    main(["inspect", str(shared / "data" / "loggers" / "imucollector_android"), "--json"])

    first, second = json.loads(capsys.readouterr().out)["gaps"]  # less than a second of samples between them
    assert first["end_s"] - first["start_s"] == pytest.approx(70.9, abs=0.1)
    assert second["end_s"] - second["start_s"] == pytest.approx(3.6, abs=0.1)
