"""A light head: how likely each activity is in a window, without the encoder and without the LM.

It tells activities apart by linear discriminants over how a window moves (`motion_features`), which no rotation
changes, and postures by where gravity comes from too, as far as the device is worn as it was in training (`gravity`),
or by the angle to an upright that is known (`tilt`). Where sensors were worn at several places, it holds what was
learned at each of them beside what was learned of all together: a whole recording tells which to go by (`placing`).
`head.safetensors` in a checkpoint's folder; a checkpoint without one works too, a hundred times slower.
Computed in NumPy: a timeline of hours starts before torch would have been imported.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from llasa_core.errors import ModelError
from llasa_core.files import written_whole
from llasa_core.model.gravity import Gravity
from llasa_core.model.head_net import HeadNet
from llasa_core.model.motion_features import Motion, motion_of, n_features
from llasa_core.model.tilt import Tilts

if TYPE_CHECKING:
    from pathlib import Path

HEAD_FILE = "head.safetensors"
FORMAT_WITHOUT_PLACES, FORMAT = 3, 4
"""1 was a small network, which never left a repository; 2 knew no tilts, 3 no placements."""
FURTHEST_SCALED = 4.0
"""In deviations over the training windows; what lies further off is no more unusual than that."""
LEAST_LOG_P = -12.0
"""No window is taken for proof: six in a million is as far from sure as a few thousand training windows can tell."""


@dataclass(frozen=True)
class Space:
    """Features in which differences within a class are about as long in every direction."""

    shift: np.ndarray
    """float32 [feature], as all that follow."""
    scale: np.ndarray
    """[feature]: a feature minus its shift, times this, has a spread of about 1."""
    whiten: np.ndarray
    """[feature, feature]."""
    centres: np.ndarray
    """[placement × class, feature]: where the windows of each class lie in the mean at each placement, whitened, all
    classes of the first placement first; infinite where there were none."""

    def whitened(self, features: np.ndarray) -> np.ndarray:
        """Return windows in the space, float64 [window, feature]; features beyond those of the space are left out."""
        return np.asarray(self.scaled(features) @ self.whiten.astype(np.float64))

    def scaled(self, features: np.ndarray) -> np.ndarray:
        """Return features of a spread of about 1, float64 [window, feature]; none is unusual beyond all measure."""
        own = features[..., : len(self.shift)].astype(np.float64)
        return np.asarray(np.clip((own - self.shift) * self.scale, -FURTHEST_SCALED, FURTHEST_SCALED))

    def logits(self, whitened: np.ndarray) -> np.ndarray:
        """Return the linear discriminants [window, centre]: log-likelihoods up to what all centres share."""
        is_there = np.isfinite(self.centres).all(axis=1)
        centres = np.where(is_there[:, None], self.centres, 0).astype(np.float64)
        found = whitened @ centres.T - (centres**2).sum(axis=1) / 2
        return np.where(is_there, found, -np.inf)

    def nearest(self, whitened: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the number of each window's nearest centre, and how far that is: [window] each.

        Source:
            Lee et al., A Simple Unified Framework for Detecting Out-of-Distribution Samples (2018): Mahalanobis
            distance with one covariance for all classes.
        """
        is_there = np.isfinite(self.centres).all(axis=1)
        centres = self.centres[is_there].astype(np.float64)
        squared = (whitened**2).sum(axis=1)[:, None] - 2 * whitened @ centres.T + (centres**2).sum(axis=1)
        nearest = squared.argmin(axis=1)
        distance = np.sqrt(np.maximum(squared[np.arange(len(squared)), nearest], 0))
        return np.flatnonzero(is_there)[nearest], distance


@dataclass(frozen=True)
class View:
    """What is told from windows that have the same sensors."""

    space: Space
    temperature: float
    """Fitted on people that were not learned from."""
    farthest: float
    """Of a hundred validation windows, 99 were nearer to the centre of a class; what is not, is unlike all training."""

    net: HeadNet | None = None
    """Where sensors were worn at several places: one covariance holds the discriminants of all of them badly."""
    together: float = 1.0
    """Temperature of discriminants and network together, fitted likewise."""

    def votes(self, features: np.ndarray, whitened: np.ndarray, n_classes: int) -> np.ndarray:
        """Return log-likelihoods [window, class] up to what all classes share, whatever the placement.

        Args:
            features: [window, feature].
            whitened: the same, as `space` has them.
            n_classes: of the head.
        """
        votes = class_votes(self.space.logits(whitened), self.temperature, n_classes)
        if self.net is None:
            return votes
        return both_votes(votes, self.net.log_probabilities(self.space.scaled(features))) / self.together


VIEW_NUMBERS = ("temperature", "farthest", "together")
"""What of a view is no array."""


def class_votes(logits: np.ndarray, temperature: float, n_classes: int) -> np.ndarray:
    """Return what centres [window, placement × class] say of each class, [window, class]; placements are as likely."""
    scaled = (logits / temperature).reshape(len(logits), logits.shape[1] // n_classes, n_classes)
    return np.asarray(np.logaddexp.reduce(scaled, axis=1))


def both_votes(votes: np.ndarray, log_p: np.ndarray) -> np.ndarray:
    """Return what discriminants and network say together, [window, class]: the geometric mean of probabilities."""
    return np.asarray((votes - np.logaddexp.reduce(votes, axis=1, keepdims=True) + log_p) / 2)


@dataclass(frozen=True)
class Look:
    """What is seen in windows, before anything is said of how and where the device is worn."""

    votes: np.ndarray
    """float64 [window, activity]: log-likelihoods by motion alone, up to a constant."""
    strangeness: np.ndarray
    """float64 [window]: how far each is from all that was learned; 1 is the limit."""
    up: np.ndarray
    """float32 [window, 3]: see `Motion`."""
    placed: np.ndarray | None = None
    """float64 [window, place]: log-likelihoods of the places by motion alone, up to a constant; None without places."""
    places: tuple[Look, ...] = ()
    """What is seen by what was learned at each place alone."""

    def __len__(self) -> int:
        return len(self.up)

    def at(self, place: int | None) -> Look:
        """Return what is seen by what was learned at a place; by all that was learned where it is None."""
        return self if place is None else self.places[place]

    def strangeness_at(self, place: int | None) -> np.ndarray:
        """Return how far each window is from all that was learned at a place, [window]; 1 is the limit."""
        return self.at(place).strangeness

    @property
    def by_motion(self) -> np.ndarray:
        """Log-probabilities [window, activity] that no rotation of the device changes."""
        return np.asarray(self.votes - np.logaddexp.reduce(self.votes, axis=1, keepdims=True))


@dataclass(frozen=True)
class Worn:
    """How and where a device is worn, as far as it is known for a whole recording."""

    upright: np.ndarray | None = None
    """float64 unit vector [3]: gravity while the person is upright; None where nobody knows."""
    is_as_learned: bool = True
    """Whether directions of gravity mean what they did in training; no matter where `upright` is known."""
    place: int | None = None
    """Number in `WindowHead.places`; None where nobody knows."""


AS_LEARNED = Worn()


@dataclass(frozen=True)
class Learned:
    """What is told of windows from what was learned at one place of the body, or at all of them together."""

    both: View
    """Of windows with acceleration and angular rate."""
    acceleration: View
    """Of windows without a gyroscope."""
    gravity: Gravity
    tilts: Tilts

    def seen(self, motion: Motion, n_classes: int) -> Look:
        """Return what is seen in windows that were described."""
        votes, strangeness = np.empty((len(motion), n_classes)), np.empty(len(motion))
        for view, own in self.views(motion):
            whitened = view.space.whitened(motion.features[own])
            votes[own] = view.votes(motion.features[own], whitened, n_classes)
            strangeness[own] = view.space.nearest(whitened)[1] / view.farthest
        return Look(votes, strangeness, motion.up)

    def views(self, motion: Motion) -> tuple[tuple[View, np.ndarray], ...]:
        """Return each view with the windows that it is for, bool [window]."""
        return (self.both, motion.has_gyr), (self.acceleration, ~motion.has_gyr)

    def told(self, look: Look, worn: Worn) -> tuple[np.ndarray, np.ndarray]:
        """Return what `WindowHead.told` does, of a look that is its own."""
        is_mute = np.zeros(len(look), bool)
        votes = look.votes
        if worn.upright is not None:
            votes = votes + self.tilts.log_odds(look.up, worn.upright, self.gravity.group_of)
            is_mute = ~self.tilts.is_met(look.up, worn.upright)
        elif not worn.is_as_learned:
            is_mute = ~is_mute
        else:
            votes = votes + self.gravity.log_odds(look.up)
        log_p = votes - np.logaddexp.reduce(votes, axis=1, keepdims=True)
        return np.maximum(log_p, LEAST_LOG_P), is_mute


@dataclass(frozen=True)
class WindowHead(Learned):
    """Names the activity of windows of one length and rate; what it inherits was learned at all places together."""

    activities: tuple[str, ...]
    threshold: float
    """A probability below it is no answer; fitted on people that were not learned from."""
    sampling_rate_hz: float
    window_s: float
    place_names: tuple[str, ...] = ()
    """Where sensors were worn; none where nobody told more than one place."""
    places: tuple[Learned, ...] = ()
    """What was learned at each of them alone; the centres of the head's own views are those of the places, in order."""

    @cached_property
    def fingerprint(self) -> str:
        """Stands for all that it learned: heads that name windows differently have different ones."""
        held: list[Space | Gravity | Tilts | HeadNet] = []
        said = []
        for learned in (self, *self.places):
            held += [learned.gravity, learned.tilts]
            for view in (learned.both, learned.acceleration):
                held += [view.space] if view.net is None else [view.space, view.net]
                said += [repr(getattr(view, key)) for key in VIEW_NUMBERS]
        digest = hashlib.sha256(json.dumps([self.activities, self.threshold, *self.place_names, *said]).encode())
        for array in (array for part in held for array in _arrays(part).values()):
            digest.update(array.tobytes())
        return digest.hexdigest()[:16]

    def log_probabilities(self, windows: np.ndarray) -> np.ndarray:
        """Return calibrated log-probabilities of the activities, float64 [window, activity].

        Args:
            windows: [window, time, channel] as they are stored: acc in m/s² with gravity, gyr in rad/s.

        Raises:
            ModelError: the windows are of another length than those that were learned.
        """
        return self.judge(windows)[0]

    def judge(self, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return `log_probabilities`, and how far each window is from all that was learned, [window]: 1 is the limit.

        Raises:
            ModelError: the windows are of another length than those that were learned.
        """
        return self.judge_motion(self.motion(windows))

    def motion(self, windows: np.ndarray) -> Motion:
        """Return windows as the head sees them.

        Raises:
            ModelError: the windows are of another length than those that were learned.
        """
        wanted = round(self.window_s * self.sampling_rate_hz)
        if windows.shape[1] != wanted:
            raise ModelError(
                f"a window of {windows.shape[1]} samples; this head was trained on {wanted}",
                fix="cut windows of the checkpoint's length and rate",
            )
        return motion_of(windows, self.sampling_rate_hz)

    def judge_motion(self, motion: Motion) -> tuple[np.ndarray, np.ndarray]:
        """Return what `judge` does, of windows that were described."""
        look = self.look(motion)
        return self.told(look)[0], look.strangeness

    def look(self, motion: Motion) -> Look:
        """Return what is seen in windows that were described, by each place too."""
        n_classes = len(self.activities)
        found = self.seen(motion, n_classes)
        if not self.places:
            return found
        placed = np.empty((len(motion), len(self.places)))
        for view, own in self.views(motion):
            logits = view.space.logits(view.space.whitened(motion.features[own])) / view.temperature
            placed[own] = np.logaddexp.reduce(logits.reshape(len(logits), len(self.places), n_classes), axis=2)
        return replace(found, placed=placed, places=tuple(one.seen(motion, n_classes) for one in self.places))

    def told(self, look: Look, worn: Worn = AS_LEARNED) -> tuple[np.ndarray, np.ndarray]:
        """Return log-probabilities [window, activity], and whether gravity says nothing of its posture, bool [window].

        Args:
            look: from `look`.
            worn: how and where the device is worn.
        """
        if worn.place is None:
            return super().told(look, worn)
        return self.places[worn.place].told(look.at(worn.place), worn)

    def at(self, place: int | None) -> Learned:
        """Return what was learned at a place; all of it where it is None."""
        return self if place is None else self.places[place]


def save_head(head: WindowHead, folder: Path) -> None:
    """Write a head into a checkpoint's folder, whole.

    Raises:
        RunError: the disk is full.
    """
    about: dict[str, Any] = {
        "format": FORMAT,
        "activities": list(head.activities),
        "threshold": head.threshold,
        "sampling_rate_hz": head.sampling_rate_hz,
        "window_s": head.window_s,
        "places": list(head.place_names),
    }
    arrays: dict[str, np.ndarray] = {}
    for prefix, learned in _parts(head):
        arrays |= {f"{prefix}gravity.{name}": array for name, array in _arrays(learned.gravity).items()}
        arrays |= {f"{prefix}tilts.{name}": array for name, array in _arrays(learned.tilts).items()}
        for name, view in (("both", learned.both), ("acceleration", learned.acceleration)):
            about[f"{prefix}{name}"] = {key: getattr(view, key) for key in VIEW_NUMBERS}
            arrays |= {f"{prefix}{name}.{key}": array for key, array in _arrays(view.space).items()}
            if view.net is not None:
                arrays |= {f"{prefix}{name}.net.{key}": array for key, array in _arrays(view.net).items()}
    with written_whole(folder / HEAD_FILE) as beside:
        beside.write_bytes(save(arrays, {"head": json.dumps(about, ensure_ascii=False)}))


def read_head(folder: Path) -> WindowHead | None:
    """Return a checkpoint's head; None where it has none.

    Raises:
        ModelError: the file is damaged, or of another version.
    """
    file = folder / HEAD_FILE
    if not file.is_file():
        return None
    try:
        with safe_open(file, framework="numpy") as opened:
            about = json.loads(opened.metadata()["head"])
            if about.get("format") not in (FORMAT_WITHOUT_PLACES, FORMAT):
                raise ValueError("another version wrote it")  # noqa: TRY301 - told below, as any damage
            arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - no mapping
        head = WindowHead(
            **_learned("", arrays, about),
            activities=tuple(about["activities"]),
            threshold=about["threshold"],
            sampling_rate_hz=about["sampling_rate_hz"],
            window_s=about["window_s"],
            place_names=tuple(about.get("places", ())),
            places=tuple(Learned(**_learned(f"place{n}.", arrays, about)) for n in range(len(about.get("places", ())))),
        )
        _check(head)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{HEAD_FILE} cannot be read: {str(error).splitlines()[0]}",
            where=file,
            fix="copy the checkpoint again; or remove the file: `llasa finetune` on its finished run adds a new one",
        ) from error
    return head


def _arrays(holder: Space | Gravity | Tilts | HeadNet) -> dict[str, np.ndarray]:
    return {field.name: np.ascontiguousarray(getattr(holder, field.name)) for field in fields(holder)}


def _below(name: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {key.removeprefix(f"{name}."): array for key, array in arrays.items() if key.startswith(f"{name}.")}


def _parts(head: WindowHead) -> list[tuple[str, Learned]]:
    """Return what was learned with what its arrays' names begin with in the file."""
    return [("", head), *((f"place{number}.", one) for number, one in enumerate(head.places))]


def _learned(prefix: str, arrays: dict[str, np.ndarray], about: dict[str, Any]) -> dict[str, Any]:
    return {
        "both": _view(f"{prefix}both", arrays, about),
        "acceleration": _view(f"{prefix}acceleration", arrays, about),
        "gravity": Gravity(**_below(f"{prefix}gravity", arrays)),
        "tilts": Tilts(**_below(f"{prefix}tilts", arrays)),
    }


def _view(name: str, arrays: dict[str, np.ndarray], about: dict[str, Any]) -> View:
    own, net = _below(name, arrays), _below(f"{name}.net", arrays)
    space = Space(**{key: array for key, array in own.items() if not key.startswith("net.")})
    return View(space, net=HeadNet(**net) if net else None, **{key: about[name][key] for key in VIEW_NUMBERS})


def _check(head: WindowHead) -> None:
    n_classes = len(head.activities)
    for learned in (head, *head.places):
        _check_learned(learned, n_classes)
    n_centres = max(1, len(head.places)) * n_classes
    if head.places and {len(view.space.centres) for view in (head.both, head.acceleration)} != {n_centres}:
        raise ValueError("its centres do not fit its places")
    if not 0 <= head.threshold < 1:
        raise ValueError(f"threshold {head.threshold}")


def _check_learned(learned: Learned, n_classes: int) -> None:
    for view, n in zip((learned.acceleration, learned.both), n_features(), strict=True):
        space = view.space
        found = [array.shape for array in (space.shift, space.scale, space.whiten, space.centres[:n_classes])]
        if found != [(n,), (n,), (n, n), (n_classes, n)] or len(space.centres) % n_classes:
            raise ValueError("its arrays do not fit each other")
        if view.net is not None and not view.net.fits(n, n_classes):
            raise ValueError("its network does not fit")
        if not min(getattr(view, key) for key in VIEW_NUMBERS) > 0:
            raise ValueError(f"temperature {view.temperature}, limit {view.farthest}")
    gravity = learned.gravity
    n = len(gravity.weights)
    if (gravity.directions.shape, gravity.group.shape, gravity.group_of.shape) != ((n, 3), (n,), (n_classes,)):
        raise ValueError("its directions do not fit each other")
    n = len(learned.tilts)
    if (learned.tilts.angles.shape, learned.tilts.weights.shape, learned.tilts.group.shape) != ((n,), (n,), (n,)):
        raise ValueError("its tilts do not fit each other")
