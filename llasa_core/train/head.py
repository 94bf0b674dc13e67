"""The light head of a checkpoint: learned in seconds on the CPU from the training people's windows, in closed form."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.activity_words import same_kind
from llasa_core.data.channels import GYR
from llasa_core.data.slowing import slowed
from llasa_core.model.gravity import Gravity
from llasa_core.model.head import FURTHEST_SCALED, Learned, Space, View, WindowHead, class_votes, save_head
from llasa_core.model.motion_features import motion_of, n_features
from llasa_core.model.sureness import UNFITTED_THRESHOLD, fit_temperature, fit_threshold
from llasa_core.model.tilt import Tilts, common_direction
from llasa_core.train.head_net import learn_net

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from llasa_core.data.store import WindowStore
    from llasa_core.model.motion_features import Motion

SHRINKAGE = 0.05
"""Of the covariance, to its diagonal. Of 0.03, 0.1 and 0.3 the smaller two named people better who were not learned
from, the larger two the other dataset, by less than a point each (docs/experiments.md)."""
RIDGE = 1e-3
"""Added to the variances of features that were scaled to 1."""
SLOWER_HZ = (12.5, 10.0, 5.0)
"""Every window is also learned as if it had been recorded at these rates: what a rate changes then counts little."""
WARP = 0.15
"""And as if everything had been done up to so much faster or slower."""
MOST_WINDOWS = 20_000
"""Evenly spaced ones of more: a covariance needs no more."""
UNFITTED_TEMPERATURE = 2.0
"""Where there are no validation people; about what HAPT's and MotionSense's ask for."""
NEAR_SHARE = 0.99
"""Of the validation windows, that count as like the training's."""
CONE_DEG = 25.0
"""Directions of gravity that are no further from their mean are one way to wear a device."""
RARE = 0.15
"""Of a person's windows; a way to wear it that is rarer is left out."""
MOST_DIRECTIONS = 256
"""Of a group of activities."""
A_POSTURE = "sitting"
UPRIGHT = ("standing", "walking")
"""Whoever does so has gravity along their body; which of them tells it, timelines choose."""
TILTS_AT = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Quantiles of a person's tilts that stand for all of them, in each group of activities."""


@dataclass(frozen=True)
class HeadReport:
    """How a head came out."""

    windows: int
    """It learned from."""
    val_windows: int
    val_accuracy: float | None
    """None where there are no validation people."""
    temperature: float
    threshold: float


@dataclass(frozen=True)
class Lessons:
    """Windows of known activity."""

    windows: np.ndarray
    """[window, time, channel] as they are stored."""
    truth: np.ndarray
    """int64 [window]: class numbers."""
    subject: np.ndarray
    """[window]: who."""
    placement: np.ndarray | None = None
    """int64 [window]: number of the place that the sensor was worn at, from 0 on; -1 for one that is not learned from.
    None where all were worn alike."""
    places: tuple[str, ...] = ()
    """Their names."""

    def __len__(self) -> int:
        return len(self.windows)

    def at(self, number: int) -> np.ndarray:
        """Return whether each window is of a place, bool [window]."""
        return np.zeros(len(self), bool) if self.placement is None else self.placement == number


def add_head(store: WindowStore, checkpoint: Path, seed: int, *, is_own_data: bool = False) -> HeadReport | None:
    """Fit a head on what a checkpoint was trained on, or on data of its own, and write it into the folder.

    Args:
        store: the data folder, its people parted as they were for the checkpoint.
        checkpoint: its folder.
        seed: the same seed gives the same head.
        is_own_data: True where the LM has not learned from it: activities that the checkpoint does not know are
            learned, behind those that it does.

    Returns:
        How it came out; None where nobody who is trained on did any of the checkpoint's activities: it gets no head.

    Raises:
        DataError: the data folder is damaged.
        ModelError: the checkpoint is.
        RunError: the disk is full.
    """
    from llasa_core.model.checkpoint import read_checkpoint_config  # noqa: PLC0415 - torch, which a head needs not

    done = set(store.activity[store.rows("train")].tolist())
    present = {name for number, name in enumerate(store.activity_names) if number in done}
    known = read_checkpoint_config(checkpoint).activities
    more = tuple(name for name in store.activity_names if name not in known) if is_own_data else ()
    activities = tuple(name for name in (*known, *more) if name in present)
    if not activities:
        return None
    head, report = fit_head(store, activities, seed)
    save_head(head, checkpoint)
    return report


def fit_head(store: WindowStore, activities: tuple[str, ...], seed: int) -> tuple[WindowHead, HeadReport]:
    """Return a head that was fitted on the training people, its temperatures and threshold on the validation people.

    Args:
        store: with at least one window of a training person whose activity is known.
        activities: the classes.
        seed: of how much faster or slower each window is learned, too.
    """
    codes = np.unique(store.placement[_rows(store, "train", activities)[0]])
    lessons, check = (_lessons(store, split, activities, codes) for split in ("train", "val"))
    return learn_head(lessons, check, activities, store.sampling_rate_hz, store.window_s, seed)


def learn_head(
    lessons: Lessons, check: Lessons, activities: tuple[str, ...], rate_hz: float, window_s: float, seed: int
) -> tuple[WindowHead, HeadReport]:
    """Return a head learned from windows.

    Args:
        lessons: to learn from, one at least.
        check: of other people, for temperatures, threshold and limits; may be empty.
        activities: the classes.
        rate_hz: of the windows.
        window_s: their length.
        seed: see `fit_head`.
    """
    plain = motion_of(lessons.windows, rate_hz)
    copies = np.stack([plain.features, *_changed_features(lessons, rate_hz, seed)])
    seen = motion_of(check.windows, rate_hz) if len(check) else plain
    joint = _learn(copies, plain.up, lessons, seen, check.truth, activities, seed)
    places = []
    for number in range(len(lessons.places) if len(lessons.places) > 1 else 0):
        own, own_seen = lessons.at(number), check.at(number)
        only = Lessons(lessons.windows[own], lessons.truth[own], lessons.subject[own])
        own_check = seen.part(own_seen) if own_seen.any() else plain.part(own)
        truth = check.truth[own_seen]
        places.append(_learn(copies[:, own], plain.up[own], only, own_check, truth, activities, seed))
    head = WindowHead(
        **vars(joint),
        activities=activities,
        threshold=UNFITTED_THRESHOLD,
        sampling_rate_hz=rate_hz,
        window_s=window_s,
        place_names=lessons.places if places else (),
        places=tuple(places),
    )
    accuracy = None
    if len(check):
        log_p, _ = head.judge_motion(seen)
        accuracy = float((log_p.argmax(axis=1) == check.truth).mean())
        head = replace(head, threshold=fit_threshold(log_p, check.truth))
    return head, HeadReport(len(lessons), len(check), accuracy, joint.both.temperature, head.threshold)


def _learn(
    copies: np.ndarray,
    up: np.ndarray,
    lessons: Lessons,
    seen: Motion,
    truth: np.ndarray,
    activities: tuple[str, ...],
    seed: int,
) -> Learned:
    """Return what was learned from windows whose features and directions of gravity are given."""
    n_acc, n_all = n_features()
    gravity = learn_gravity(up, lessons.truth, lessons.subject, activities)
    tilts = learn_tilts(up, lessons.truth, lessons.subject, activities, gravity.group_of)
    both, acceleration = (
        _learn_view(copies[..., :n], lessons, seen, truth, gravity.log_odds(seen.up), len(activities), seed)
        for n in (n_all, n_acc)
    )
    return Learned(both, acceleration, gravity, tilts)


def _changed_features(lessons: Lessons, rate_hz: float, seed: int) -> list[np.ndarray]:
    """Return the features of changed windows; no window goes on as one of another place."""
    if len(lessons.places) < 2:  # noqa: PLR2004
        return [motion_of(one, rate_hz).features for one in _changed(lessons, rate_hz, seed)]
    found: list[np.ndarray] = []
    for number in range(len(lessons.places)):
        own = lessons.at(number)
        only = Lessons(lessons.windows[own], lessons.truth[own], lessons.subject[own])
        for nth, windows in enumerate(_changed(only, rate_hz, seed)):
            features = motion_of(windows, rate_hz).features
            if nth == len(found):
                found.append(np.empty((len(lessons), features.shape[1]), features.dtype))
            found[nth][own] = features
    return found


def _learn_view(
    copies: np.ndarray,
    lessons: Lessons,
    seen: Motion,
    truth: np.ndarray,
    beside: np.ndarray,
    n_classes: int,
    seed: int,
) -> View:
    """Return a view of some features; its temperatures are fitted on windows `seen`, where the `truth` is known."""
    space = learn_space(copies, lessons.truth, n_classes, lessons.placement)
    whitened = space.whitened(seen.features)
    farthest = float(np.quantile(space.nearest(whitened)[1], NEAR_SHARE))
    temperature = UNFITTED_TEMPERATURE
    if len(truth):
        temperature = fit_temperature(partial(class_votes, space.logits(whitened), n_classes=n_classes), truth, beside)
    view = View(space, temperature, farthest)
    if lessons.placement is None or not lessons.placement.any():
        return view
    weight = 1 / np.bincount(lessons.placement)[lessons.placement]
    net = learn_net(space.scaled(copies), lessons.truth, weight / weight.mean(), n_classes, seed)
    view = replace(view, net=net)
    if not len(truth):
        return view
    votes = view.votes(seen.features, whitened, n_classes)
    return replace(view, together=fit_temperature(lambda one: votes / one, truth, beside))


def learn_space(copies: np.ndarray, truth: np.ndarray, n_classes: int, placement: np.ndarray | None = None) -> Space:
    """Return the space in which classes differ in their means alone, as far as one covariance can make it so.

    Stairs at the waist are not stairs in a pocket: each class has a centre for each placement.

    Args:
        copies: features [copy, window, feature]; the first copy is of the windows as they are, and sets the scales.
        truth: int64 [window]: class numbers.
        n_classes: those without windows lie at infinity.
        placement: int64 [window]: numbers from 0 on; None for one.

    Source:
        Fisher's linear discriminants with a covariance shrunk to its diagonal (Friedman, Regularized Discriminant
        Analysis, 1989); several centres a class: Hastie and Tibshirani, Discriminant Analysis by Gaussian Mixtures
        (1996).
    """
    placement = np.zeros_like(truth) if placement is None else placement
    group = placement * n_classes + truth
    shift = copies[0].mean(axis=0)
    scale = 1 / (copies[0].std(axis=0) + 1e-3)
    scaled = np.clip((copies - shift) * scale, -FURTHEST_SCALED, FURTHEST_SCALED).astype(np.float64)
    n_copies, n_windows, n = scaled.shape
    scaled, every = scaled.reshape(-1, n), np.tile(group, n_copies)
    centres = np.full(((int(placement.max()) + 1) * n_classes, n), np.inf)
    for number in np.unique(group):
        centres[number] = scaled[every == number].mean(axis=0)
    within = scaled - centres[every]
    covariance = within.T @ within / (n_copies * n_windows)
    variance = np.diag(np.diag(covariance))
    values, vectors = np.linalg.eigh((1 - SHRINKAGE) * covariance + SHRINKAGE * variance + RIDGE * np.eye(n))
    whiten = vectors / np.sqrt(values)
    is_there = np.isfinite(centres).all(axis=1)
    centres[is_there] = centres[is_there] @ whiten
    return Space(*(array.astype(np.float32) for array in (shift, scale, whiten, centres)))


def learn_gravity(up: np.ndarray, truth: np.ndarray, subject: np.ndarray, activities: tuple[str, ...]) -> Gravity:
    """Return the directions of gravity that were met in each posture, and in all motion together.

    Args:
        up: unit vectors [window, 3].
        truth: int64 [window]: class numbers.
        subject: [window]: each person weighs the same.
        activities: the classes.
    """
    *kinds, posture = same_kind([*activities, A_POSTURE])
    is_posture = np.array(kinds) == posture
    group_of = np.where(is_posture, np.cumsum(is_posture), 0)
    found: list[tuple[np.ndarray, float, int]] = []
    for group in np.unique(group_of):
        own = np.isin(truth, np.flatnonzero(group_of == group))
        ways = [way for who in np.unique(subject[own]) for way in _ways_worn(up[own & (subject == who)])]
        kept = [ways[i] for i in np.unique(np.linspace(0, len(ways) - 1, MOST_DIRECTIONS).astype(int))] if ways else []
        total = sum(share for _, share in kept)
        found += [(direction, share / total, int(group)) for direction, share in kept]
    directions, weights, groups = zip(*found, strict=True)
    return Gravity(
        np.array(directions, np.float32),
        np.array(weights, np.float32),
        np.array(groups, np.int32),
        group_of.astype(np.int32),
    )


def learn_tilts(
    up: np.ndarray, truth: np.ndarray, subject: np.ndarray, activities: tuple[str, ...], group_of: np.ndarray
) -> Tilts:
    """Return the angles from upright at which people do things; none where nobody stands or walks.

    Each person is compared with themselves, while standing and while walking. Who has turned the device between, as far
    as that can be seen, is left out.

    Args:
        up: unit vectors [window, 3].
        truth: int64 [window]: class numbers.
        subject: [window]: each person weighs the same.
        activities: the classes.
        group_of: of `Gravity`.
    """
    found: list[tuple[np.ndarray, int]] = []
    groups = group_of[truth]
    for who in np.unique(subject):
        own = subject == who
        for name in UPRIGHT:
            here = own & (truth == activities.index(name)) if name in activities else np.zeros(len(truth), bool)
            upright = common_direction(up[here])
            if upright is None:
                continue
            tilt = np.arccos(np.clip(up[own].astype(np.float64) @ upright, -1, 1))
            each = groups[own]
            found += [(np.quantile(tilt[each == one], TILTS_AT), int(one)) for one in np.unique(each)]
    if not found:
        return Tilts(np.empty(0, np.float32), np.empty(0, np.float32), np.empty(0, np.int32))
    group = np.repeat([one for _, one in found], len(TILTS_AT))
    weights = 1 / np.bincount(group)[group]
    angles = np.concatenate([each for each, _ in found])
    return Tilts(angles.astype(np.float32), weights.astype(np.float32), group.astype(np.int32))


def _ways_worn(up: np.ndarray) -> Iterator[tuple[np.ndarray, float]]:
    """Yield the directions of one person's windows, and the share of each."""
    near_cosine, n_all, left = np.cos(np.radians(CONE_DEG)), len(up), up.astype(np.float64)
    while len(left) and len(left) > RARE * n_all:
        direction = left[0]
        for _ in range(5):
            near = left[left @ direction > near_cosine]
            direction = near.sum(axis=0) / np.linalg.norm(near.sum(axis=0))
        is_near = left @ direction > near_cosine
        if not is_near.any():
            return
        yield direction, float(is_near.sum() / n_all)
        left = left[~is_near]


def _changed(lessons: Lessons, rate_hz: float, seed: int) -> Iterator[np.ndarray]:
    """Yield the windows as slower sensors, quicker or slower people, and changes of activity would give them."""
    for slower_hz in SLOWER_HZ:
        if slower_hz < rate_hz:
            yield slowed(lessons.windows, rate_hz, slower_hz)
    rng = np.random.default_rng(seed)
    yield warped(lessons.windows, rng.uniform(1 - WARP, 1 + WARP, len(lessons)))
    yield spliced(lessons.windows, rng)


def spliced(windows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return windows that begin or end, for less than half of their length, as another one does.

    Timelines meet windows across a change of activity, training folders hold none. So learned, such a window is named
    by what fills most of it.
    """
    n, length = windows.shape[:2]
    longest = (length - 1) // 2
    replaced = rng.integers(0, longest + 1, (n, 1))
    place = np.arange(length)
    is_other = np.where(rng.integers(0, 2, (n, 1)) == 0, place < replaced, place >= length - replaced)
    return np.where(is_other[..., None], windows[rng.permutation(n)], windows)


def warped(windows: np.ndarray, speed: np.ndarray) -> np.ndarray:
    """Return windows as if everything had been done faster; the ends of a window that is too short for it are held.

    Args:
        windows: [window, time, channel].
        speed: [window]; angular rates grow with it, the size of accelerations is left.
    """
    length = windows.shape[1]
    middle = (length - 1) / 2
    at = np.clip((np.arange(length) - middle) * speed[:, None] + middle, 0, length - 1)
    before = np.minimum(at.astype(np.int64), max(0, length - 2))
    after, part = np.minimum(before + 1, length - 1), (at - before)[..., None]
    rows = np.arange(len(windows))[:, None]
    found = windows[rows, before] * (1 - part) + windows[rows, after] * part
    found[..., GYR] *= speed[:, None, None]
    return np.asarray(found, windows.dtype)


def _rows(store: WindowStore, split: str, activities: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of a split's windows of known activity, and the class number of each."""
    number = {name: i for i, name in enumerate(activities)}
    class_of = np.array([number.get(name, -1) for name in store.activity_names] + [-1])  # the last is for -1, unknown
    rows = store.rows(split)  # type: ignore[arg-type]
    rows = rows[class_of[store.activity[rows]] >= 0]
    if len(rows) > MOST_WINDOWS:
        rows = rows[np.linspace(0, len(rows) - 1, MOST_WINDOWS).astype(np.int64)]
    return rows, class_of[store.activity[rows]].astype(np.int64)


def _lessons(store: WindowStore, split: str, activities: tuple[str, ...], codes: np.ndarray) -> Lessons:
    """Return a split's windows of known activity; `codes` are the store's numbers of the places learned."""
    rows, truth = _rows(store, split, activities)
    code = store.placement[rows]
    placement = np.where(np.isin(code, codes), np.searchsorted(codes, code).clip(max=len(codes) - 1), -1)
    names = tuple(store.manifest["placements"][int(one)] for one in codes)
    return Lessons(store.take(rows), truth, store.subject[rows], placement.astype(np.int64), names)
