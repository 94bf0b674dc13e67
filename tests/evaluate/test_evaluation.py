from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.errors import DataError
from llasa_core.eval_settings import EvalConfig
from llasa_core.evaluate.evaluation import evaluate_closed_set
from llasa_core.model.checkpoint import CheckpointConfig
from llasa_core.model.config import EncoderConfig, ModelConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.data.store import WindowStore
    from llasa_core.model.collate import Sample

QUICK = EvalConfig(trees=20, bootstrap=200)


def checkpoint(
    activities: tuple[str, ...] = ("walking", "sitting", "lying"), sampling_rate_hz: float = 20.0
) -> CheckpointConfig:
    return CheckpointConfig(EncoderConfig(), ModelConfig(), None, {}, activities, sampling_rate_hz, 6.0)


def looks_at_gravity(samples: Sequence[Sample], choices: Sequence[str], _progress: Callable[[int], None]) -> np.ndarray:
    """Tell lying from the rest by where gravity points, and take all the rest for walking."""
    assert list(choices) == ["Walking.", "Sitting.", "Lying."]
    is_lying = np.array([sample.windows[0, :, 2].mean() > 5 for sample in samples])
    return np.where(is_lying[:, None], np.log([0.05, 0.05, 0.9]), np.log([0.8, 0.1, 0.1]))


def test_a_report_counts_what_was_named_rightly(make_data: Callable[..., WindowStore]):
    found = evaluate_closed_set(make_data(), checkpoint(), looks_at_gravity, QUICK, seed=7)

    assert found.confusion.tolist() == [[12, 0, 0], [12, 0, 0], [0, 0, 12]]
    assert found.ours.accuracy == pytest.approx(2 / 3)
    assert found.ours.macro_f1 == pytest.approx((2 / 3 + 0 + 1) / 3)
    assert found.ece == pytest.approx((12 * 0.1 + 24 * 0.3) / 36)
    assert (found.n_subjects, found.n_recordings, len(found.eval_set)) == (3, 3, 36)
    assert found.ours.accuracy_ci is not None
    assert found.ours.accuracy_ci.low < 2 / 3 < found.ours.accuracy_ci.high


def test_baselines_are_measured_on_the_same_windows(make_data: Callable[..., WindowStore]):
    found = evaluate_closed_set(make_data(), checkpoint(), looks_at_gravity, QUICK, seed=7)

    assert found.baselines["random_forest"].accuracy > 0.8
    assert found.baselines["majority"].accuracy == pytest.approx(1 / 3)
    assert (found.train_windows, found.train_subjects) == (4 * 12, 4)  # the validation person stays out
    intervals, baselines = found.notes
    assert intervals == (
        "95 % intervals over people: bootstrap-t over subjects on log-odds, never narrower than Student's t, "
        "200 resamples"
    )
    assert baselines == "baselines learned from the train split alone: 48 windows of 4 people"


def test_the_same_seed_gives_the_same_report(make_data: Callable[..., WindowStore]):
    store = make_data()
    config = QUICK.model_copy(update={"max_windows": 20})

    first, again = (evaluate_closed_set(store, checkpoint(), looks_at_gravity, config, seed=7) for _ in range(2))

    assert first.ours == again.ours
    assert first.baselines == again.baselines
    assert (first.eval_set.rows == again.eval_set.rows).all()


def test_one_person_gives_no_interval_and_that_is_said(make_data: Callable[..., WindowStore]):
    store = make_data(people={"train": ("made/01",), "test": ("made/02",)})

    found = evaluate_closed_set(store, checkpoint(), looks_at_gravity, QUICK, seed=7)

    assert found.ours.accuracy_ci is None
    assert found.baselines["random_forest"].accuracy_ci is None
    assert "no intervals: all windows are of one person, which says nothing about how people differ" in found.notes


def test_without_resamples_there_is_no_interval_and_that_is_said(make_data: Callable[..., WindowStore]):
    config = QUICK.model_copy(update={"bootstrap": 0})

    found = evaluate_closed_set(make_data(), checkpoint(), looks_at_gravity, config, seed=7)

    assert found.ours.accuracy_ci is None
    assert "no intervals: eval.bootstrap is 0" in found.notes


def test_without_training_people_there_are_no_baselines_and_that_is_said(make_data: Callable[..., WindowStore]):
    store = make_data(people={"test": ("made/01", "made/02")})

    found = evaluate_closed_set(store, checkpoint(), looks_at_gravity, QUICK, seed=7)

    assert found.baselines == {}
    assert "no baselines: the train split holds no window with a known activity" in found.notes


def test_measuring_the_training_people_is_marked(make_data: Callable[..., WindowStore]):
    config = QUICK.model_copy(update={"split": "train"})

    found = evaluate_closed_set(make_data(), checkpoint(), looks_at_gravity, config, seed=7)

    assert "these are the people that were learned from: nothing here says how well unseen people fare" in found.notes


def test_activities_that_were_never_trained_on_are_marked(make_data: Callable[..., WindowStore]):
    found = evaluate_closed_set(make_data(), checkpoint(("walking", "jogging")), looks_at_gravity, QUICK, seed=7)

    assert "the checkpoint was never trained on lying, sitting" in found.notes


def test_data_of_other_activities_is_an_error(make_data: Callable[..., WindowStore]):
    store = make_data()

    with pytest.raises(DataError) as error:
        evaluate_closed_set(store, checkpoint(("jogging", "biking")), looks_at_gravity, QUICK, seed=7)

    assert str(error.value) == (
        "the checkpoint has seen none of this data's activities: the data holds lying, sitting, walking; "
        "the checkpoint knows biking, jogging\n"
        f"  where: {store.folder}\n"
        "  fix:   finetune on data with these activities, or name them alike with `llasa prepare-data --label-map`"
    )


def test_windows_of_another_rate_are_an_error(make_data: Callable[..., WindowStore]):
    store = make_data()

    with pytest.raises(DataError) as error:
        evaluate_closed_set(store, checkpoint(sampling_rate_hz=50.0), looks_at_gravity, QUICK, seed=7)

    assert str(error.value) == (
        "the data holds windows of 6 s at 20 Hz, the checkpoint was trained on 6 s at 50 Hz\n"
        f"  where: {store.folder}\n"
        "  fix:   run `llasa prepare-data` again with `--window 6s --rate 50`"
    )
