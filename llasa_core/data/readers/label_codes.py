"""What the label codes of a published dataset mean; `--label-map` wins over it, by code or by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.data.labels import Dropped, activity_of
from llasa_core.errors import Place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from llasa_core.data.labels import Meaning


@dataclass(frozen=True)
class Code:
    """One label of a dataset."""

    name: str
    """As its documentation calls it."""
    meaning: Meaning


def outside(name: str) -> Code:
    """Return a label for something that is done, and that no activity of ours is."""
    return Code(name, Dropped(f'label "{name}" is none of the activities'))


STAIRS = Code("stairs", Dropped('label "stairs" says no direction'))


def meaning_of(code: str, known: Mapping[str, Code], label_map: Sequence[tuple[str, str]], where: Place) -> Meaning:
    """Return what a code means: an activity, nothing that a window is made of, or that nobody said.

    Args:
        code: as it stands in the file; one that is not known may still be a plain word such as `walking`.
        known: by code.
        label_map: pairs (code or name, activity), which win.
        where: for messages.

    Raises:
        DataError: the code is not known.
    """
    told = {label.strip().casefold() for label, _ in label_map}
    entry = known.get(code)
    for word in (code, entry.name) if entry else ():
        if word.casefold() in told:
            return activity_of(word, label_map, where)
    return entry.meaning if entry else activity_of(code, label_map, where)


class CodeBook:
    """Numbers the labels that are met, as `Track.codes` holds them; `meanings` has what each stands for."""

    def __init__(self, known: Mapping[str, Code], label_map: Sequence[tuple[str, str]]) -> None:
        self.meanings: list[Meaning] = [None]
        self._known = known
        self._label_map = label_map
        self._numbers: dict[str, int] = {"": 0}

    def number_of(self, code: str, where: Place) -> int:
        """Return the number of a code; 0 is that of none.

        Raises:
            DataError: the code is not known.
        """
        if code not in self._numbers:
            self.meanings.append(meaning_of(code, self._known, self._label_map, where))
            self._numbers[code] = len(self.meanings) - 1
        return self._numbers[code]

    def numbers_of(self, codes: np.ndarray, lines: np.ndarray, file: Path, column: int) -> np.ndarray:
        """Return the number of each row's code: int32 [row].

        Args:
            codes: [row], whole numbers as float64, or texts; NaN and None are no label.
            lines: int64 [row], for messages; so are `file` and `column`, from 1.
            file: see above.
            column: see above.

        Raises:
            DataError: a code is not known.
        """
        if codes.dtype == object:
            words = [(word or "").strip() for word in codes]
            first = {word: row for row, word in reversed(list(enumerate(words)))}
            number = {word: self.number_of(word, Place(file, int(lines[row]), column)) for word, row in first.items()}
            return np.fromiter(map(number.__getitem__, words), np.int32, len(words))
        values, rows, inverse = np.unique(codes, return_index=True, return_inverse=True, equal_nan=True)
        places = (Place(file, int(lines[row]), column) for row in rows)
        numbers = [self.number_of(_text(value), place) for value, place in zip(values, places, strict=True)]
        return np.array(numbers, np.int32)[inverse]


def _text(value: float) -> str:
    return "" if np.isnan(value) else f"{value:g}"
