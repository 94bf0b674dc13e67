from __future__ import annotations

from llasa_core.data.split import SPLITS, split_of


def test_the_test_people_of_known_sets_are_fixed():
    hapt = [user for user in range(1, 31) if split_of(f"hapt/{user:02d}") == "test"]
    motionsense = [user for user in range(1, 25) if split_of(f"motionsense/{user:02d}") == "test"]

    assert hapt == [3, 6, 10, 13, 18, 21, 25, 29]
    assert motionsense == [2, 6, 10, 14, 18, 22]


def test_validation_people_are_the_same_on_every_machine():
    assert [user for user in range(1, 31) if split_of(f"hapt/{user:02d}") == "val"] == [4, 12, 14, 23]


def test_other_people_are_split_by_their_own_name_alone():
    splits = [split_of(f"csv/recording {number}") for number in range(10_000)]

    shares = {split: splits.count(split) / len(splits) for split in SPLITS}
    assert abs(shares["test"] - 0.2) < 0.02
    assert abs(shares["val"] - 0.1) < 0.02
