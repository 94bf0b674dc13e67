"""Who trains, validates and is tested: as the data was prepared, by folds of people, or with something left out."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from llasa_core.data.split import SPLITS, VAL_SHARE, Split, draw_of, person_of
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FOLD = re.compile(r"([1-9][0-9]{0,2})/([1-9][0-9]{0,2})")


class Parting(NamedTuple):
    """Another partition than that of `prepare-data`; one of them, or neither."""

    fold: str | None = None
    """`2/5`: the second of five parts of the people is the test."""
    leave_out: str | None = None
    """A dataset, all of which is the test; or an activity, of which no window trains."""


AS_PREPARED = Parting()


class Partition(NamedTuple):
    """What a partition makes of a data folder."""

    people: dict[Split, list[str]]
    """Subjects by split; who is in none is in no split."""
    unseen_activity: str | None = None
    """The one whose windows neither train nor validate."""


def fold_of(text: str) -> tuple[int, int]:
    """Return which fold of how many: `2/5` -> (2, 5).

    Raises:
        ValueError: it is no fold, or there is none with this number.
    """
    found = FOLD.fullmatch(text)
    number, folds = (int(found[1]), int(found[2])) if found else (0, 0)
    if folds < 2 or not 1 <= number <= folds:  # noqa: PLR2004 - the other fold trains
        raise ValueError(f"`{text}` is no fold: write `1/5` to `5/5` for five folds of the people")
    return number, folds


def partition(manifest: Mapping[str, Any], parting: Parting, folder: Path) -> Partition:
    """Return who is in which split.

    Whoever is the same person in two datasets is in one split or in none. Of those who are not tested, the eighth that
    draws lowest validates, and one at least where two are left: the draw is the one by which `prepare-data` splits.

    Args:
        manifest: of the data folder.
        parting: what is asked for.
        folder: for errors.

    Raises:
        DataError: there are fewer people than folds, or nothing of the name is there to leave out.
    """
    splits: dict[Split, list[str]] = {split: list(manifest["splits"].get(split, ())) for split in SPLITS}
    if parting == AS_PREPARED:
        return Partition(splits)
    people = sorted(name for split in SPLITS for name in splits[split])
    if parting.fold is not None:
        return Partition(_by_fold(people, *fold_of(parting.fold), folder))
    name = str(parting.leave_out)
    datasets = {_dataset_of(person) for person in people}
    if name in datasets:
        return Partition(_without_dataset(people, name))
    activities = _held(manifest)
    if name in activities:
        return Partition(splits, unseen_activity=name)
    raise DataError(
        f"there is no dataset and no activity `{name}` to leave out",
        where=folder,
        fix=f"set `data.leave_out` to one of {', '.join([*sorted(datasets), *activities])}",
    )


def _by_fold(people: Sequence[str], number: int, folds: int, folder: Path) -> dict[Split, list[str]]:
    """Deal the persons of one dataset after the other out, each in the order of their draw."""
    of_dataset: dict[str, set[str]] = defaultdict(set)
    for name in people:
        of_dataset[_dataset_of(person_of(name))].add(person_of(name))
    n_persons = sum(map(len, of_dataset.values()))
    if n_persons < folds:
        raise DataError(
            f"{n_persons} people cannot be dealt out to {folds} folds",
            where=folder,
            fix=f"set `data.fold` to a fold of at most {n_persons}",
        )
    tested = set()
    first = 0
    for dataset in sorted(of_dataset):
        in_order = sorted(of_dataset[dataset], key=draw_of)
        tested |= {person for at, person in enumerate(in_order) if (first + at) % folds == number - 1}
        first += len(in_order)  # the next dataset goes on dealing, so that folds differ by one person at most
    return _rest_trains(people, tested)


def _without_dataset(people: Sequence[str], dataset: str) -> dict[Split, list[str]]:
    tested = {person_of(name) for name in people if _dataset_of(name) == dataset}
    elsewhere = [name for name in people if _dataset_of(name) != dataset and person_of(name) in tested]
    return _rest_trains([name for name in people if name not in elsewhere], tested)


def _rest_trains(people: Sequence[str], tested: set[str]) -> dict[Split, list[str]]:
    others = sorted({person_of(name) for name in people} - tested, key=draw_of)
    n_val = max(1, round(VAL_SHARE * len(others) / (1 - VAL_SHARE))) if len(others) > 1 else 0
    checked = set(others[:n_val])
    splits: dict[Split, list[str]] = {split: [] for split in SPLITS}
    for name in people:
        person = person_of(name)
        splits["test" if person in tested else "val" if person in checked else "train"].append(name)
    return splits


def _dataset_of(subject: str) -> str:
    return subject.partition("/")[0]


def _held(manifest: Mapping[str, Any]) -> list[str]:
    """Return the activities that windows of the folder have, in the vocabulary's order."""
    held = {name for source in manifest["sources"] for name in source.get("activities", manifest["activities"])}
    return [name for name in manifest["activities"] if name in held]
