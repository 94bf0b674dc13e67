from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.errors import ModelError
from llasa_core.inspect.checkpoint import look_at_checkpoint
from llasa_core.model.calibration import CALIBRATION_FILE, Calibration, read_calibration, softmax, write_calibration
from llasa_core.model.checkpoint import read_checkpoint_config

if TYPE_CHECKING:
    from pathlib import Path

FITTED = Calibration(
    temperature=1.5,
    question="What is the person doing?",
    classes=("walking", "lying"),
    split="val",
    windows=472,
    people=4,
    data="hapt 0123456789ab",
    nll_before=0.2,
    nll_after=0.1,
)


@pytest.fixture
def folder(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """Return a checkpoint's folder that may be written to, weights left where they are."""
    for file in tiny_checkpoint.iterdir():
        (tmp_path / file.name).symlink_to(file)
    return tmp_path


def test_what_was_fitted_is_read_back_with_the_checkpoint(folder: Path):
    assert read_calibration(folder) is None
    assert read_checkpoint_config(folder).temperature(FITTED.question) == 1.0

    assert write_calibration(folder, FITTED)

    config = read_checkpoint_config(folder)
    assert config.calibration == FITTED
    assert config.temperature(FITTED.question) == 1.5
    assert config.temperature("What is this?") == 1.0  # another question was never fitted
    assert "calibration" not in config.as_dict()


def test_inspect_shows_it(folder: Path):
    write_calibration(folder, FITTED)

    found = look_at_checkpoint(folder)

    assert found.as_dict()["calibration"]["temperature"] == 1.5
    assert found.calibration == FITTED


def test_a_folder_that_may_not_be_written_to_stays_as_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("os.access", lambda *_args: False)

    assert not write_calibration(folder, FITTED)
    assert read_calibration(folder) is None


@pytest.mark.parametrize("damage", [{"temperature": -1.0}, {"temperature": None}, {"classes": 3}])
def test_a_damaged_file_is_an_error(folder: Path, damage: dict[str, object]):
    file = folder / CALIBRATION_FILE
    file.write_text(json.dumps({**FITTED.as_dict(), **damage}))

    with pytest.raises(ModelError) as error:
        read_calibration(folder)

    first, where, fix = str(error.value).splitlines()
    assert first.startswith("the checkpoint's calibration.json cannot be read: ")
    assert where == f"  where: {file}"
    assert fix == "  fix:   remove the file; `llasa eval` writes a new one"


def test_a_higher_temperature_makes_probabilities_flatter():
    scores = np.log([[0.8, 0.2]])

    assert softmax(scores) == pytest.approx(np.array([[0.8, 0.2]]))
    assert softmax(scores, 2.0)[0, 0] == pytest.approx(np.sqrt(0.8) / (np.sqrt(0.8) + np.sqrt(0.2)))
    assert softmax(np.array([-5000.0, -5001.0]))[0] == pytest.approx(1 / (1 + np.exp(-1)))
    assert replace(FITTED).as_dict()["classes"] == ["walking", "lying"]
