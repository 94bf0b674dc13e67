from __future__ import annotations

import pytest

from llasa_core.data.labels import activity_of
from llasa_core.errors import DataError, Place

WHERE = Place("walk.csv", 7, 8)
ACTIVITIES = "walking, climbing stairs, descending stairs, sitting, standing, lying, jogging, biking"


@pytest.mark.parametrize(
    ("word", "activity"),
    [
        ("walking", "walking"),
        ("WLK", "walking"),
        (" Climbing_Stairs ", "climbing stairs"),
        ("stairs-down", "descending stairs"),
        ("Laying", "lying"),
        ("running", "jogging"),
        ("", None),
        ("null", None),
    ],
)
def test_words_for_an_activity_are_known(word: str, activity: str | None):
    assert activity_of(word, (), WHERE) == activity


def test_a_map_gives_other_words_a_meaning():
    label_map = (("A", "walking"), ("trans", "unknown"), ("b", "sit"))

    assert [activity_of(word, label_map, WHERE) for word in ("a", "trans", "B")] == ["walking", None, "sitting"]


def test_unknown_words_are_refused_by_name():
    def refusal(word: str) -> str:
        with pytest.raises(DataError) as caught:
            activity_of(word, (), WHERE)
        return str(caught.value)

    def fix(word: str) -> str:
        told = f'pass `--label-map "{word}=ACTIVITY"`, with one of {ACTIVITIES}, or unknown'
        return f"\n  where: walk.csv:7:8\n  fix:   {told}"

    assert refusal("upsatirs") == 'unknown label "upsatirs"; did you mean "climbing stairs"?' + fix("upsatirs")
    assert refusal("swimming") == 'unknown label "swimming"' + fix("swimming")
    assert refusal("stairs") == 'unknown label "stairs", which says no direction' + fix("stairs")


def test_a_word_of_ones_own_is_an_activity_where_new_ones_are_taken():
    def meaning(word: str, *label_map: tuple[str, str]) -> str | None:
        return activity_of(word, label_map, WHERE, takes_new=True)

    assert meaning(" Vacuum_Cleaning ") == "vacuum cleaning"
    assert meaning("wlk") == "walking"
    assert meaning("null") is None
    assert meaning("stairs", ("stairs", "Stairs")) == "stairs"
    for slip in ("upsatirs", "stairs", "3"):
        with pytest.raises(DataError, match="unknown label"):
            meaning(slip)
