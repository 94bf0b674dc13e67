from __future__ import annotations

import numpy as np

from llasa_core.data.channels import STANDARD_GRAVITY
from llasa_core.evaluate.features import FEATURES, window_features


def walk() -> np.ndarray:
    """Return a window with two steps a second along gravity: [1, time, channel]."""
    window = np.zeros((1, 120, 6))
    window[0, :, 1] = STANDARD_GRAVITY + 3 * np.sin(2 * np.pi * 2 * np.arange(120) / 20)
    window[0, :, 3] = 0.5
    return window


def features(window: np.ndarray) -> dict[str, float]:
    return dict(zip(FEATURES, window_features(window, 20.0)[0].tolist(), strict=True))


def test_features_say_what_can_be_seen():
    found = features(walk())

    assert np.isclose(found["gravity y"], STANDARD_GRAVITY, rtol=1e-6)
    assert np.isclose(found["acc along gravity: quantile 1.0"], 3 * np.sin(0.4 * np.pi), rtol=1e-6)
    assert np.isclose(found["acc along gravity: std"], 3 / np.sqrt(2), rtol=1e-6)
    assert found["acc along gravity: peak Hz"] == 2.0
    assert np.isclose(found["acc along gravity: peak share"], 1.0, rtol=1e-6)
    assert found["acc across gravity: quantile 1.0"] < 1e-6
    assert np.isclose(found["gyr: mean"], 0.5, rtol=1e-6)
    assert found["gyr about gravity: mean"] == 0.0  # it turns about x, gravity is along y
    assert np.isclose(found["gyr across gravity: mean"], 0.5, rtol=1e-6)
    assert np.isclose(found["acc with acc along gravity"], 1.0, rtol=1e-6)


def test_turning_the_device_changes_the_direction_of_gravity_alone():
    rng = np.random.default_rng(0)
    window = walk() + rng.normal(0, 0.3, (1, 120, 6))
    rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    rotation *= np.linalg.det(rotation)  # a turn, not a mirror
    turned = np.concatenate([window[..., :3] @ rotation, window[..., 3:] @ rotation], axis=-1)

    before, after = window_features(window, 20.0), window_features(turned, 20.0)

    assert not np.allclose(before[:, :3], after[:, :3], atol=0.1)
    assert np.allclose(before[:, 3:], after[:, 3:], rtol=1e-4, atol=1e-4)


def test_a_still_window_gives_numbers():
    assert np.isfinite(window_features(np.zeros((2, 120, 6)), 20.0)).all()
