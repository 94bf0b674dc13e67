from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from llasa_core.data.qa import QaItem, Turn, WindowRef, write_qa
from llasa_core.evaluate.open_ended.items import SHARES, choose_items, plain_question, shared_out, single_questions

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.data.store import WindowStore


def ask(store: WindowStore, kinds: tuple[str, ...] = (*SHARES, "activity")) -> None:
    """Write a test split with ten questions of every kind for each of three people, and a conversation."""
    items = []
    for person in range(3):
        for kind in kinds:
            for nth in range(10):
                turns = (Turn("human", f"<sensor>\nWhat about {nth}?"), Turn("gpt", "So."))
                items.append(QaItem(f"{person}/{kind}-{nth}", _REF, kind, f"made/0{6 + person}", turns))  # type: ignore[arg-type]
        turns = (Turn("human", "<sensor>\nA?"), Turn("gpt", "A."), Turn("human", "B?"), Turn("gpt", "B."))
        items.append(QaItem(f"{person}/talk", _REF, "fact", f"made/0{6 + person}", turns))
    write_qa(store.folder / "qa-test.json", items)


_REF = (WindowRef("windows-00000.h5", 7),)


def test_a_choice_has_its_share_of_every_kind_and_of_every_person(make_data: Callable[..., WindowStore]):
    store = make_data()
    ask(store)
    chosen = choose_items(store, "test", 39, seed=7)

    assert Counter(item.kind for item in chosen) == {kind: 3 * share for kind, share in SHARES.items()}
    assert set(Counter(item.subject for item in chosen).values()) <= {12, 13, 14}
    assert all(item.turns[0].speaker == "human" and len(item.turns) == 1 for item in chosen)
    assert chosen[0].rows == (7,)


def test_the_same_seed_gives_the_same_choice_and_a_larger_one_holds_a_smaller(make_data: Callable[..., WindowStore]):
    store = make_data()
    ask(store)
    ids = [{item.id for item in choose_items(store, "test", n, seed=7)} for n in (10, 10, 40, 170)]

    assert ids[0] == ids[1] < ids[2] < ids[3]
    assert ids[0] != {item.id for item in choose_items(store, "test", 10, seed=8)}


def test_without_a_limit_all_single_questions_of_open_kinds_are_asked(make_data: Callable[..., WindowStore]):
    store = make_data()
    ask(store)

    assert len(choose_items(store, "test", None, seed=7)) == 180
    assert len(single_questions(store, "test")) == 210


def test_a_folder_without_questions_has_none(make_data: Callable[..., WindowStore]):
    assert choose_items(make_data(), "test", 60, seed=7) == []


@pytest.mark.parametrize(
    ("total", "there", "counts"),
    [
        (6, {"a": 9, "b": 9}, {"a": 4, "b": 2}),
        (6, {"a": 1, "b": 9}, {"a": 1, "b": 5}),
        (6, {"a": 1, "b": 2}, {"a": 1, "b": 2}),
        (0, {"a": 1, "b": 2}, {"a": 0, "b": 0}),
    ],
)
def test_what_one_kind_lacks_goes_to_the_others(total: int, there: dict[str, int], counts: dict[str, int]):
    assert shared_out(total, {"a": 2, "b": 1}, there) == counts


def test_a_question_is_shown_without_its_placeholders():
    assert plain_question("Part 1: <sensor>\nPart 2: <sensor>\nWhat happens?") == "What happens?"
    assert plain_question("What happens?") == "What happens?"
