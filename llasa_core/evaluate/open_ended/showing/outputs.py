"""Published outputs, in the terminal and on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.evaluate.open_ended.showing.cells import bar, interval, share
from llasa_core.evaluate.page.blocks import Bars, Headline, Matrix, Paragraph, Section

if TYPE_CHECKING:
    from llasa_core.evaluate.open_ended.outputs import OutputsResult
    from llasa_core.evaluate.page.blocks import Block


def outputs_lines(result: OutputsResult) -> list[str]:
    """Return what is thought of a file of answers, for a terminal."""
    answered = f"{result.n_matched:,} of {result.n_matched + len(result.unanswered):,} questions answered"
    lines = [f"{result.file.model}, {result.file.path}: {answered}", *result.file.problems.said()]
    if result.closed_set is not None:
        found = result.closed_set
        text = f"{share(found.accuracy.value)} ({interval(found.accuracy)})"
        lines.append(f"activity named in {found.accuracy.n:,} answers: accuracy {text}; {found.n_unclear:,} unclear")
    facts = [] if result.facts is None else ["", *result.facts.lines()]
    return [*lines, *facts, "", *result.open_ended.lines()]


def outputs_headlines(result: OutputsResult) -> list[Headline]:
    """Return the accuracy of the named activity, and what else is measured."""
    found = result.closed_set
    shown = []
    if found is not None:
        ci = found.accuracy.ci
        low, high = (None, None) if ci is None else (ci.low, ci.high)
        note = f"{found.accuracy.n:,} answers, {found.n_unclear:,} unclear"
        shown.append(Headline("activity named", share(found.accuracy.value), note, found.accuracy.value, low, high))
    return [*shown, *result.open_ended.headlines()]


def outputs_sections(result: OutputsResult) -> list[Section]:
    """Return what is thought of a file of answers, for the page."""
    answered = f"{result.n_matched:,} of {result.n_matched + len(result.unanswered):,} questions are answered."
    problems = result.file.problems.said() or ["Every line can be scored."]
    blocks: list[Block] = [Paragraph("\n".join(problems))]
    found = result.closed_set
    if found is not None:
        accuracy = bar("activity named", found.accuracy, is_strong=True)
        blocks += [
            Bars("Accuracy of the activity that an answer names", [accuracy], x_label="share of answers"),
            Matrix("Activities", found.classes, (*found.classes, "unclear"), found.confusion),
        ]
    head = Section(f"Answers of {result.file.model}", f"{result.file.path}: {answered}", blocks)
    facts = () if result.facts is None else result.facts.sections()
    return [head, *facts, *result.open_ended.sections()]
