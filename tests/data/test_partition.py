"""Folds of people, and datasets or activities left out: nobody is on two sides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llasa_core.data.partition import AS_PREPARED, Parting, fold_of, partition
from llasa_core.data.split import SPLITS, person_of, split_of
from llasa_core.errors import DataError

PEOPLE = [
    *(f"hapt/{number:02d}" for number in range(1, 31)),
    *(f"har/{number:02d}" for number in range(1, 31)),
    *(f"motionsense/{number}" for number in range(1, 25)),
    *(f"mine/{name}" for name in ("Ada", "Bo", "Cy")),
]
ACTIVITIES = ["walking", "sitting", "lying", "biking"]


def manifest(people: list[str] = PEOPLE) -> dict[str, Any]:
    return {
        "splits": {split: [name for name in people if split_of(name) == split] for split in SPLITS},
        "activities": ACTIVITIES,
        "sources": [{"name": "a", "activities": {"walking": 3, "lying": 2}}, {"name": "b", "activities": {}}],
    }


def parted(people: list[str] = PEOPLE, **parting: str) -> dict[str, list[str]]:
    return dict(partition(manifest(people), Parting(**parting), Path("data")).people)


def test_nothing_asked_for_leaves_the_prepared_splits():
    assert partition(manifest(), AS_PREPARED, Path("data")).people == manifest()["splits"]


@pytest.mark.parametrize("parting", [*({"fold": f"{number}/5"} for number in range(1, 6)), {"leave_out": "hapt"}])
def test_nobody_is_in_two_splits(parting: dict[str, str]):
    splits = parted(**parting)
    persons = {split: {person_of(name) for name in names} for split, names in splits.items()}

    assert all(splits.values())
    assert not persons["train"] & persons["test"]
    assert not persons["train"] & persons["val"]
    assert not persons["val"] & persons["test"]


def test_everybody_is_tested_in_one_fold():
    folds = [parted(fold=f"{number}/5")["test"] for number in range(1, 6)]

    assert sorted(name for fold in folds for name in fold) == sorted(PEOPLE)
    assert max(map(len, folds)) - min(map(len, folds)) <= 6  # of 57 persons, 30 of whom have two names


def test_each_fold_has_its_part_of_each_dataset():
    for number in range(1, 6):
        tested = parted(fold=f"{number}/5")["test"]
        assert len([name for name in tested if name.startswith("hapt/")]) == 6
        assert len([name for name in tested if name.startswith("motionsense/")]) in (4, 5)


def test_an_eighth_of_the_others_validates():
    splits = parted([name for name in PEOPLE if name.startswith("motionsense")], fold="1/4")

    assert [len(splits[split]) for split in SPLITS] == [16, 2, 6]


def test_two_left_are_enough_for_both():
    assert [len(names) for names in parted(["a/1", "a/2", "a/3"], fold="1/3").values()] == [1, 1, 1]


def test_a_dataset_left_out_is_the_test_and_its_people_are_nowhere_else():
    splits = parted(leave_out="hapt")

    assert splits["test"] == [name for name in PEOPLE if name.startswith("hapt/")]
    assert not [name for names in splits.values() for name in names if name.startswith("har/")]  # the same people
    assert len(splits["train"]) + len(splits["val"]) == 27


def test_an_activity_left_out_leaves_people_where_they_are():
    found = partition(manifest(), Parting(leave_out="lying"), Path("data"))

    assert found.people == manifest()["splits"]
    assert found.unseen_activity == "lying"


def test_what_is_not_there_cannot_be_left_out():
    with pytest.raises(DataError) as caught:
        partition(manifest(), Parting(leave_out="biking"), Path("data"))

    assert str(caught.value) == (
        "there is no dataset and no activity `biking` to leave out\n"
        "  where: data\n"
        "  fix:   set `data.leave_out` to one of hapt, har, mine, motionsense, walking, lying"
    )


def test_there_are_no_more_folds_than_people():
    with pytest.raises(DataError, match="2 people cannot be dealt out to 3 folds"):
        parted(["a/1", "a/2"], fold="1/3")


@pytest.mark.parametrize("text", ["0/5", "6/5", "1/1", "1", "a/b", "1/5/2"])
def test_a_fold_is_one_of_several(text: str):
    with pytest.raises(ValueError, match="is no fold"):
        fold_of(text)
