from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.errors import ModelError
from llasa_core.model.adapted import (
    UP_WEIGHT,
    AdaptedHead,
    Prototypes,
    checkpoint_behind,
    is_adapted,
    read_adapted,
    read_any_head,
    save_adapted,
)
from llasa_core.model.gravity import Gravity
from llasa_core.model.head import AS_LEARNED, Space, View, WindowHead, Worn
from llasa_core.model.motion_features import Motion, n_features
from llasa_core.model.shipped import shipped
from llasa_core.model.tilt import Tilts

if TYPE_CHECKING:
    from pathlib import Path


def view(n: int, limit: float) -> View:
    """Return one whose features are taken as they are; walking lies at 0, biking was never seen."""
    centres = np.stack([np.zeros(n), np.full(n, np.inf)]).astype(np.float32)
    space = Space(np.zeros(n, np.float32), np.ones(n, np.float32), np.eye(n, dtype=np.float32), centres)
    return View(space, 1.0, limit)


def head() -> WindowHead:
    n_acc, n_all = n_features()
    gravity = Gravity(np.eye(3, dtype=np.float32)[2:], np.ones(1, np.float32), np.zeros(1, np.int32), np.zeros(2, int))
    tilts = Tilts(np.zeros(1, np.float32), np.ones(1, np.float32), np.zeros(1, np.int32))
    return WindowHead(view(n_all, 3.0), view(n_acc, 3.0), gravity, tilts, ("walking", "biking"), 0.7, 20.0, 6.0)


def prototypes(n: int) -> Prototypes:
    """Return shaking, whose first feature is 4, upright as walking is."""
    centre = np.zeros((1, n + 3))
    centre[0, 0], centre[0, -1] = 4.0, UP_WEIGHT
    return Prototypes(centre, np.eye(n + 3), farthest=2.0, allowance=np.zeros(1))


def adapted(*, keeps_old: bool = True) -> AdaptedHead:
    n_acc, n_all = n_features()
    return AdaptedHead(head(), prototypes(n_all), prototypes(n_acc), 1.0, ("shaking",), keeps_old, 0.7)


def at(first: float, *, has_gyr: bool = True) -> Motion:
    """Return a window whose first feature is this, all others 0, upright."""
    features = np.zeros((1, n_features()[1]), np.float32)
    features[0, 0] = first
    return Motion(features, np.eye(3, dtype=np.float32)[2:], np.array([has_gyr]))


@pytest.mark.parametrize("has_gyr", [True, False])
def test_half_way_between_an_old_and_a_new_activity_both_are_as_likely(*, has_gyr: bool):
    log_p, strangeness = adapted().judge_motion(at(2.0, has_gyr=has_gyr))

    assert adapted().activities == ("walking", "biking", "shaking")
    np.testing.assert_allclose(np.exp(log_p), [[0.5, 0, 0.5]], atol=1e-5)
    np.testing.assert_allclose(strangeness, [2 / 3])  # 2 from walking's centre, whose limit is 3


def test_a_squared_distance_halved_and_scaled_is_the_log_odds():
    log_p, _ = adapted().judge_motion(at(3.0))

    assert log_p[0, 2] - log_p[0, 0] == pytest.approx((3**2 - 1**2) / 2, abs=1e-5)


def test_without_the_old_ones_the_new_one_is_left():
    log_p, strangeness = adapted(keeps_old=False).judge_motion(at(0.0))

    assert log_p.tolist() == [[0.0]]
    assert strangeness.tolist() == [2.0]  # 4 from shaking, whose limit is 2


def test_an_allowance_is_taken_off_the_squared_distance():
    kind = replace(prototypes(n_features()[1]), allowance=np.array([4.0]))

    assert kind.squared(np.zeros((1, n_features()[1] + 3)))[0, 0] == 16 + UP_WEIGHT**2 - 4


def test_what_is_seen_can_be_told_again():
    motion = at(2.0)
    look = adapted().look(motion)

    np.testing.assert_allclose(adapted().told(look, AS_LEARNED)[0], adapted().judge_motion(motion)[0])
    assert look.strangeness == adapted().judge_motion(motion)[1]


def test_gravity_is_mute_only_far_from_all_prototypes():
    far, near = (adapted().look(at(first)) for first in (0.0, 4.0))  # shaking is at 4

    assert [adapted().told(look, Worn(is_as_learned=False))[1].tolist() for look in (far, near)] == [[True], [False]]


def test_a_posture_of_ones_own_is_told_by_where_gravity_comes_from():
    lying = replace(at(4.0), up=np.array([[1.0, 0, 0]], np.float32))

    assert adapted().measure(lying).to_prototypes[0, 0] == pytest.approx(2 * UP_WEIGHT**2)


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
