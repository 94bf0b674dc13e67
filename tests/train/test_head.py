from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.data.store import WindowStore
from llasa_core.model.head import View, Worn, read_head, save_head
from llasa_core.timeline.wearing import worn_in
from llasa_core.train.head import (
    Lessons,
    add_head,
    fit_head,
    learn_gravity,
    learn_head,
    learn_space,
    learn_tilts,
    spliced,
    warped,
)

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.recipe_file import LoadedRecipe

NOBODY = Lessons(np.empty((0, 120, 6), np.float32), np.empty(0, np.int64), np.empty(0, np.int64))


@pytest.fixture(scope="module")
def lessons() -> Lessons:
    """Return 40 windows of four people who step along z or rest upright, half each."""
    random = np.random.default_rng(0)
    times = np.arange(120) / 20
    windows = random.normal(0, 0.1, (40, 120, 6)).astype(np.float32)
    windows[..., 2] += 9.81
    windows[:20, :, 2] += 3 * np.sin(4 * np.pi * times)
    return Lessons(windows, np.repeat([0, 1], 20), np.tile(np.arange(4), 10))


@pytest.fixture
def store(tiny: LoadedRecipe) -> WindowStore:
    return WindowStore(tiny.resolved.data.folder)


def known(store: WindowStore) -> tuple[str, ...]:
    return tuple(store.activity_names[i] for i in np.unique(store.activity) if i >= 0)


def test_the_same_seed_fits_the_same_head(store: WindowStore):
    one, report = fit_head(store, known(store), seed=3)
    other, _ = fit_head(store, known(store), seed=3)

    np.testing.assert_array_equal(one.both.space.whiten, other.both.space.whiten)
    assert one.both.temperature == other.both.temperature
    assert report.windows == len(store.rows("train"))


def test_data_of_its_own_teaches_activities_that_the_checkpoint_does_not_know(
    store: WindowStore, tiny_checkpoint: Path, tmp_path: Path
):
    folder = tmp_path / "checkpoint"
    shutil.copytree(tiny_checkpoint, folder)  # it knows walking, sitting and lying
    more = [name for name in known(store) if name not in {"walking", "sitting", "lying"}]
    assert more

    add_head(store, folder, seed=3)
    plain = read_head(folder)
    add_head(store, folder, seed=3, is_own_data=True)
    own = read_head(folder)

    assert plain is not None
    assert own is not None
    assert own.activities == (*plain.activities, *more)


def test_a_head_learns_its_training_windows(store: WindowStore):
    names = known(store)
    head, _ = fit_head(store, names, seed=3)
    rows = store.rows("train")
    truth = [names.index(store.activity_names[i]) for i in store.activity[rows]]

    assert (head.log_probabilities(store.take(rows)).argmax(axis=1) == truth).mean() > 0.9


def test_a_class_that_nobody_did_is_never_near(store: WindowStore):
    head, _ = fit_head(store, (*known(store), "biking"), seed=3)
    log_p, strangeness = head.judge(store.take(store.rows("val")))

    assert np.isinf(head.both.space.centres[-1]).all()
    assert np.isfinite(strangeness).all()
    assert log_p[:, -1].max() < np.log(1e-4)


@pytest.mark.parametrize("without_gyroscope", [False, True])
def test_a_turned_device_changes_nothing_about_motion(lessons: Lessons, *, without_gyroscope: bool):
    head, _ = learn_head(lessons, NOBODY, ("walking", "sitting"), 20.0, 6.0, seed=0)
    upside_down = lessons.windows * np.array([1, -1, -1, 1, -1, -1], np.float32)
    if without_gyroscope:
        upside_down[..., 3:] = 0

    assert (head.log_probabilities(upside_down).argmax(axis=1) == lessons.truth).all()


def test_windows_of_other_people_set_temperature_and_threshold(lessons: Lessons):
    wrong = replace(lessons, truth=np.where(np.arange(40) % 4 == 0, 1 - lessons.truth, lessons.truth))
    _, sure = learn_head(lessons, lessons, ("walking", "sitting"), 20.0, 6.0, seed=0)
    head, unsure = learn_head(lessons, wrong, ("walking", "sitting"), 20.0, 6.0, seed=0)

    assert unsure.val_accuracy == 0.75
    assert unsure.temperature > 5 * sure.temperature
    assert np.exp(head.log_probabilities(lessons.windows).max(axis=1)).mean() == pytest.approx(0.75, abs=0.1)


def test_a_class_has_a_centre_for_each_placement():
    random = np.random.default_rng(0)
    truth, placement = np.repeat([0, 1, 1, 0], 500), np.repeat([0, 0, 1, 1], 500)  # which no straight line parts
    features = random.normal(size=(2000, 1)) + np.repeat([0.0, 8.0, 16.0, 24.0], 500)[:, None]

    one, two = (View(learn_space(features[None], truth, 2, each), 1.0, 1.0) for each in (None, placement))

    assert two.space.centres.shape == (4, 1)
    right = [
        (view.votes(features, view.space.whitened(features), 2).argmax(axis=1) == truth).mean() for view in (one, two)
    ]
    assert right[0] < 0.8
    assert right[1] > 0.99


def test_sensors_worn_at_several_places_get_a_network_beside(lessons: Lessons):
    worn = replace(lessons, placement=np.tile([0, 0, 1, 1], 10))
    plain, head = (learn_head(one, one, ("walking", "sitting"), 20.0, 6.0, seed=0)[0] for one in (lessons, worn))

    assert plain.both.net is None
    assert head.both.net is not None
    assert head.acceleration.net is not None
    assert (head.log_probabilities(lessons.windows).argmax(axis=1) == lessons.truth).all()
    again, _ = learn_head(worn, worn, ("walking", "sitting"), 20.0, 6.0, seed=0)
    assert again.fingerprint == head.fingerprint != plain.fingerprint


def test_the_network_comes_back_from_its_file(lessons: Lessons, tmp_path: Path):
    worn = replace(lessons, placement=np.tile([0, 0, 1, 1], 10))
    head, _ = learn_head(worn, worn, ("walking", "sitting"), 20.0, 6.0, seed=0)
    save_head(head, tmp_path)

    found = read_head(tmp_path)

    assert found is not None
    assert found.fingerprint == head.fingerprint
    np.testing.assert_array_equal(found.log_probabilities(lessons.windows), head.log_probabilities(lessons.windows))


def test_within_a_class_the_space_is_round():
    random = np.random.default_rng(0)
    truth = np.repeat([0, 1], 2000)
    features = random.normal(size=(4000, 2)) @ np.array([[3.0, 0.5], [0.0, 1.0]]) + truth[:, None]
    space = learn_space(features[None], truth, n_classes=2)
    within = space.whitened(features) - space.centres[truth]

    np.testing.assert_allclose(np.cov(within.T), np.eye(2), atol=0.1)


def test_postures_have_directions_of_their_own_and_motion_has_one_for_all():
    up = np.eye(3, dtype=np.float32)[[0, 0, 1, 2]]
    found = learn_gravity(up, np.array([0, 1, 2, 3]), np.zeros(4), ("walking", "jogging", "sitting", "lying"))

    assert found.group_of.tolist() == [0, 0, 1, 2]
    assert found.group.tolist() == [0, 1, 2]
    np.testing.assert_allclose(found.directions, np.eye(3), atol=1e-6)


NAMES, GROUP_OF = ("walking", "standing", "lying"), np.array([0, 1, 2])


def test_tilts_are_from_how_the_same_person_stands_and_walks():
    up = np.eye(3)[[0, 0, 1, 1, 1, 2]]  # the second person wears it turned
    found = learn_tilts(up, np.array([0, 1, 2, 0, 1, 2]), np.array([0, 0, 0, 1, 1, 1]), NAMES, GROUP_OF)

    for group, degrees in ((0, 0), (1, 0), (2, 90)):
        np.testing.assert_allclose(np.degrees(found.angles[found.group == group]), degrees, atol=1e-4)
        assert found.weights[found.group == group].sum() == pytest.approx(1)


def test_who_turns_the_device_while_upright_teaches_no_tilts():
    up = np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0]])

    assert not len(learn_tilts(up, np.array([0, 0, 2]), np.zeros(3), NAMES, GROUP_OF))


def test_a_person_who_wears_it_two_ways_has_two_directions():
    up = np.repeat(np.eye(3, dtype=np.float32)[:2], [6, 2], axis=0)
    found = learn_gravity(up, np.zeros(8, np.int64), np.zeros(8), ("sitting",))

    np.testing.assert_allclose(found.weights, [0.75, 0.25])


def test_a_spliced_window_keeps_more_than_half_of_its_own():
    windows = np.arange(6.0)[:, None, None] * np.ones((6, 120, 6))
    own = (spliced(windows, np.random.default_rng(0))[..., 0] == np.arange(6)[:, None]).sum(axis=1)

    assert own.min() > 60
    assert own.min() < 120


def test_a_window_that_is_warped_shows_its_middle_faster():
    ramp = np.tile(np.arange(5.0)[None, :, None], (1, 1, 6))
    found = warped(ramp, np.array([1.5]))

    np.testing.assert_allclose(found[0, :, 0], [0, 0.5, 2, 3.5, 4])
    np.testing.assert_allclose(found[0, 2, 3], 3.0)  # an angular rate, half as much again


@pytest.fixture(scope="module")
def placed() -> Lessons:
    """Return windows from two places: at the second all steps are five times as strong, and people sit level."""
    random = np.random.default_rng(0)
    windows = random.normal(0, 0.1, (80, 120, 6)).astype(np.float32)
    truth, placement = np.tile(np.repeat([0, 1], 20), 2), np.repeat([0, 1], 40)
    level = (truth == 1) & (placement == 1)
    windows[~level, :, 2] += 9.81
    windows[level, :, 0] += 9.81
    steps = np.sin(4 * np.pi * np.arange(120) / 20) * np.where(placement == 1, 15, 3)[:, None]
    windows[truth == 0, :, 2] += steps[truth == 0]
    return Lessons(windows, truth, np.tile(np.arange(4), 20), placement, ("waist", "pocket"))


def test_what_was_learned_at_a_place_is_what_a_head_of_that_place_alone_has_learned(placed: Lessons):
    head, _ = learn_head(placed, placed, ("walking", "sitting"), 20.0, 6.0, seed=0)

    for number in range(2):
        own = placed.at(number)
        alone = Lessons(placed.windows[own], placed.truth[own], placed.subject[own])
        other, _ = learn_head(alone, alone, ("walking", "sitting"), 20.0, 6.0, seed=0)
        look, plain = (one.look(one.motion(alone.windows)) for one in (head, other))
        np.testing.assert_allclose(head.told(look, Worn(place=number))[0], other.told(plain)[0], atol=1e-6)
        np.testing.assert_allclose(look.strangeness_at(number), plain.strangeness)


def test_steps_tell_the_place_of_a_turned_device_and_its_own_tilts_then_tell_postures(placed: Lessons):
    head, _ = learn_head(placed, placed, ("walking", "sitting"), 20.0, 6.0, seed=0)
    turned = placed.windows[:, :, [1, 2, 0, 4, 5, 3]]  # as nobody wore it: upright is along y

    for number in range(2):
        look = head.look(head.motion(turned[placed.at(number)]))
        assert worn_in([look], head).place == number
        log_p, is_mute = head.told(look, Worn(upright=np.array([0.0, 1.0, 0.0]), place=number))
        assert (log_p.argmax(axis=1) == placed.truth[placed.at(number)]).all()
        assert not is_mute.any()
    _, is_mute = head.told(look, Worn(upright=np.array([0.0, 1.0, 0.0]), place=0))
    assert is_mute[placed.truth[placed.at(1)] == 1].all()  # at the waist nobody sits level


def test_places_come_back_from_their_file(placed: Lessons, tmp_path: Path):
    head, _ = learn_head(placed, placed, ("walking", "sitting"), 20.0, 6.0, seed=0)
    save_head(head, tmp_path)

    found = read_head(tmp_path)

    assert found is not None
    assert found.place_names == ("waist", "pocket")
    assert found.fingerprint == head.fingerprint
    look = head.look(head.motion(placed.windows))
    for number in (None, 0, 1):
        np.testing.assert_array_equal(found.told(look, Worn(place=number))[0], head.told(look, Worn(place=number))[0])


def test_windows_of_people_who_wore_it_elsewhere_belong_to_no_place(placed: Lessons):
    other = replace(placed, placement=np.full(80, -1))
    head, report = learn_head(placed, other, ("walking", "sitting"), 20.0, 6.0, seed=0)

    assert report.val_windows == 80
    assert len(head.places) == 2
