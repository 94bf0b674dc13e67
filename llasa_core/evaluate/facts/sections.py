"""The suite's part of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.evaluate.facts.asked import title_of
from llasa_core.evaluate.facts.examples import worst_examples
from llasa_core.evaluate.facts.measuring import ANSWERED, CURVE
from llasa_core.evaluate.facts.summary import head_of, summary_rows
from llasa_core.evaluate.page.blocks import Bar, Bars, Chart, Line, Matrix, Section, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.facts.measuring import FactScore, Measures
    from llasa_core.evaluate.facts.result import FactsResult
    from llasa_core.evaluate.facts.tallies import Share
    from llasa_core.evaluate.page.blocks import Block

MOST_LINES = 4
"""Facts that have a tolerance curve of their own on the page; the JSON has all."""
_GUESS = "The guess looks at no window: the median of the training people's numbers, or what holds most often for them."


def sections_of(result: FactsResult) -> Sequence[Section]:
    """Return the part of the page about facts; one sentence where nothing was asked."""
    if not result.judged:
        return [Section("Facts", "The data folder holds no questions of this split.")]
    found = result.measures
    lead = (
        f"{len(result.judged):,} questions about {result.n_windows:,} windows of {result.n_people} people of the "
        f"{result.split} split. Every number and claim of the answers was read by a program and held against the "
        "signal and the labels, whatever the reference answer says."
    )
    chat = None if result.chat is None else result.chat.measures
    blocks: list[Block] = [
        Table(
            head_of(chat), summary_rows(found, chat), caption=" ".join([*(f"{one}." for one in result.notes), _GUESS])
        ),
        _bars("Numbers asked for: right within 10 % or their own rounding", _scores(found, is_number=True), 0.1),
        _bars("Words asked for: right", _scores(found, is_number=False), None),
        *_tolerance(found),
        _per_fact(found, chat),
        _per_kind(found),
        Matrix(
            "Which sensor was asked for, and which the answer speaks of",
            ["acceleration", "angular rate"],
            ["acceleration", "angular rate", "both", "neither"],
            found.sensors,
            row_label="asked",
            column_label="answered",
            caption="By the units of an answer's numbers, or by its words; an axis alone is of neither.",
        ),
        *worst_examples(result.judged, result.store),
        *([] if result.chat is None else worst_examples(result.chat.judged, result.store, who="llasa chat")),
    ]
    assert len(ANSWERED) == found.sensors.shape[1]  # noqa: S101 - the columns' names are written out above
    return [Section("Facts", lead, tuple(blocks))]


def _scores(found: Measures, *, is_number: bool) -> list[FactScore]:
    return [score for score in found.facts if score.is_number == is_number]


def _bars(title: str, scores: Sequence[FactScore], tolerance: float | None) -> Bars:
    bars = []
    for score in scores:
        right = score.right if tolerance is None else score.right_within[tolerance]
        guess = score.guess_right if tolerance is None else score.guess_within[tolerance]
        bars.append(Bar(score.title, right.value or 0.0, *_ends(right), note=f"of {score.asked}", is_strong=True))
        bars.append(Bar("guess", guess.value or 0.0))
    return Bars(title, bars, x_label="share right", caption="Beneath each fact stands the guess on the same questions.")


def _ends(share: Share) -> tuple[float | None, float | None]:
    return (share.interval.low, share.interval.high) if share.interval else (None, None)


def _tolerance(found: Measures) -> list[Block]:
    if not found.curves:
        return []
    asked = {score.topic: score.asked for score in found.facts if score.is_number}
    most = sorted(asked, key=lambda topic: (-asked[topic], topic))[:MOST_LINES]
    names = {"all": "all numbers", "guess": "the guess, all numbers", **{topic: title_of(topic) for topic in most}}
    lines = [Line(name, CURVE, found.curves[key]) for key, name in names.items()]
    return [
        Chart(
            "Numbers right against tolerance",
            "tolerance, as a share of the truth",
            "share of the numbers asked for",
            lines,
            x_range=(0.0, CURVE[-1]),
            y_range=(0.0, 1.0),
            has_markers=False,
            caption="A number is right within its own rounding too, which is all that counts at 0.",
        )
    ]


def _per_fact(found: Measures, chat: Measures | None) -> Table:
    in_chat = {} if chat is None else {(score.topic, score.is_number): score.right.shown for score in chat.facts}
    rows = [
        (
            score.title,
            f"{score.asked:,}",
            f"{score.answered:,}",
            score.right.shown,
            _number(score.error, score.unit),
            score.guess_right.shown,
            _number(score.guess_error, score.unit),
            *([in_chat[score.topic, score.is_number]] if in_chat else []),
        )
        for score in found.facts
    ]
    in_chat_head = ["in chat, right"] if in_chat else []
    head = ("fact", "asked", "answered", "right", "mean error", "guess right", "guess mean error", *in_chat_head)
    return Table(
        head, rows, caption="Right: a number within its own rounding. Mean error: of the numbers that were said."
    )


def _number(value: float | None, unit: str) -> str:
    return "–" if value is None else f"{value:.3g} {unit}".strip()


def _per_kind(found: Measures) -> Table:
    rows = [
        (
            score.kind,
            f"{score.items:,}",
            f"{score.read:,}",
            f"{score.right:,}",
            f"{score.wrong:,}",
            f"{score.unsupported:,}",
            score.asked_right.shown,
            score.guess_right.shown,
            f"{score.declined:,}",
        )
        for score in found.kinds
    ]
    head = ("kind", "questions", "read", "right", "wrong", "unsupported", "asked for, right", "guess", "declined")
    return Table(
        head,
        rows,
        caption="Read: answers with a statement that could be checked. Right, wrong, unsupported: statements.",
    )
