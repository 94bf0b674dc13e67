"""How the device of a recording is worn: as in training, or turned; told by seconds in which the person was upright."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.channels import ACC
from llasa_core.errors import DataError, UsageError
from llasa_core.model.head import AS_LEARNED, Worn
from llasa_core.model.placing import likeliest_place
from llasa_core.model.tilt import STEADY_DEG, common_direction
from llasa_core.spelling import closest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llasa_core.model.head import Learned, Look, WindowHead
    from llasa_core.timeline.options import Upright
    from llasa_core.timeline.watched import Moments

FEWEST_WALKING = 3
"""Windows; fewer may be mistaken."""
SURE = 0.9
"""By motion alone."""
SAME_PLACE = 0.75
"""Of the limit of what is strange: a median over the windows in motion that is nearer tells that the device is worn at
a place of the body that was learned. It is for 22 people of HAPT whom the head had not seen, who wear it at the waist,
and for none of 18 people of MotionSense, who have it in a trouser pocket, where people sit tilted as others lie."""
MOSTLY_NEW = 0.4
"""Where nobody walks: with so large a share of still windows in which gravity comes from a new side, no side means what
it did in training. Not less, since some of 22 people sit or lie as nobody did of those learned from."""


def place_of(looks: Sequence[Look], head: WindowHead) -> int | None:
    """Return the number of the place that a device is surely worn at; None where nothing tells it.

    Motion tells it, which no turned device changes; where people only rest, where gravity comes from helps.

    Args:
        looks: of a whole recording.
        head: that looked.
    """
    if not looks or not head.places:
        return None
    placed = np.concatenate([look.placed for look in looks if look.placed is not None])
    strangeness, up = (np.concatenate([getattr(look, name) for look in looks]) for name in ("strangeness", "up"))
    by_motion = likeliest_place(placed, strangeness)
    if by_motion is not None:
        return by_motion
    return likeliest_place(placed + np.stack([one.gravity.familiarity(up) for one in head.places], axis=1), strangeness)


def told_place(name: str, head: WindowHead | None) -> int:
    """Return the number of the place of a name.

    Args:
        name: as somebody wrote it.
        head: None where a checkpoint has none.

    Raises:
        UsageError: the head has not learned this place, or has not kept places apart.
    """
    names = head.place_names if head is not None else ()
    if not names:
        raise UsageError(
            f'this checkpoint has not learned places of the body apart, so it has no use for the placement "{name}"',
            fix="leave out `--placement`",
        )
    known = [one.casefold() for one in names]
    wanted = " ".join(name.casefold().split())
    if wanted in known:
        return known.index(wanted)
    meant = closest(wanted, known)
    guess = f"; did you mean {names[known.index(meant)]}?" if meant is not None else ""
    raise UsageError(
        f'this checkpoint has not learned the placement "{name}"{guess}',
        fix=f"choose from: {', '.join(names)}; or leave out `--placement`, and each recording tells",
    )


def worn_in(looks: Sequence[Look], head: WindowHead, told: int | None = None) -> Worn:
    """Return where a device is worn, and how, from windows in which the person surely walks; else from those at rest.

    Args:
        looks: of a whole recording.
        head: that looked; where it has not learned to walk, only those at rest tell anything.
        told: number of the place, where somebody has said it.
    """
    if not looks:
        return Worn(place=told)
    place = place_of(looks, head) if told is None else told
    return replace(_worn_at([look.at(place) for look in looks], head.at(place), head.activities), place=place)


def _worn_at(looks: Sequence[Look], learned: Learned, activities: Sequence[str]) -> Worn:
    """Return how a device is worn, from looks by what was learned at its place."""
    up, strangeness = (np.concatenate([getattr(look, name) for look in looks]) for name in ("up", "strangeness"))
    by_motion = np.exp(np.concatenate([look.by_motion for look in looks]))
    is_moving = learned.gravity.group_of == 0
    upright = None
    if "walking" in activities:
        is_walking = (by_motion[:, activities.index("walking")] > SURE) & (strangeness <= 1)
        upright = common_direction(up[is_walking]) if is_walking.sum() >= FEWEST_WALKING else None
    if upright is None:
        at_rest = up[by_motion[:, ~is_moving].sum(axis=1) > SURE]
        is_new = len(at_rest) > 0 and (~learned.gravity.is_met(at_rest)).mean() > MOSTLY_NEW
        return Worn(is_as_learned=not is_new)
    if learned.gravity.is_worn_so(upright):
        return AS_LEARNED
    is_same_place = np.median(strangeness[(by_motion[:, is_moving] > SURE).any(axis=1)]) <= SAME_PLACE
    return Worn(upright=upright) if is_same_place and len(learned.tilts) else Worn(is_as_learned=False)


def worn_upright(moments: Moments, spans: Sequence[Upright], file: Path) -> Worn:
    """Return how a device is worn, from seconds in which the person was upright.

    Args:
        moments: of the recording.
        spans: on its clock.
        file: for messages.

    Raises:
        DataError: a span holds no samples, or gravity does not come from one side in them.
    """
    kept = []
    for span in spans:
        is_inside = (moments.start_s >= span.start_s - 1e-6) & (moments.start_s + moments.length_s <= span.end_s + 1e-6)
        if not is_inside.any():
            raise DataError(
                f"nothing was recorded in the upright seconds {span}",
                where=file,
                fix="name seconds of the recording in which the person stands or walks, such as `--upright 0:05-0:15`",
            )
        kept.append(moments.looks[is_inside][:, ACC].astype(np.float64))
    gravity = np.concatenate(kept)
    up = gravity / np.maximum(np.linalg.norm(gravity, axis=1, keepdims=True), 1e-9)
    upright = common_direction(up)
    if upright is None:
        raise DataError(
            f"in the upright seconds {', '.join(map(str, spans))} gravity comes from sides "
            f"that are further than {STEADY_DEG:g} degrees apart",
            where=file,
            fix="name seconds in which the person stands or walks and the device stays as it is",
        )
    return Worn(upright=upright)
