"""A checkpoint's light head and a handful of labelled windows to a head that knows more activities."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize_scalar

from llasa_core.adapt.held_out import estimate, hold_out
from llasa_core.adapt.labelled import read_labelled
from llasa_core.adapt.learning import learn
from llasa_core.data.counting import number_of
from llasa_core.data.windows import WindowConfig
from llasa_core.errors import DataError, ModelError
from llasa_core.model.adapted import AdaptedHead, is_adapted
from llasa_core.model.head import read_head
from llasa_core.model.sureness import UNFITTED_THRESHOLD, fit_threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from llasa_core.adapt.held_out import Estimate, HeldOut
    from llasa_core.adapt.labelled import Labelled
    from llasa_core.data.read_options import ReadOptions
    from llasa_core.model.head import WindowHead

FEWEST = 2
"""Windows of an activity: of one alone nobody could say whether it is named rightly."""
FEW = 5
"""Below so many, a word of warning."""
ENOUGH_TO_FIT = 40
"""Windows that were left out, from which on scale and threshold are fitted on them."""
SCALES = (1e-3, 0.5)
"""Between which the scale is looked for."""
FARTHEST_SHARE = 0.99
"""Of the windows that were left out, that count as like what was learned."""


@dataclass(frozen=True)
class Adapting:
    """How a checkpoint is adapted."""

    replace: bool = False
    """Know the activities of the windows only, and none of the checkpoint's own."""
    stride_s: float | None = None
    """From one window to the next; by default half a window."""
    allow_upsample: bool = False
    """Take recordings below the windows' rate."""


@dataclass(frozen=True)
class Adapted:
    """What came out."""

    head: AdaptedHead
    checkpoint: Path
    labelled: Labelled
    estimate: Estimate | None
    is_fitted: bool
    """Whether scale and threshold stand on windows that were left out."""

    @property
    def warnings(self) -> list[str]:
        """What should be known before anybody relies on it."""
        counts = {name: int((self.labelled.activity == name).sum()) for name in self.labelled.names}
        few = [f"{name} ({number_of(count, 'window')})" for name, count in counts.items() if count < FEW]
        warnings = (
            [f"few windows: {', '.join(few)}; record each activity for half a minute, more than once"] if few else []
        )
        if self.estimate is None:
            warnings.append("nothing could be left out and tested: how well it names windows is not known")
        elif self.estimate.unit in {"stretch", "part of a stretch"}:
            warnings.append(
                f"what was tested is another {self.estimate.unit} of the same recordings: another day, place on the "
                "body or person will be named worse"
            )
        return warnings


def adapt(
    checkpoint: Path,
    files: Sequence[Path],
    reading: ReadOptions,
    adapting: Adapting | None = None,
    progress: Callable[[float, str], None] = lambda _done, _words: None,
) -> Adapted:
    """Learn the activities of labelled recordings; nothing is written.

    Args:
        checkpoint: with a light head.
        files: recordings with labels.
        reading: where the labels stand.
        adapting: see there.
        progress: told how much was read, in percent, and what is at hand.

    Raises:
        ModelError: the checkpoint has no light head, or was adapted itself.
        DataError: a file cannot be read, or there are too few labelled windows.
    """
    adapting = adapting or Adapting()
    head = _head_of(checkpoint)
    config = WindowConfig(
        sampling_rate_hz=head.sampling_rate_hz,
        window_s=head.window_s,
        stride_s=adapting.stride_s or head.window_s / 2,
        allow_upsample=adapting.allow_upsample,
    )
    labelled = read_labelled(files, reading.model_copy(update={"new_activities": True}), config, progress)
    _check(labelled, files[0], head, adapting)
    motion = head.motion(labelled.windows)

    def fit(rows: np.ndarray) -> AdaptedHead:
        return learn(
            motion.part(rows),
            labelled.activity[rows],
            labelled.names,
            head,
            keeps_old=not adapting.replace,
            threshold=UNFITTED_THRESHOLD if adapting.replace else head.threshold,
        )

    held_out = hold_out(labelled, motion, head.window_s, fit)
    whole = fit(np.arange(len(labelled)))
    is_fitted = held_out.unit != "part of a stretch" and len(held_out.rows) >= ENOUGH_TO_FIT
    if len(held_out.rows):
        whole = _with_limit(whole, held_out)
    if is_fitted:
        whole = _fitted(whole, held_out, labelled)
    estimated = estimate(held_out, labelled, whole)
    whole = replace(whole, about=_about(labelled, head, estimated, is_fitted=is_fitted))
    return Adapted(whole, checkpoint, labelled, estimated, is_fitted)


def _head_of(checkpoint: Path) -> WindowHead:
    if is_adapted(checkpoint):
        raise ModelError(
            "this folder was adapted itself",
            where=checkpoint,
            fix="adapt the checkpoint behind it, with all labelled files at once",
        )
    head = read_head(checkpoint)
    if head is None:
        raise ModelError(
            "there is no light head here, on whose features a new activity could stand",
            where=checkpoint,
            fix="pass `--model` with a checkpoint that `llasa finetune` wrote: it adds a head to a finished run",
        )
    return head


def _check(labelled: Labelled, where: Path, head: WindowHead, adapting: Adapting) -> None:
    for name in labelled.names:
        count = int((labelled.activity == name).sum())
        if count < FEWEST:
            raise DataError(
                f"{number_of(count, 'window')} of {name}; at least {FEWEST} are needed, "
                f"{head.window_s * 1.5:g} s without a pause",
                where=where,
                fix=f'record {name} for longer, or leave its label out with `--label-map "{name}=unknown"`',
            )
    if adapting.replace and len(labelled.names) == 1:
        raise DataError(
            f"{labelled.names[0]} alone would be the answer to everything",
            where=where,
            fix="label a second activity too, or leave out `--replace`",
        )


def _with_limit(adapted: AdaptedHead, held_out: HeldOut) -> AdaptedHead:
    """Return it with a limit to what is strange that most windows left out keep, never narrower than the head's."""
    wider = max(1.0, float(np.quantile(held_out.measured.strangeness, FARTHEST_SHARE)))
    both, acceleration = (
        one and replace(one, farthest=one.farthest * wider) for one in (adapted.both, adapted.acceleration)
    )
    return replace(adapted, both=both, acceleration=acceleration or adapted.acceleration)


def _fitted(adapted: AdaptedHead, held_out: HeldOut, labelled: Labelled) -> AdaptedHead:
    """Return it with scale and threshold fitted on windows that were left out.

    The threshold of the head's own activities was fitted on people of its own; beside them it is never lowered.
    """
    number = {name: nth for nth, name in enumerate(adapted.activities)}
    truth = np.array([number[name] for name in labelled.activity[held_out.rows]])
    every = np.arange(len(truth))

    def scaled(log_scale: float) -> AdaptedHead:
        return replace(adapted, scale=float(np.exp(log_scale)))

    found = minimize_scalar(
        lambda log_scale: -scaled(log_scale).weigh(held_out.measured)[0][every, truth].mean(),
        bounds=tuple(np.log(SCALES)),
        method="bounded",
    )
    adapted = scaled(found.x)
    threshold = fit_threshold(adapted.weigh(held_out.measured)[0], truth)
    least = adapted.head.threshold if adapted.keeps_old else 0.0
    return replace(adapted, threshold=max(least, threshold))


def _people(person: np.ndarray) -> int | None:
    """Return how many there are; None where somebody is not named."""
    return len(np.unique(person)) if (person != "").all() else None


def _about(labelled: Labelled, head: WindowHead, estimated: Estimate | None, *, is_fitted: bool) -> dict[str, Any]:
    """Return what the folder remembers of its making."""
    activities = {}
    for name in labelled.names:
        own = labelled.activity == name
        activities[name] = {
            "windows": int(own.sum()),
            "stretches": len(np.unique(labelled.stretch[own])),
            "recordings": len(np.unique(labelled.recording[own])),
            "people": _people(labelled.person[own]),
            "is_new": name not in head.activities,
        }
    found: dict[str, Any] = {
        "windows": len(labelled),
        "recordings": len(np.unique(labelled.recording)),
        "people": _people(labelled.person),
        "learned": activities,
        "left_out_s": labelled.left_out,
        "fitted": is_fitted,
        "held_out": None,
    }
    if estimated is not None:
        interval = estimated.interval
        found["held_out"] = {
            "unit": estimated.unit,
            "windows": estimated.windows,
            "accuracy": round(estimated.accuracy, 4),
            "accuracy_ci": None if interval is None else [round(interval.low, 4), round(interval.high, 4)],
            "observations": estimated.observations,
        }
    return found
