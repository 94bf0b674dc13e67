"""The closed-set result as parts of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llasa_core.evaluate.closed_set.text import (
    abstaining_line,
    calibration_line,
    class_rows,
    counted,
    sensitivity_line,
)
from llasa_core.evaluate.closed_set.titles import title_of
from llasa_core.evaluate.measured import shown
from llasa_core.evaluate.page.blocks import Bar, Bars, Chart, Example, Headline, Line, Matrix, Paragraph, Section, Table

if TYPE_CHECKING:
    from llasa_core.evaluate.closed_set.result import ClosedSetResult
    from llasa_core.evaluate.closed_set.temperature import Reliability
    from llasa_core.evaluate.measured import Measured

N_EXAMPLES = 6
"""Mistakes that are shown."""


def sections_of(found: ClosedSetResult) -> list[Section]:
    """Return the headline, the classes, how sure it is, what hangs on the prompt, and the surest mistakes."""
    sections = [_headline(found), _classes(found), _sureness(found)]
    if found.sensitivity:
        sections.append(_prompts(found))
    mistakes = _mistakes(found)
    return [*sections, mistakes] if mistakes.blocks else sections


def headlines_of(found: ClosedSetResult) -> list[Headline]:
    """Return accuracy and macro-F1."""
    measured = (
        ("Accuracy", found.ours.accuracy, found.ours.accuracy_ci),
        ("Macro-F1", found.ours.macro_f1, found.ours.macro_f1_ci),
    )
    return [
        Headline(
            name,
            f"{value:.3f}",
            note=f"95 % interval {shown(ends)}; {stands_on(found)}",
            share=value,
            low=None if ends is None else ends.low,
            high=None if ends is None else ends.high,
        )
        for name, value, ends in measured
    ]


def stands_on(found: ClosedSetResult) -> str:
    """Return who stands behind the numbers."""
    people = counted(found.n_people, "person", "people")
    recordings = counted(found.n_recordings, "recording", "recordings")
    return f"{counted(len(found.work.exam.windows), 'window', 'windows')} of {people} in {recordings}"


def _headline(found: ClosedSetResult) -> Section:
    exam = found.work.exam
    bars = [_bar(exam.name, found.ours, len(exam.windows), is_strong=True)]
    bars += [_bar(title_of(name), each.measured, each.windows) for name, each in found.baselines.items()]
    lead = (
        f"Which of {len(found.work.class_set)} activities it is, on {stands_on(found)}: the likeliest answer of all to "
        f"“{exam.config.question}”. Baselines learned from the training people alone; intervals are over people."
    )
    rows = [
        ("the very class", f"{found.ours.accuracy:.3f}", shown(found.ours.accuracy_ci)),
        ("the same activity by any of its names", f"{found.group.value:.3f}", shown(found.group.ci)),
        ("an activity of the same kind", f"{found.kind.value:.3f}", shown(found.kind.ci)),
        ("macro-F1 of the very class", f"{found.ours.macro_f1:.3f}", shown(found.ours.macro_f1_ci)),
    ]
    return Section(
        "Which activity",
        lead,
        (
            Bars("Accuracy", bars, x_label="share of windows named rightly"),
            Table(("counted as right", "share", "95 % interval"), rows, strong_row=0),
            Paragraph("\n".join(found.notes)),
        ),
    )


def _bar(name: str, measured: Measured, windows: int, *, is_strong: bool = False) -> Bar:
    ends = measured.accuracy_ci
    return Bar(
        name,
        measured.accuracy,
        low=None if ends is None else ends.low,
        high=None if ends is None else ends.high,
        note=counted(windows, "window", "windows"),
        is_strong=is_strong,
    )


def _classes(found: ClosedSetResult) -> Section:
    classes = found.work.class_set.classes
    head, *rows = class_rows(found)
    return Section(
        "Class by class",
        f"What each activity was taken for, on {stands_on(found)}.",
        (
            Matrix("Windows", classes, classes, found.confusion, caption="darker: a larger share of the row"),
            Table(head, rows),
        ),
    )


def _sureness(found: ClosedSetResult) -> Section:
    sureness = found.sureness
    lines = [_reliability("as scored", sureness.before)]
    if sureness.calibration is not None:
        lines.append(_reliability("calibrated", sureness.after))
    coverage, risk = zip(*sureness.risk.thinned(), strict=True)
    words = [calibration_line(found), abstaining_line(found)]
    if found.novelty:
        each = found.novelty
        words.append(
            f"Never trained on: {', '.join(each.activities)}, {each.unknown_windows:,} windows of "
            f"{counted(each.unknown_people, 'person', 'people')}. A known window is surer than an unknown one in "
            f"{each.auroc['max_probability']:.1%} of pairs by probability, in {each.auroc['energy']:.1%} by energy."
        )
    return Section(
        "How sure it is",
        "Whether its probabilities say how often it is right, and what is gained by not answering when it is unsure; "
        f"on {stands_on(found)}.",
        (
            Chart(
                "Reliability",
                "probability of the chosen class",
                "share of right choices",
                lines,
                x_range=(0, 1),
                y_range=(0, 1),
                has_diagonal=True,
                caption="on the line, a probability means what it says; bins without windows are left out",
            ),
            Chart(
                "Risk and coverage",
                "share of windows answered, surest first",
                "share of wrong answers",
                [Line(found.work.exam.name, coverage, risk)],
                x_range=(0, 1),
                has_markers=False,
            ),
            Paragraph("\n".join(words)),
        ),
    )


def _reliability(name: str, found: Reliability) -> Line:
    return Line(f"{name}, ECE {found.ece:.3f}", found.confidence.tolist(), found.accuracy.tolist())


def _prompts(found: ClosedSetResult) -> Section:
    assert found.sensitivity is not None  # noqa: S101 - asked for where there is one
    first = found.sensitivity.prompts[0].accuracy
    rows = [
        (each.prompt.text, each.prompt.varies, f"{each.accuracy.value:.3f}", f"{each.agreement:.3f}")
        for each in found.sensitivity.prompts
    ]
    words = [sensitivity_line(found)]
    if found.names:
        names = found.names
        words.append(
            f"With all {len(names.names)} names of the classes competing, the likeliest one is the trained name of the "
            f"true class in {names.exact.value:.1%} of windows, and any of its names in {names.group.value:.1%}."
        )
    if found.protocol:
        said = found.protocol
        words.append(
            f"Asked in the original's way, for free text that is parsed, {said.accuracy.value:.1%} of "
            f"{said.accuracy.windows} answers are right ({shown(said.accuracy.ci)}) and {said.unclear:.1%} name no "
            f"class in the form that was asked for; a bare name counted too, {said.bare:.1%} are right. "
            f"The likeliest class is right in {said.likelihood_accuracy:.1%} of the same windows."
        )
    return Section(
        "What hangs on the prompt",
        f"The same {counted(first.windows, 'window', 'windows')} of {counted(first.people, 'person', 'people')}, "
        "asked in other words and with the classes in other orders.",
        (
            Table(("prompt", "varies", "accuracy", "named alike"), rows, strong_row=0),
            Paragraph("\n".join(words)),
        ),
    )


def _mistakes(found: ClosedSetResult) -> Section:
    exam, classes = found.work.exam, found.work.class_set.classes
    confidence = found.probabilities.max(1)
    wrong = np.flatnonzero(found.prediction != exam.windows.truth)
    surest = wrong[np.argsort(-confidence[wrong], kind="stable")][:N_EXAMPLES]
    windows = exam.store.take(exam.windows.rows[surest]) if len(surest) else np.zeros((0, 1, 6), np.float32)
    seconds = np.arange(windows.shape[1]) / exam.store.sampling_rate_hz
    examples = []
    for position, window in zip(surest, windows, strict=True):
        truth, named = classes[exam.windows.truth[position]], classes[found.prediction[position]]
        ref = exam.store.refs(exam.windows.rows[[position]])[0]
        who = exam.store.subject_names[exam.windows.subject[position]]
        words = (
            ("question", exam.config.question),
            ("model", f"{named.capitalize()}. ({confidence[position]:.1%})"),
            ("label", f"{truth.capitalize()}."),
        )
        examples.append(Example(f"{truth} taken for {named}: {who}, {ref.file} row {ref.row}", seconds, window, words))
    n_wrong = counted(len(wrong), "window was", "windows were")
    lead = f"{n_wrong} named wrongly; these are the ones that it was surest of. A label can be wrong too."
    return Section("Surest mistakes", lead, tuple(examples))
