"""A light head: how likely each activity is in a window, without the encoder and without the LM.

It tells activities apart by linear discriminants over how a window moves (`motion_features`), which no rotation
changes, and postures by where gravity comes from too, as far as the device is worn as it was in training (`gravity`),
or by the angle to an upright that is known (`tilt`).
`head.safetensors` in a checkpoint's folder; a checkpoint without one works too, a hundred times slower.
Computed in NumPy: a timeline of hours starts before torch would have been imported.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from llasa_core.errors import ModelError
from llasa_core.files import written_whole
from llasa_core.model.gravity import Gravity
from llasa_core.model.motion_features import Motion, motion_of, n_features
from llasa_core.model.tilt import Tilts

if TYPE_CHECKING:
    from pathlib import Path

HEAD_FILE = "head.safetensors"
FORMAT = 3
"""1 was a small network, which never left a repository; 2 knew no tilts."""
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
        own = features[:, : len(self.shift)].astype(np.float64)
        scaled = np.clip((own - self.shift) * self.scale, -FURTHEST_SCALED, FURTHEST_SCALED)
        return np.asarray(scaled @ self.whiten.astype(np.float64))

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

    def votes(self, whitened: np.ndarray, n_classes: int) -> np.ndarray:
        """Return log-likelihoods [window, class] up to what all classes share, whatever the placement."""
        return class_votes(self.space.logits(whitened), self.temperature, n_classes)


def class_votes(logits: np.ndarray, temperature: float, n_classes: int) -> np.ndarray:
    """Return what centres [window, placement × class] say of each class, [window, class]; placements are as likely."""
    scaled = (logits / temperature).reshape(len(logits), logits.shape[1] // n_classes, n_classes)
    return np.asarray(np.logaddexp.reduce(scaled, axis=1))


@dataclass(frozen=True)
class Look:
    """What is seen in windows, before anything is said of how the device is worn."""

    votes: np.ndarray
    """float64 [window, activity]: log-likelihoods by motion alone, up to a constant."""
    strangeness: np.ndarray
    """float64 [window]: how far each is from all that was learned; 1 is the limit."""
    up: np.ndarray
    """float32 [window, 3]: see `Motion`."""

    def __len__(self) -> int:
        return len(self.up)

    @property
    def by_motion(self) -> np.ndarray:
        """Log-probabilities [window, activity] that no rotation of the device changes."""
        return np.asarray(self.votes - np.logaddexp.reduce(self.votes, axis=1, keepdims=True))


@dataclass(frozen=True)
class Worn:
    """How a device is worn, as far as it is known for a whole recording."""

    upright: np.ndarray | None = None
    """float64 unit vector [3]: gravity while the person is upright; None where nobody knows."""
    is_as_learned: bool = True
    """Whether directions of gravity mean what they did in training; no matter where `upright` is known."""


AS_LEARNED = Worn()


@dataclass(frozen=True)
class WindowHead:
    """Names the activity of windows of one length and rate."""

    both: View
    """Of windows with acceleration and angular rate."""
    acceleration: View
    """Of windows without a gyroscope."""
    gravity: Gravity
    tilts: Tilts
    activities: tuple[str, ...]
    threshold: float
    """A probability below it is no answer; fitted on people that were not learned from."""
    sampling_rate_hz: float
    window_s: float

    @cached_property
    def fingerprint(self) -> str:
        """Stands for all that it learned: heads that name windows differently have different ones."""
        held: list[Space | Gravity | Tilts] = [self.gravity, self.tilts, self.both.space, self.acceleration.space]
        said = [repr((view.temperature, view.farthest)) for view in (self.both, self.acceleration)]
        digest = hashlib.sha256(json.dumps([self.activities, self.threshold, *said]).encode())
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
        """Return what is seen in windows that were described."""
        votes, strangeness = np.empty((len(motion), len(self.activities))), np.empty(len(motion))
        for view, own in ((self.both, motion.has_gyr), (self.acceleration, ~motion.has_gyr)):
            whitened = view.space.whitened(motion.features[own])
            votes[own] = view.votes(whitened, len(self.activities))
            strangeness[own] = view.space.nearest(whitened)[1] / view.farthest
        return Look(votes, strangeness, motion.up)

    def told(self, look: Look, worn: Worn = AS_LEARNED) -> tuple[np.ndarray, np.ndarray]:
        """Return log-probabilities [window, activity], and whether gravity says nothing of its posture, bool [window].

        Args:
            look: from `look`.
            worn: how the device is worn.
        """
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


def save_head(head: WindowHead, folder: Path) -> None:
    """Write a head into a checkpoint's folder, whole.

    Raises:
        RunError: the disk is full.
    """
    views = {"both": head.both, "acceleration": head.acceleration}
    about = {
        "format": FORMAT,
        "activities": list(head.activities),
        "threshold": head.threshold,
        "sampling_rate_hz": head.sampling_rate_hz,
        "window_s": head.window_s,
        **{name: {"temperature": view.temperature, "farthest": view.farthest} for name, view in views.items()},
    }
    arrays = {f"gravity.{name}": array for name, array in _arrays(head.gravity).items()}
    arrays |= {f"tilts.{name}": array for name, array in _arrays(head.tilts).items()}
    for name, view in views.items():
        arrays |= {f"{name}.{key}": array for key, array in _arrays(view.space).items()}
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
            if about.get("format") != FORMAT:
                raise ValueError("another version wrote it")  # noqa: TRY301 - told below, as any damage
            arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - no mapping
        head = WindowHead(
            both=_view("both", arrays, about),
            acceleration=_view("acceleration", arrays, about),
            gravity=Gravity(**_below("gravity", arrays)),
            tilts=Tilts(**_below("tilts", arrays)),
            activities=tuple(about["activities"]),
            threshold=about["threshold"],
            sampling_rate_hz=about["sampling_rate_hz"],
            window_s=about["window_s"],
        )
        _check(head)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{HEAD_FILE} cannot be read: {str(error).splitlines()[0]}",
            where=file,
            fix="copy the checkpoint again; or remove the file: `llasa finetune` on its finished run adds a new one",
        ) from error
    return head


def _arrays(holder: Space | Gravity | Tilts) -> dict[str, np.ndarray]:
    return {field.name: np.ascontiguousarray(getattr(holder, field.name)) for field in fields(holder)}


def _below(name: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {key.removeprefix(f"{name}."): array for key, array in arrays.items() if key.startswith(f"{name}.")}


def _view(name: str, arrays: dict[str, np.ndarray], about: dict[str, Any]) -> View:
    return View(Space(**_below(name, arrays)), about[name]["temperature"], about[name]["farthest"])


def _check(head: WindowHead) -> None:
    n_classes = len(head.activities)
    for view, n in zip((head.acceleration, head.both), n_features(), strict=True):
        space = view.space
        found = [array.shape for array in (space.shift, space.scale, space.whiten, space.centres[:n_classes])]
        if found != [(n,), (n,), (n, n), (n_classes, n)] or len(space.centres) % n_classes:
            raise ValueError("its arrays do not fit each other")
        if not (view.temperature > 0 and view.farthest > 0):
            raise ValueError(f"temperature {view.temperature}, limit {view.farthest}")
    gravity = head.gravity
    n = len(gravity.weights)
    if (gravity.directions.shape, gravity.group.shape, gravity.group_of.shape) != ((n, 3), (n,), (n_classes,)):
        raise ValueError("its directions do not fit each other")
    n = len(head.tilts)
    if (head.tilts.angles.shape, head.tilts.weights.shape, head.tilts.group.shape) != ((n,), (n,), (n,)):
        raise ValueError("its tilts do not fit each other")
    if not 0 <= head.threshold < 1:
        raise ValueError(f"threshold {head.threshold}")
