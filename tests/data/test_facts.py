from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.data.facts import DEFINITIONS, Facts, axis_up, facts_of, intensity_word, strongest
from llasa_core.data.prepare import PrepareSettings, prepare
from llasa_core.data.store import WindowStore

if TYPE_CHECKING:
    from pathlib import Path

RATE_HZ = 20.0
GRAVITY = 9.80665


def gait(steps_a_minute: float, *, symmetry: float = 1.0, noise: float = 0.0, seconds: float = 6.0) -> np.ndarray:
    """Return an upright device that steps at a known cadence; every other step is `symmetry` times as strong."""
    times = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    step_hz = steps_a_minute / 60
    strength = np.where(np.floor(times * step_hz) % 2, symmetry, 1.0)
    samples = np.zeros((1, len(times), 6))
    samples[0, :, 1] = GRAVITY + 3 * strength * np.sin(2 * np.pi * step_hz * times)
    return samples + np.random.default_rng(0).normal(0, noise, samples.shape) if noise else samples


def rotated(windows: np.ndarray, seed: int) -> np.ndarray:
    """Return the windows of a device that was mounted another way round."""
    turn, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    turn *= np.linalg.det(turn)
    return np.concatenate([windows[:, :, :3] @ turn, windows[:, :, 3:] @ turn], axis=2)


def still(seconds: float = 6.0) -> np.ndarray:
    samples = np.zeros((1, int(seconds * RATE_HZ), 6))
    samples[:, :, 2] = GRAVITY
    return samples


@pytest.mark.parametrize("cadence", [70, 95, 113, 140, 175, 200])
@pytest.mark.parametrize("noise", [0.0, 0.4])
def test_cadence_of_a_known_gait(cadence: float, noise: float):
    facts = facts_of(gait(cadence, noise=noise), RATE_HZ)

    assert facts.cadence_spm[0] == pytest.approx(cadence, rel=0.02)
    assert facts.dominant_hz[0] == pytest.approx(cadence / 60, rel=0.04)
    assert facts.is_moving[0]


@pytest.mark.parametrize("seed", range(5))
def test_mounting_changes_no_rhythm_and_no_intensity(seed: int):
    before, after = facts_of(gait(110, noise=0.3), RATE_HZ), facts_of(rotated(gait(110, noise=0.3), seed), RATE_HZ)

    for name in ("cadence_spm", "intensity_mg", "periodicity", "symmetry", "peak_g", "posture_change_deg"):
        assert getattr(after, name) == pytest.approx(getattr(before, name), rel=1e-6)


def test_intensity_scales_with_the_motion():
    weak, strong = gait(110), gait(110)
    strong[:, :, 1] = GRAVITY + 2 * (weak[:, :, 1] - GRAVITY)

    assert facts_of(strong, RATE_HZ).intensity_mg == pytest.approx(2 * facts_of(weak, RATE_HZ).intensity_mg)
    assert facts_of(weak, RATE_HZ).intensity_mg[0] == pytest.approx(1000 * 3 * 2 / np.pi / GRAVITY, rel=0.02)


def test_uneven_steps_are_less_symmetric():
    even, uneven = facts_of(gait(100), RATE_HZ), facts_of(gait(100, symmetry=0.5), RATE_HZ)

    assert even.symmetry[0] > 0.95
    assert uneven.symmetry[0] < 0.9
    assert uneven.cadence_spm[0] == pytest.approx(100, rel=0.05)


def test_what_does_not_move_has_no_rhythm():
    facts = facts_of(still(), RATE_HZ)

    assert not facts.is_moving[0]
    assert intensity_word(facts.intensity_mg[0]) == "still"
    assert np.isnan([facts.cadence_spm[0], facts.dominant_hz[0], facts.symmetry[0]]).all()
    assert facts.posture_change_deg[0] == pytest.approx(0, abs=1e-3)


def test_noise_has_no_rhythm():
    noise = still() + np.random.default_rng(1).normal(0, 2, (1, 120, 6))

    assert np.isnan(facts_of(noise, RATE_HZ).cadence_spm[0])


def test_turning_about_the_vertical_is_a_change_of_heading():
    turning = still()
    turning[:, :, 5] = np.radians(15)  # 6 s at 15 °/s, anticlockwise
    tipping = still()
    tipping[:, :, 3] = np.radians(15)  # about a horizontal axis

    assert facts_of(turning, RATE_HZ).heading_deg[0] == pytest.approx(90)
    assert facts_of(turning, RATE_HZ).turning_dps[0] == pytest.approx(15)
    assert facts_of(tipping, RATE_HZ).heading_deg[0] == pytest.approx(0, abs=1e-9)
    assert facts_of(tipping, RATE_HZ).peak_turning_dps[0] == pytest.approx(15)


def test_a_device_that_is_laid_down_changes_its_posture():
    laid_down = still()
    laid_down[:, :60, :3] = (0, GRAVITY, 0)

    assert facts_of(laid_down, RATE_HZ).posture_change_deg[0] == pytest.approx(90)


def test_peaks_and_ranges():
    window = still()
    window[0, 50, :3] = (0, 3 * GRAVITY, 4 * GRAVITY)
    facts = facts_of(window, RATE_HZ)

    assert facts.peak_g[0] == pytest.approx(5)
    assert facts.peak_s[0] == 2.5
    assert (facts.low[0, 1], facts.high[0, 1]) == (0, 3 * GRAVITY)
    assert facts.mean[0, 2] == pytest.approx(GRAVITY * (119 + 4) / 120)


def test_a_window_that_begins_still_and_ends_moving():
    window = np.concatenate([still(3), gait(120, seconds=3)], axis=1)
    facts = facts_of(window, RATE_HZ)

    assert facts.first_half_mg[0] == pytest.approx(0, abs=1e-9)
    assert facts.second_half_mg[0] > 91


@pytest.mark.parametrize(
    ("up", "axis"), [((0, 0.96, -0.28), "+y"), ((0, 0, -1), "-z"), ((0.8, 0.6, 0), None), ((-1, 0, 0), "-x")]
)
def test_which_axis_points_up(up: tuple[float, ...], axis: str | None):
    assert axis_up(np.array(up)) == axis


def test_the_strongest_axis_is_clearly_the_strongest():
    assert strongest(np.array([1.0, 3.0, 2.0])) == "y"
    assert strongest(np.array([1.0, 3.0, 2.9])) is None


def test_windows_are_measured_apart():
    both = facts_of(np.concatenate([gait(110), still()]), RATE_HZ)

    assert len(both) == 2
    assert both.rows(slice(1, 2)).intensity_mg[0] == pytest.approx(0, abs=1e-9)
    assert both.rows(slice(0, 1)).cadence_spm == pytest.approx(facts_of(gait(110), RATE_HZ).cadence_spm)


def test_every_fact_is_defined():
    assert list(DEFINITIONS) == [field.name for field in dataclasses.fields(Facts)]


@pytest.mark.shared
def test_labels_and_facts_agree_on_hapt(shared: Path, tmp_path: Path):
    prepare([shared / "data" / "HAPT_RawData.zip"], tmp_path / "hapt", PrepareSettings(qa="none"))
    store = WindowStore(tmp_path / "hapt")
    facts = facts_of(store.take(store.rows()), store.sampling_rate_hz)
    activity = np.array(store.activity_names, object)[store.activity]
    is_posture = np.isin(activity, ["sitting", "standing", "lying"])

    assert facts.is_moving[~is_posture].all()
    assert facts.is_moving[is_posture].mean() < 0.03
    for name, usual in (("walking", 107), ("climbing stairs", 98), ("descending stairs", 106)):
        cadence = facts.cadence_spm[activity == name]
        assert np.isfinite(cadence).mean() > 0.8
        assert np.nanmedian(cadence) == pytest.approx(usual, abs=5)
    assert {axis_up(up) for up in facts.up[activity == "standing"]} == {"+x"}
