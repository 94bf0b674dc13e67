from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from llasa_core.data.prepare import PrepareSettings, prepare
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.windows import WindowConfig
from llasa_core.errors import DataError
from llasa_core.inspect.counts_figure import SPLIT_COLOURS
from llasa_core.inspect.data_folder import look_at_data
from llasa_core.inspect.figure import BAND_COLOURS, GAP_COLOUR
from llasa_core.inspect.recordings import look_at_recordings
from llasa_core.inspect.window import look_at_window

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TWENTY_S = np.arange(1000) / 50
WITH_GAP = np.concatenate([TWENTY_S, 30 + TWENTY_S[:500]])
LABELS = ["walking"] * 500 + ["sitting"] * 1000


def drawn(path: Path, png: Path, **options: object) -> np.ndarray:
    """Draw what is behind a path, and return the picture: [row, column, colour]."""
    look_at_recordings(path, ReadOptions(**options), WindowConfig()).draw(png)
    return imread(png)[:, :, :3]


def columns_of(picture: np.ndarray, colour: str) -> np.ndarray:
    """Return in which columns a colour is."""
    is_it = (np.abs(picture - to_rgb(colour)) < 0.01).all(axis=2)
    return np.flatnonzero(is_it.any(axis=0))


def label_strip(picture: np.ndarray) -> np.ndarray:
    """Return the row of pixels in the middle of the labels, as a picture."""
    return picture[int(0.89 * len(picture)), None]


def test_a_picture_is_1200_pixels_wide_and_the_same_again(tmp_path: Path, write_table: Callable[..., Path]):
    path = write_table(tmp_path / "walk.csv", TWENTY_S)
    drawn(path, tmp_path / "one.png")
    drawn(path, tmp_path / "two.png")

    content = (tmp_path / "one.png").read_bytes()
    assert struct.unpack(">I", content[16:20]) == (1200,)
    assert content == (tmp_path / "two.png").read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["one.png", "two.png", "walk.csv"]


def test_labels_are_bands_at_their_time(tmp_path: Path, write_table: Callable[..., Path]):
    path = write_table(tmp_path / "walk.csv", WITH_GAP, labels=LABELS)

    strip = label_strip(drawn(path, tmp_path / "figure.png", label_column="label"))

    walking, sitting = (columns_of(strip, colour) for colour in BAND_COLOURS[:2])
    second = len(walking) / 10  # pixels of one
    assert len(sitting) == pytest.approx(20 * second, rel=0.02)
    assert sitting[0] - walking[-1] < 3
    assert np.diff(sitting).max() == pytest.approx(10 * second, rel=0.03)  # the gap


def test_gaps_are_shaded_at_their_time(tmp_path: Path, write_table: Callable[..., Path]):
    labelled = write_table(tmp_path / "walk.csv", WITH_GAP, labels=LABELS)

    strip = label_strip(drawn(labelled, tmp_path / "figure.png", label_column="label"))

    shaded, sitting = columns_of(strip, GAP_COLOUR), columns_of(strip, BAND_COLOURS[1])
    hole = int(np.argmax(np.diff(sitting)))
    assert 0 <= shaded[0] - sitting[hole] < 9  # the hatching's lines have another colour
    assert 0 <= sitting[hole + 1] - shaded[-1] < 9


def test_without_gaps_nothing_is_shaded(tmp_path: Path, write_table: Callable[..., Path]):
    picture = drawn(write_table(tmp_path / "walk.csv", TWENTY_S), tmp_path / "figure.png")

    # edges of letters come in every grey, spots do not
    assert len(columns_of(picture[:100, :1000], GAP_COLOUR)) < 30


def test_without_a_gyroscope_there_is_one_panel(tmp_path: Path, write_table: Callable[..., Path]):
    both = drawn(write_table(tmp_path / "both.csv", TWENTY_S), tmp_path / "both.png")
    acc = drawn(write_table(tmp_path / "acc.csv", TWENTY_S, n_columns=3), tmp_path / "acc.png")

    assert acc.shape[0] < 0.7 * both.shape[0]


def test_names_in_any_script_are_drawn_without_a_warning(tmp_path: Path, write_table: Callable[..., Path]):
    picture = drawn(write_table(tmp_path / "步行 $x_1^2$.csv", TWENTY_S), tmp_path / "figure.png")

    assert len(columns_of(picture, "#ffffff")) > 0


def test_several_recordings_are_strips(tmp_path: Path, write_table: Callable[..., Path]):
    for name in "abcdefgh":
        write_table(tmp_path / "logs" / f"{name}.csv", TWENTY_S, begins_s=ord(name), labels=["walking"] * 1000)

    picture = drawn(tmp_path / "logs", tmp_path / "figure.png", label_column="label")

    assert picture.shape[1] == 1200
    is_band = (np.abs(picture - to_rgb(BAND_COLOURS[0])) < 0.01).all(axis=2).sum(axis=1) > 100
    assert (np.diff(is_band.astype(int)) == 1).sum() == 8  # bands below one another


def test_what_could_not_be_read_cannot_be_drawn(tmp_path: Path, write_table: Callable[..., Path]):
    path = write_table(tmp_path / "walk.csv", TWENTY_S)
    path.write_text("\n".join(line.partition(",")[2] for line in path.read_text().splitlines()))  # no clock

    with pytest.raises(DataError) as caught:
        drawn(path, tmp_path / "figure.png")
    assert str(caught.value) == (
        f"nothing could be read that could be drawn\n  where: {path}\n  fix:   leave out `--png`"
    )
    assert not (tmp_path / "figure.png").exists()


def test_a_window_and_a_data_folder_are_drawn(hapt_folder: Path, tmp_path: Path):
    prepare([hapt_folder], tmp_path / "data", PrepareSettings(qa="none"), workers=1)

    look_at_window(tmp_path / "data", "3").draw(tmp_path / "window.png")
    look_at_data(tmp_path / "data").draw(tmp_path / "counts.png")

    window, counts = (imread(tmp_path / name)[:, :, :3] for name in ("window.png", "counts.png"))
    assert all(len(columns_of(window, colour)) > 0 for colour in ("#1b1f24", "#ffffff"))
    bar = counts[int(0.25 * len(counts)), None, :1000]  # left of the legend
    train, test = (len(columns_of(bar, SPLIT_COLOURS[number])) for number in (0, 2))
    assert train == pytest.approx(test, rel=0.02)  # 3 windows each
    assert train > 300
