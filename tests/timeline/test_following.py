from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llasa_core.data.read_options import ReadOptions
from llasa_core.errors import DataError
from llasa_core.timeline.following import follow
from llasa_core.timeline.options import TimelineOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np

    from llasa_core.timeline.classifier import WindowClassifier

HEAD = "time (s),acc_x (m/s^2),acc_y (m/s^2),acc_z (m/s^2),gyr_x (rad/s),gyr_y (rad/s),gyr_z (rad/s)\n"


def lines_of(samples: np.ndarray, begins_s: float) -> str:
    rows = (",".join(f"{value:.4f}" for value in (begins_s + nth / 50, *row)) for nth, row in enumerate(samples))
    return "\n".join(rows) + "\n"


def test_a_growing_file_is_told_anew_as_far_as_it_was_written(
    tmp_path: Path, classifier: WindowClassifier, move: Callable[..., np.ndarray]
):
    file = tmp_path / "live.csv"
    file.write_text(HEAD)
    reasons: list[str] = []
    pauses: list[float] = []

    def write_more(pause: float) -> None:
        pauses.append(pause)
        if len(pauses) == 2:  # nothing new: it is not read again
            return
        with file.open("a") as out:
            out.write(lines_of(move(20, walks=True), 20 * (len(pauses) // 2)) + "40.0,0.1,0.")
        if len(pauses) > 2:
            text = file.read_text().replace("40.0,0.1,0.", "", 1)  # the half line was completed
            file.write_text(text)

    found = follow(
        file,
        ReadOptions(),
        classifier,
        TimelineOptions(),
        waiting=lambda error: reasons.append(error.message),
        sleep=write_more,
    )
    first, second = next(found), next(found)

    assert len(reasons) == 1
    assert min(pauses) >= 1.0
    assert first.end_s == pytest.approx(20.0)
    assert second.end_s == pytest.approx(40.0)
    assert second.file == file


def test_a_folder_cannot_be_watched(tmp_path: Path, classifier: WindowClassifier):
    with pytest.raises(DataError, match="there is no such file to watch"):
        next(follow(tmp_path, ReadOptions(), classifier, TimelineOptions()))
