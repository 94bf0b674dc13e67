"""A checkpoint's light head that has learned more activities from a handful of windows: a small folder of its own.

adapted.json              what was learned from what, how sure it is, and which checkpoint it goes with
adapted.safetensors       a prototype of each activity that was learned, and how distances are measured
base/head.safetensors     the light head that it stands on

The LM is not in it, and has learned nothing: who wants to talk goes to the checkpoint (`checkpoint_behind`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from llasa_core import __version__
from llasa_core.errors import ModelError
from llasa_core.files import written_whole
from llasa_core.model.head import AS_LEARNED, LEAST_LOG_P, Look, View, WindowHead, read_head, save_head
from llasa_core.model.shipped import SHIPPED, shipped

if TYPE_CHECKING:
    from llasa_core.model.head import Worn
    from llasa_core.model.motion_features import Motion

ADAPTED_FILE = "adapted.json"
TENSORS_FILE = "adapted.safetensors"
BASE = "base"
SCHEMA = 1
_AGAIN = "run `llasa adapt` again, with `--fresh`"


UP_WEIGHT = 5.0
"""What the direction of gravity is multiplied by beside whitened features: people who wear a sensor at one place differ
by about a fifth of its length, which counts as one then."""


@dataclass(frozen=True)
class Prototypes:
    """What a few windows have taught, from the same sensors."""

    centres: np.ndarray
    """[activity learned, feature]: the mean of its windows, placed as `placed` does it."""
    metric: np.ndarray
    """[feature, feature]: distances are Euclidean after it; the head's own metric, bent by the scatter of the few."""
    farthest: float
    """Further from every prototype is unlike all that was learned."""
    allowance: np.ndarray
    """[activity learned]: what of a squared distance is put down to how few windows the prototype is the mean of."""

    def squared(self, places: np.ndarray) -> np.ndarray:
        """Return the squared distance of each window to each prototype, less the allowance: [window, prototype]."""
        difference = (places @ self.metric)[:, None] - self.centres @ self.metric
        return np.asarray((difference**2).sum(axis=2) - self.allowance)


@dataclass(frozen=True)
class AdaptedHead:
    """Names windows as the head does, unless one of the prototypes is nearer than what the head was trained on.

    The head is one expert and each prototype another; a window's experts are weighed by how near it is to the centre of
    a class, and to the prototype. So the head still tells its own activities apart, and knows nothing of others.
    """

    head: WindowHead
    both: Prototypes | None
    """Of acceleration and angular rate; None where windows without a gyroscope were among those learned from."""
    acceleration: Prototypes
    """For windows without a gyroscope."""
    scale: float
    """Half the squared distance, times this, is the log-odds against: features are far from independent."""
    learned: tuple[str, ...]
    """The activity of each prototype: new ones, or the head's own as somebody else does them."""
    keeps_old: bool
    """False leaves the head's own activities out."""
    threshold: float
    """A probability below it is no answer."""
    about: dict[str, Any] = field(default_factory=dict)
    """How it came out, for people; see `llasa_core.adapt`."""

    @property
    def activities(self) -> tuple[str, ...]:
        """The head's own first, then the new ones."""
        own = self.head.activities if self.keeps_old else ()
        return (*own, *(name for name in self.learned if name not in own))

    @property
    def sampling_rate_hz(self) -> float:
        """Of the windows."""
        return self.head.sampling_rate_hz

    @property
    def window_s(self) -> float:
        """Their length."""
        return self.head.window_s

    def judge(self, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return log-probabilities [window, activity], and how strange each window is [window]: above 1, unlike all.

        Raises:
            ModelError: the windows are of another length than those that the head learned.
        """
        return self.judge_motion(self.head.motion(windows))

    def judge_motion(self, motion: Motion) -> tuple[np.ndarray, np.ndarray]:
        """Return what `judge` does, of windows that were described."""
        return self.weigh(self.measure(motion))

    def look(self, motion: Motion) -> AdaptedLook:
        """Return what is seen in windows that were described."""
        own = self.head.look(motion)
        measured = self._measured(motion, own)
        return AdaptedLook(own.votes, self.weigh(measured)[1], own.up, own.placed, own.places, measured=measured)

    def told(self, look: Look, worn: Worn = AS_LEARNED) -> tuple[np.ndarray, np.ndarray]:
        """Return log-probabilities [window, activity], and whether gravity says nothing of its posture, bool [window].

        Prototypes know gravity as it came in their own windows, however those were worn.

        Args:
            look: from `look`.
            worn: how the device is worn.
        """
        assert isinstance(look, AdaptedLook)  # noqa: S101 - see above
        own_log_p, is_mute = self.head.told(look, worn)
        measured = replace(look.measured, own_log_p=own_log_p)
        return self.weigh(measured)[0], is_mute & (measured.strangeness > 1)

    def measure(self, motion: Motion) -> Measured:
        """Return what the experts say of windows, before they are weighed."""
        return self._measured(motion, self.head.look(motion))

    def _measured(self, motion: Motion, look: Look) -> Measured:
        own_log_p, _ = self.head.told(look)
        n = len(motion)
        to_head, to_prototypes, strangeness = np.empty(n), np.empty((n, len(self.learned))), np.empty(n)
        uses_both = motion.has_gyr & (self.both is not None)
        for view, prototypes, own in (
            (self.head.both, self.both, uses_both),
            (self.head.acceleration, self.acceleration, ~uses_both),
        ):
            if prototypes is None:
                continue
            places = placed(view, motion.part(own))
            to_head[own] = _squared_lengths((places - self._nearest_of_head(view, places)) @ prototypes.metric)
            to_prototypes[own] = prototypes.squared(places)
            strangeness[own] = np.sqrt(np.maximum(to_prototypes[own].min(axis=1), 0)) / prototypes.farthest
        return Measured(own_log_p, look.strangeness, to_head, to_prototypes, strangeness)

    def _nearest_of_head(self, view: View, places: np.ndarray) -> np.ndarray:
        """Return the nearest centre and the nearest direction of gravity that the head was trained on, placed."""
        nearest, _ = view.space.nearest(places[:, :-3])
        directions = UP_WEIGHT * self.head.gravity.directions.astype(np.float64)
        direction = directions[(places[:, -3:] @ directions.T).argmax(axis=1)]
        return np.hstack([view.space.centres[nearest].astype(np.float64), direction])

    def weigh(self, measured: Measured) -> tuple[np.ndarray, np.ndarray]:
        """Return what `judge` does, of what was measured."""
        numbers = {name: number for number, name in enumerate(self.activities)}
        votes = np.full((len(measured.to_head), len(numbers)), -np.inf)
        half = self.scale / 2
        if self.keeps_old:
            votes[:, : measured.own_log_p.shape[1]] = measured.own_log_p - half * measured.to_head[:, None]
        for nth, name in enumerate(self.learned):
            column = numbers[name]
            votes[:, column] = np.logaddexp(votes[:, column], -half * measured.to_prototypes[:, nth])
        log_p = votes - np.logaddexp.reduce(votes, axis=1, keepdims=True)
        strangeness = measured.strangeness
        if self.keeps_old:
            strangeness = np.minimum(strangeness, measured.own_strangeness)
        return np.maximum(log_p, LEAST_LOG_P), strangeness


@dataclass(frozen=True)
class Measured:
    """What the experts say of windows."""

    own_log_p: np.ndarray
    """The head's, [window, activity of the head]."""
    own_strangeness: np.ndarray
    """Likewise, [window]."""
    to_head: np.ndarray
    """Squared distance to the nearest that the head was trained on, [window]."""
    to_prototypes: np.ndarray
    """Squared distances, [window, prototype]."""
    strangeness: np.ndarray
    """Distance to the nearest prototype over its limit, [window]."""

    @classmethod
    def joined(cls, parts: list[Measured]) -> Measured:
        """Return what was said of several sets of windows, one after the other."""
        names = [one.name for one in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True)
class AdaptedLook(Look):
    """What the head that was adapted sees in windows, and what its prototypes do."""

    measured: Measured = field(kw_only=True)

    def strangeness_at(self, place: int | None) -> np.ndarray:  # noqa: ARG002 - prototypes know no places
        """Return how far each window is from all that was learned, wherever that was."""
        return self.strangeness


def placed(view: View, motion: Motion) -> np.ndarray:
    """Return where windows lie: whitened features, and the direction of gravity, which tells postures of one's own."""
    return np.hstack([view.space.whitened(motion.features), UP_WEIGHT * motion.up.astype(np.float64)])


def _squared_lengths(vectors: np.ndarray) -> np.ndarray:
    return np.asarray((vectors**2).sum(axis=1))


def is_adapted(folder: Path) -> bool:
    """Return whether a folder is what `llasa adapt` writes."""
    return (folder / ADAPTED_FILE).is_file()


def save_adapted(adapted: AdaptedHead, checkpoint: Path, folder: Path) -> None:
    """Write the folder, whole or not at all; what was there before is replaced.

    Args:
        adapted: what was learned.
        checkpoint: whose head it stands on; named, not copied.
        folder: where it appears.

    Raises:
        RunError: the disk is full.
    """
    views = {"both": adapted.both, "acceleration": adapted.acceleration}
    about = {
        "schema": SCHEMA,
        "llasa": __version__,
        "checkpoint": _reference(checkpoint),
        "learned": list(adapted.learned),
        "keeps_old": adapted.keeps_old,
        "threshold": adapted.threshold,
        "scale": adapted.scale,
        "farthest": {name: one.farthest for name, one in views.items() if one is not None},
        "about": adapted.about,
    }
    tensors = {
        f"{name}.{key}": np.ascontiguousarray(getattr(one, key), np.float32)
        for name, one in views.items()
        if one is not None
        for key in ("centres", "metric", "allowance")
    }
    with written_whole(folder) as beside:
        (beside / BASE).mkdir(parents=True)
        save_head(adapted.head, beside / BASE)
        (beside / TENSORS_FILE).write_bytes(save(tensors))
        (beside / ADAPTED_FILE).write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_adapted(folder: Path) -> AdaptedHead | None:
    """Return what `llasa adapt` wrote into a folder; None where it is another folder.

    Raises:
        ModelError: it is damaged.
    """
    if not is_adapted(folder):
        return None
    head = read_head(folder / BASE)
    if head is None:
        raise ModelError("the adapted folder lacks base/head.safetensors", where=folder, fix=_AGAIN)
    about = _about(folder)
    try:
        with safe_open(folder / TENSORS_FILE, framework="numpy") as opened:
            arrays = {name: opened.get_tensor(name).astype(np.float64) for name in opened.keys()}  # noqa: SIM118
        found = AdaptedHead(
            head,
            _prototypes("both", arrays, about, head.both) if "both" in about["farthest"] else None,
            _prototypes("acceleration", arrays, about, head.acceleration),
            float(about["scale"]),
            tuple(about["learned"]),
            bool(about["keeps_old"]),
            float(about["threshold"]),
            dict(about["about"]),
        )
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"the adapted folder cannot be read: {str(error).splitlines()[0]}", where=folder, fix=_AGAIN
        ) from error
    return found


def read_any_head(folder: Path) -> WindowHead | AdaptedHead | None:
    """Return the head of a checkpoint, or of what was adapted from one; None where a checkpoint has none.

    Raises:
        ModelError: it is damaged.
    """
    return read_adapted(folder) or read_head(folder)


def checkpoint_behind(folder: Path) -> Path:
    """Return the checkpoint that an adapted folder goes with; any other folder is returned as it is.

    Raises:
        ModelError: it is not where it was.
    """
    if not is_adapted(folder):
        return folder
    reference = _about(folder)["checkpoint"]
    if "shipped" in reference:
        found = shipped(str(reference["shipped"]))
        if found is not None:
            return found
    elif Path(reference["path"]).is_dir():
        return Path(reference["path"])
    where = reference.get("path") or f"the checkpoint shipped as {reference['shipped']}"
    raise ModelError(
        f"the checkpoint behind this folder is gone: {where}",
        where=folder / ADAPTED_FILE,
        fix="put it back, or correct `checkpoint` in the file; `llasa timeline` does without it",
    )


def unknown_to_lm(folder: Path) -> str | None:
    """Return a sentence on what the LM behind an adapted folder has not learned; None for any other folder.

    Raises:
        ModelError: the folder is damaged.
    """
    adapted = read_adapted(folder)
    if adapted is None:
        return None
    names = ", ".join(dict.fromkeys(adapted.learned))
    return (
        f"the LM has not learned {names} from {folder.name}: it answers as the checkpoint behind it; "
        "`llasa timeline` names them"
    )


def _prototypes(name: str, arrays: dict[str, np.ndarray], about: dict[str, Any], view: View) -> Prototypes:
    centres, metric = arrays[f"{name}.centres"], arrays[f"{name}.metric"]
    n_features = len(view.space.shift) + 3
    allowance, n = arrays[f"{name}.allowance"], len(about["learned"])
    if (centres.shape, metric.shape, allowance.shape) != ((n, n_features), (n_features, n_features), (n,)):
        raise ValueError("its arrays do not fit each other")
    return Prototypes(centres, metric, float(about["farthest"][name]), allowance)


def _reference(checkpoint: Path) -> dict[str, str]:
    """Return how a checkpoint is found again: a shipped one by name, wherever the package lies then."""
    place = checkpoint.resolve()
    return {"shipped": place.name} if place.parent == SHIPPED.resolve() else {"path": str(place)}


def _about(folder: Path) -> dict[str, Any]:
    try:
        about = dict(json.loads((folder / ADAPTED_FILE).read_text(encoding="utf-8")))
        if about["schema"] != SCHEMA or not ({"shipped", "path"} & set(about["checkpoint"])):
            raise ValueError("another version wrote it")  # noqa: TRY301 - told below, as any damage
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{ADAPTED_FILE} cannot be read: {str(error).splitlines()[0]}", where=folder / ADAPTED_FILE, fix=_AGAIN
        ) from error
    return about
