from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from llasa_core.errors import ModelError
from llasa_core.model.gravity import Gravity
from llasa_core.model.head import HEAD_FILE, Look, Space, View, WindowHead, Worn, read_head, save_head
from llasa_core.model.motion_features import n_features
from llasa_core.model.shipped import shipped
from llasa_core.model.statistics import window_statistics
from llasa_core.model.stretches import stretch_statistics
from llasa_core.model.tilt import Tilts

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("walking", "sitting", "lying")


TILTS = Tilts(np.radians([0, 90]).astype(np.float32), np.ones(2, np.float32), np.array([1, 2], np.int32))
"""People sit upright and lie level."""


def drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def space_of(n: int, centres: np.ndarray | None = None) -> Space:
    own = drawn(len(NAMES), n) if centres is None else centres
    return Space(np.zeros(n, np.float32), np.ones(n, np.float32), np.eye(n, dtype=np.float32), own)


def head_of() -> WindowHead:
    n_acc, n_all = n_features()
    gravity = Gravity(np.eye(3, dtype=np.float32), np.ones(3, np.float32), np.arange(3), np.arange(3))
    both, acceleration = View(space_of(n_all), 50.0, 3.0), View(space_of(n_acc), 50.0, 3.0)
    return WindowHead(both, acceleration, gravity, TILTS, NAMES, 0.7, sampling_rate_hz=20.0, window_s=6.0)


def test_stretches_are_what_the_projector_gets():
    windows = 3 * drawn(5, 120, 6)
    scaled = torch.from_numpy(windows.copy())
    scaled[..., :3] /= 9.8

    np.testing.assert_allclose(stretch_statistics(windows, 12), window_statistics(scaled, 12).numpy(), atol=2e-5)


def test_discriminants_are_the_log_odds_of_round_clouds():
    space = space_of(2, np.array([[1, 0], [-1, 0], [np.inf, np.inf]], np.float32))
    logits = space.logits(np.array([[0.5, 3.0]]))

    assert logits[0, 0] - logits[0, 1] == pytest.approx(((0.5 + 1) ** 2 - (0.5 - 1) ** 2) / 2)
    assert np.isneginf(logits[0, 2])  # a class without windows is never named


def test_the_nearest_class_is_one_that_somebody_did():
    space = space_of(2, np.array([[np.inf, np.inf], [3, 4], [9, 9]], np.float32))
    nearest, distance = space.nearest(np.zeros((1, 2)))

    assert nearest.tolist() == [1]
    assert distance.tolist() == [5.0]


def test_what_lies_far_off_is_no_more_unusual_than_four_deviations():
    assert space_of(2).whitened(np.array([[1e9, -1e9, 7.0]])).tolist() == [[4.0, -4.0]]


def test_probabilities_sum_to_one_whatever_is_asked_at_once():
    windows = drawn(5, 120, 6)
    windows[3, :, 3:] = 0  # no gyroscope: the other view
    log_p, distance = head_of().judge(windows)

    np.testing.assert_allclose(np.exp(log_p).sum(axis=1), 1, atol=1e-4)
    np.testing.assert_allclose(head_of().log_probabilities(windows[3:4])[0], log_p[3], atol=1e-5)
    assert (distance > 0).all()


def seen(*up: list[float]) -> Look:
    """Return windows in which motion says nothing, with gravity from these directions."""
    return Look(np.zeros((len(up), 3)), np.zeros(len(up)), np.array(up, np.float32))


def test_gravity_speaks_as_far_as_it_is_known_how_the_device_is_worn():
    x, y, z, new = [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, -1]  # people walk with x up, sit with y, lie with z
    log_p, is_mute = head_of().told(seen(y, new), Worn())
    assert log_p[0].argmax() == 1
    assert np.ptp(log_p[1]) == pytest.approx(0, abs=1e-6)
    assert not is_mute.any()

    log_p, is_mute = head_of().told(seen(y, new), Worn(is_as_learned=False))
    assert np.ptp(log_p, axis=1).tolist() == [0, 0]
    assert is_mute.all()

    log_p, is_mute = head_of().told(seen(x, y, z), Worn(upright=np.array([0.0, 0.0, -1.0])))
    assert [NAMES[one] for one in log_p[:2].argmax(axis=1)] == ["lying", "lying"]
    assert is_mute.tolist() == [False, False, True]  # nobody has stood on their head


def test_a_head_is_read_as_it_was_saved(tmp_path: Path):
    head = head_of()
    save_head(head, tmp_path)
    found = read_head(tmp_path)

    assert found is not None
    assert found.activities == head.activities
    np.testing.assert_array_equal(found.judge(drawn(2, 120, 6))[0], head.judge(drawn(2, 120, 6))[0])


def test_a_checkpoint_may_lack_a_head(tmp_path: Path):
    assert read_head(tmp_path) is None


OLD = save({"hidden": np.zeros(1, np.float32)}, {"head": '{"activities": ["walking"]}'})


@pytest.mark.parametrize("content", [b"", b"not a tensor file", b"\x10\x00\x00\x00\x00\x00\x00\x00{}", OLD])
def test_a_damaged_head_or_one_of_another_version_is_named(tmp_path: Path, content: bytes):
    (tmp_path / HEAD_FILE).write_bytes(content)

    with pytest.raises(ModelError, match=r"head\.safetensors cannot be read") as caught:
        read_head(tmp_path)
    assert caught.value.where == str(tmp_path / HEAD_FILE)


def test_windows_of_another_length_are_refused():
    with pytest.raises(ModelError, match="a window of 100 samples; this head was trained on 120"):
        head_of().judge(drawn(1, 100, 6))


def test_the_shipped_head_knows_the_checkpoints_activities_and_what_its_own_data_has_beside():
    folder = shipped("smol")
    assert folder is not None
    head = read_head(folder)

    assert head is not None
    assert head.activities[:-1] == ("walking", "climbing stairs", "descending stairs", "sitting", "standing", "lying")
    assert head.activities[-1] == "jogging"
    assert set(head.place_names) == {"waist", "front pocket"}
