"""From the words of a file to the activities of the one vocabulary; what is unknown is refused by name."""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from llasa_core.data.activities import ACTIVITIES
from llasa_core.data.recording import Segment
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.errors import Place

SYNONYMS = {
    "walking": "walk wlk",
    "climbing stairs": "upstairs stairsup ups walkingupstairs climbingup goingupstairs stairup",
    "descending stairs": "downstairs stairsdown dws walkingdownstairs climbingdown goingdownstairs stairdown",
    "sitting": "sit",
    "standing": "stand std",
    "lying": "lie laying lyingdown lay layingdown",
    "jogging": "jog run running",
    "biking": "bike cycling bicycling cycle",
}
"""Other words that mean one activity and no other; "stairs" is none, since it says no direction."""
NO_ACTIVITY = ("", "unknown", "null", "none", "nan", "other", "unlabeled", "unlabelled", "transition")
"""Words for stretches that nobody labelled."""
_ACTIVITY_OF = {
    _word: activity
    for activity in ACTIVITIES
    for _word in (activity.replace(" ", ""), *SYNONYMS.get(activity, "").split())
}


def activity_of(
    word: str, label_map: Sequence[tuple[str, str]], where: Place, *, takes_new: bool = False
) -> str | None:
    """Return the activity that a label means, None where it means that nobody said.

    Args:
        word: as the file writes it.
        label_map: pairs (label in the file, activity or another word for it), which win.
        where: for messages.
        takes_new: a word that is not known is an activity of its own, unless it looks like a slip of the pen; what
            `label_map` says is none.

    Raises:
        DataError: the word is not known.
    """
    meaning_of = {label.strip().casefold(): meaning for label, meaning in label_map}
    told = meaning_of.get(word.strip().casefold(), word)
    flat = "".join(letter for letter in told.casefold() if letter.isalnum())
    if flat in _ACTIVITY_OF:
        return _ACTIVITY_OF[flat]
    if flat in NO_ACTIVITY:
        return None
    close = difflib.get_close_matches(flat, _ACTIVITY_OF, n=1, cutoff=0.75)
    meant = f'; did you mean "{_ACTIVITY_OF[close[0]]}"?' if close else ""
    if flat == "stairs":
        meant = ", which says no direction"
    is_meant = not meant or word.strip().casefold() in meaning_of
    if takes_new and is_meant and any(map(str.isalpha, flat)):
        return _as_name(told)
    own = f'; or `"{word.strip()}={word.strip()}"` for an activity of its own' if takes_new else ""
    raise DataError(
        f'unknown label "{told.strip()}"{meant}',
        where=where,
        fix=f'pass `--label-map "{word.strip()}=ACTIVITY"`, with one of {", ".join(ACTIVITIES)}, or unknown{own}',
    )


def _as_name(label: str) -> str:
    """Return a label as activities are written: `Vacuum_Cleaning ` is vacuum cleaning."""
    return " ".join(label.casefold().replace("_", " ").split())


@dataclass(frozen=True)
class Dropped:
    """What a label means that is in no window: what was done is known, and no activity of the vocabulary."""

    reason: str
    """For the report: `transition between postures`, `label "stairs" says no direction`."""


Meaning: TypeAlias = "str | Dropped | None"
"""What a label means: an activity, nothing that a window is made of, or that nobody said."""


def segments_of(
    codes: np.ndarray, meanings: Sequence[Meaning]
) -> tuple[tuple[Segment, ...], tuple[tuple[str, int], ...]]:
    """Return the stretches of one label each, and (reason, samples) of what is dropped.

    Args:
        codes: int [time], positions in `meanings`.
        meanings: what each code stands for.
    """
    changes = np.flatnonzero(np.diff(codes)) + 1
    segments: list[Segment] = []
    dropped: Counter[str] = Counter()
    for start, end in zip((0, *changes.tolist()), (*changes.tolist(), len(codes)), strict=True):
        meaning = meanings[codes[start]]
        if isinstance(meaning, Dropped):
            dropped[meaning.reason] += end - start
        elif segments and segments[-1].end == start and segments[-1].activity == meaning:
            segments[-1] = Segment(segments[-1].start, end, meaning)  # two words for one activity
        else:
            segments.append(Segment(start, end, meaning))
    return tuple(segments), tuple(dropped.items())
