"""Random choices that a seed and a name decide."""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


class Draw:
    """A stream of choices of its own for each name, so that the order of windows changes nothing.

    Only `random()` is used: it alone is promised to give the same numbers in every version of Python.
    """

    def __init__(self, seed: int, name: str) -> None:
        digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()
        self._random = random.Random(int.from_bytes(digest, "big")).random  # noqa: S311 - no secret depends on it

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self._random() < probability

    def one(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        return options[int(self._random() * len(options))]

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """Return so many different options, or all if there are fewer."""
        return self.shuffled(options)[:count]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """Return the options in another order."""
        return sorted(options, key=lambda _: self._random())
