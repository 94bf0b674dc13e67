"""Split by subject, so that no person is in two splits."""

from __future__ import annotations

import hashlib
from typing import Literal

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")

TEST_PEOPLE = {
    "hapt": frozenset({3, 6, 10, 13, 18, 21, 25, 29}),
    "motionsense": frozenset({2, 6, 10, 14, 18, 22}),
}
"""Fixed for the sets that results are compared on; a forest's accuracy depends on who is among them."""
SAME_PEOPLE = {"har": "hapt"}
"""Sets of the same people under the same numbers as another's: who is in the test of one must not train the other."""
TEST_SHARE, VAL_SHARE = 0.2, 0.1


def split_of(subject: str) -> Split:
    """Return the split of a person, the same whatever else is prepared with them.

    Args:
        subject: `dataset/name`, such as `hapt/03`.
    """
    person = person_of(subject)
    draw = draw_of(person)
    dataset, _, name = person.partition("/")
    if dataset in TEST_PEOPLE:
        if name.isdecimal() and int(name) in TEST_PEOPLE[dataset]:
            return "test"
        return "val" if draw < VAL_SHARE / (1 - TEST_SHARE) else "train"
    if draw < TEST_SHARE:
        return "test"
    return "val" if draw < TEST_SHARE + VAL_SHARE else "train"


def person_of(subject: str) -> str:
    """Return who a subject is: `har/03` and `hapt/03` are the same person."""
    dataset, _, name = subject.partition("/")
    return f"{SAME_PEOPLE.get(dataset, dataset)}/{name}" if name else subject


def draw_of(person: str) -> float:
    """Return a number in [0, 1) that is the person's own on every machine (Python's `hash` changes by run)."""
    return int.from_bytes(hashlib.sha256(person.encode()).digest()[:8], "big") / 2**64
