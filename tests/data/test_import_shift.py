from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from samples import foreign_qa

from llasa_core.data.importers.shift import Pair, Shift, ShiftEvidence, realigned

if TYPE_CHECKING:
    from collections.abc import Sequence

N_WINDOWS = 40


def groups(*, is_shifted: bool = False) -> list[list[Pair]]:
    """Return the pairs of each window, as a parser makes them."""
    parse = foreign_qa.parsed_as_published if is_shifted else foreign_qa.parsed_rightly
    texts = [foreign_qa.as_text(foreign_qa.pairs(nth)) for nth in range(N_WINDOWS)]
    return [[Pair(f"{nth}_{at}", *pair) for at, pair in enumerate(parse(text))] for nth, text in enumerate(texts)]


def verdict(every: Sequence[Sequence[Pair]]) -> Shift:
    evidence = ShiftEvidence()
    for pairs in every:
        evidence.add(pairs)
    return evidence.verdict()


def said(pairs: Sequence[Pair]) -> list[tuple[str, str]]:
    return [(pair.question, pair.answer) for pair in pairs]


def put_right(every: Sequence[Sequence[Pair]]) -> list[list[tuple[str, str]]]:
    shift = verdict(every)
    return [said([pair for pair, _ in realigned(pairs, shift).pairs]) for pairs in every]


def test_a_right_file_is_left_as_it_is():
    every = groups()

    assert verdict(every).by == 0
    assert put_right(every) == [said(pairs) for pairs in every]


def test_the_published_parser_pairs_each_answer_with_the_next_question():
    pairs = groups(is_shifted=True)[0]
    right = groups()[0]

    assert [pair.question for pair in pairs] == [pair.question for pair in (*right[1:], right[-1])]
    assert [pair.answer for pair in pairs] == [pair.answer for pair in right]


def test_what_the_published_parser_shifted_is_put_back_but_for_the_first_pair():
    every = groups(is_shifted=True)

    assert verdict(every).is_published
    assert put_right(every) == [said(pairs[1:]) for pairs in groups()]


def test_a_shift_is_seen_by_the_words_where_somebody_removed_the_repeated_question():
    every = [pairs[:-1] for pairs in groups(is_shifted=True)]

    assert not verdict(every).is_published
    assert verdict(every).by == 1
    assert put_right(every) == [said(pairs[1:-1]) for pairs in groups()]


def test_where_the_other_one_was_removed_its_right_pair_stays():
    every = [[*pairs[:-2], pairs[-1]] for pairs in groups(is_shifted=True)]

    assert put_right(every) == [[*said(pairs[1:-2]), said(pairs)[-1]] for pairs in groups()]


def test_answers_that_stand_too_early_are_put_back():
    every = [[Pair(one.id, one.question, other.answer) for one, other in pairwise(pairs)] for pairs in groups()]

    assert verdict(every).by == -1
    assert put_right(every) == [said(pairs[1:-1]) for pairs in groups()]


def test_windows_that_somebody_put_right_stay_right():
    every = [groups()[nth] if nth % 4 == 0 else pairs[:-1] for nth, pairs in enumerate(groups(is_shifted=True))]
    found = put_right(every)

    assert verdict(every).by == 1
    assert found[0] == said(groups()[0])
    assert found[1] == said(groups()[1][1:-1])


def test_an_answer_whose_question_was_in_a_missing_item_is_dropped():
    every = [[*pairs[:2], *pairs[3:]] for pairs in groups(is_shifted=True)]
    shift = verdict(every)

    found = realigned(every[0], shift)

    right = groups()[0]
    assert said([pair for pair, _ in found.pairs]) == [said(right)[1], said(right)[4]]
    assert found.dropped == [
        "answers of a shifted file whose question is not in it",
        "answers of a shifted file whose question was in an item that is missing",
    ]


def test_an_answer_that_fits_no_question_is_dropped_from_a_shifted_file():
    found = realigned([Pair("0_0", "Why?", "So."), Pair("0_1", "How?", "Thus.")], verdict(groups(is_shifted=True)))

    assert found.pairs == []
    assert found.dropped == ["answers of a shifted file whose question cannot be told"] * 2


@pytest.mark.parametrize("n_windows", [1, 2])
def test_a_few_pairs_without_the_sign_are_no_evidence(n_windows: int):
    assert verdict([pairs[:-1] for pairs in groups(is_shifted=True)][:n_windows]).by == 0


def test_one_question_asked_twice_is_no_shift():
    every = [[*pairs, Pair("again", pairs[-1].question, "It cannot be told.")] for pairs in groups()]

    assert verdict(every).by == 0
