from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from llasa_core.model.motion_features import LARGEST, motion_of, n_features

HZ = 20.0


def walks(n_windows: int = 3) -> np.ndarray:
    """Return windows of steps with noise on all channels, upright about z."""
    random = np.random.default_rng(0)
    times = np.arange(120) / HZ
    windows = random.normal(0, 0.3, (n_windows, 120, 6))
    windows[..., 2] += 9.81 + 3 * np.sin(4 * np.pi * times) + np.sin(8 * np.pi * times)
    windows[..., 0] += 2 * np.sin(4 * np.pi * times + 1)
    windows[..., 3] += np.sin(2 * np.pi * times)
    return windows


def test_no_rotation_of_the_device_changes_a_feature():
    windows = walks()
    rotated = np.empty_like(windows)
    rotation = Rotation.random(random_state=0).as_matrix()
    for sensor in (slice(0, 3), slice(3, 6)):
        rotated[..., sensor] = windows[..., sensor] @ rotation.T
    before, after = motion_of(windows, HZ), motion_of(rotated, HZ)

    np.testing.assert_allclose(after.features, before.features, atol=2e-4)
    np.testing.assert_allclose(after.up, before.up @ rotation.T, atol=1e-6)


def test_features_of_acceleration_come_first_and_need_no_gyroscope():
    windows = walks()
    still = windows.copy()
    still[..., 3:] = 0
    n_acc, n_all = n_features()
    with_it, without = motion_of(windows, HZ), motion_of(still, HZ)

    assert with_it.features.shape == (3, n_all)
    np.testing.assert_array_equal(with_it.features[:, :n_acc], without.features[:, :n_acc])
    assert with_it.has_gyr.tolist() == [True] * 3
    assert without.has_gyr.tolist() == [False] * 3


def test_a_window_has_the_same_features_whatever_is_asked_at_once():
    windows = walks(1030)  # more than are computed at once

    np.testing.assert_allclose(motion_of(windows[1026:1028], HZ).features, motion_of(windows, HZ).features[1026:1028])


@pytest.mark.parametrize(
    "windows", [np.zeros((1, 120, 6)), np.full((1, 120, 6), 9.81), 1e5 * walks(1), walks(1)[:, :8]]
)
def test_what_no_sensor_says_gives_finite_features(windows: np.ndarray):
    features = motion_of(windows, HZ).features

    assert np.isfinite(features).all()
    assert np.abs(features).max() <= LARGEST


def test_no_windows_give_no_features():
    assert motion_of(np.empty((0, 120, 6)), HZ).features.shape == (0, n_features()[1])
