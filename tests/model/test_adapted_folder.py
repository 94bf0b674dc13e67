from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.errors import ModelError
from llasa_core.model.adapted import (
    AdaptedHead,
    Prototypes,
    checkpoint_behind,
    is_adapted,
    read_adapted,
    read_any_head,
    save_adapted,
)
from llasa_core.model.head import HeadWeights, WindowHead, n_statistics
from llasa_core.model.shipped import shipped

if TYPE_CHECKING:
    from pathlib import Path

WIDTH = n_statistics()


def head() -> WindowHead:
    """Return a head of two features that knows walking, whose windows lie about 0, and nothing of biking."""
    weights = HeadWeights(
        shift=np.zeros(WIDTH, np.float32),
        scale=np.ones(WIDTH, np.float32),
        hidden=np.zeros((WIDTH, 1), np.float32),
        hidden_bias=np.zeros(1, np.float32),
        out=np.zeros((2, 2), np.float32),
        out_bias=np.array([0, -20], np.float32),
        centres=np.array([[0, 0], [np.inf, np.inf]], np.float32),
        whiten=np.eye(2, dtype=np.float32),
    )
    return WindowHead(weights, ("walking", "biking"), 12, 1.0, 0.7, 3.0, sampling_rate_hz=20.0, window_s=6.0)


def adapted(*, keeps_old: bool = True) -> AdaptedHead:
    """Return one that has learned shaking at (4, 0)."""
    prototypes = Prototypes(np.array([[4.0, 0.0]]), np.eye(2), scale=1.0, farthest=2.0)
    return AdaptedHead(head(), prototypes, ("shaking",), keeps_old, 0.7)


def test_half_way_between_an_old_and_a_new_activity_both_are_as_likely():
    log_p, strangeness = adapted().judge_seen(np.array([[2.0, 0.0]], np.float32))

    assert adapted().activities == ("walking", "biking", "shaking")
    np.testing.assert_allclose(np.exp(log_p), [[0.5, 0, 0.5]], atol=1e-5)
    np.testing.assert_allclose(strangeness, [2 / 3])  # 2 from walking's centre, whose limit is 3


def test_a_squared_distance_halved_and_scaled_is_the_log_odds():
    log_p, _ = adapted().judge_seen(np.array([[3.0, 0.0]], np.float32))

    assert log_p[0, 2] - log_p[0, 0] == pytest.approx((3**2 - 1**2) / 2, abs=1e-5)


def test_without_the_old_ones_the_new_one_is_left():
    log_p, strangeness = adapted(keeps_old=False).judge_seen(np.array([[0.0, 0.0]], np.float32))

    assert log_p.tolist() == [[0.0]]
    assert strangeness.tolist() == [2.0]  # 4 from shaking, whose limit is 2


def test_a_shipped_checkpoint_is_found_by_name_and_another_by_its_path(tmp_path: Path):
    smol = shipped("smol")
    assert smol is not None
    other = tmp_path / "checkpoint"
    other.mkdir()
    save_adapted(adapted(), smol, tmp_path / "one")
    save_adapted(adapted(), other, tmp_path / "two")

    assert json.loads((tmp_path / "one" / "adapted.json").read_text())["checkpoint"] == {"shipped": "smol"}
    assert checkpoint_behind(tmp_path / "one") == smol
    assert checkpoint_behind(tmp_path / "two") == other.resolve()
    assert checkpoint_behind(other) == other


def test_a_checkpoint_that_is_gone_is_named(tmp_path: Path):
    other = tmp_path / "checkpoint"
    other.mkdir()
    save_adapted(adapted(), other, tmp_path / "mine")
    other.rmdir()

    with pytest.raises(ModelError, match="the checkpoint behind this folder is gone") as caught:
        checkpoint_behind(tmp_path / "mine")
    assert caught.value.where == str(tmp_path / "mine" / "adapted.json")
    assert read_adapted(tmp_path / "mine") is not None  # a timeline needs no checkpoint


def test_no_lm_is_copied(tmp_path: Path):
    save_adapted(adapted(), tmp_path, tmp_path / "mine")
    files = sorted(file.relative_to(tmp_path / "mine").as_posix() for file in (tmp_path / "mine").rglob("*.*"))

    assert files == ["adapted.json", "adapted.safetensors", "base/head.safetensors"]


def test_another_folder_is_none(tmp_path: Path):
    assert not is_adapted(tmp_path)
    assert read_any_head(tmp_path) is None


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("adapted.json", "{", r"adapted\.json cannot be read: Expecting property name"),
        ("adapted.json", '{"schema": 9, "checkpoint": {}}', r"adapted\.json cannot be read: another version wrote it"),
        ("adapted.safetensors", "?", "the adapted folder cannot be read"),
        ("base/head.safetensors", "?", r"head\.safetensors cannot be read"),
    ],
)
def test_damage_is_named(tmp_path: Path, file: str, content: str, message: str):
    save_adapted(adapted(), tmp_path, tmp_path / "mine")
    (tmp_path / "mine" / file).write_text(content)

    with pytest.raises(ModelError, match=message):
        read_any_head(tmp_path / "mine")
