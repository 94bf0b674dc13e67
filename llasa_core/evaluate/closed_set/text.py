"""The closed-set result as lines of a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.evaluate.closed_set.titles import title_of
from llasa_core.evaluate.measured import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.evaluate.closed_set.result import ClosedSetResult
    from llasa_core.evaluate.measured import Measured


def lines_of(found: ClosedSetResult) -> list[str]:
    """Return the tables of accuracy and of classes, then a line for each other figure."""
    exam = found.work.exam
    people = counted(found.n_people, "person", "people")
    recordings = counted(found.n_recordings, "recording", "recordings")
    return [
        f"{counted(len(exam.windows), 'window', 'windows')} of {people} in {recordings}",
        "",
        *aligned([("", "windows", "accuracy", "95 % interval", "macro-F1", "95 % interval"), *_rows(found)]),
        "",
        *aligned(class_rows(found)),
        "",
        *_more(found),
        *found.notes,
    ]


def _rows(found: ClosedSetResult) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [(found.work.exam.name, f"{len(found.work.exam.windows):,}", *_cells(found.ours))]
    for name, each in found.baselines.items():
        rows.append((title_of(name), f"{each.windows:,}", *_cells(each.measured)))
    return rows


def class_rows(found: ClosedSetResult) -> list[tuple[str, ...]]:
    """Return a row for each class, its head first."""
    rows: list[tuple[str, ...]] = [("activity", "windows", "precision", "recall", "F1")]
    for score in found.per_class:
        shares = ("–" if share is None else f"{share:.3f}" for share in (score.precision, score.recall, score.f1))
        rows.append((score.name, f"{score.windows:,}", *shares))
    return rows


def _more(found: ClosedSetResult) -> Iterator[str]:
    if found.group.value != found.ours.accuracy:
        yield f"same activity by another name counted as right: {found.group.value:.3f} ({shown(found.group.ci)})"
    yield f"right kind (on foot, still, on a bike): {found.kind.value:.3f} ({shown(found.kind.ci)})"
    yield calibration_line(found)
    yield abstaining_line(found)
    if found.novelty:
        each = found.novelty
        yield (
            f"never trained on ({', '.join(each.activities)}; {each.unknown_windows:,} windows): told from the others "
            f"with AUROC {each.auroc['max_probability']:.3f} by probability, {each.auroc['energy']:.3f} by energy"
            + ("" if each.accepted is None else f"; {each.accepted:.1%} answered all the same")
        )
    if found.sensitivity:
        yield sensitivity_line(found)
    if found.names:
        names = found.names
        yield (
            f"all {len(names.names)} names competing ({names.group.windows} windows): exact {names.exact.value:.3f}, "
            f"any name of the activity {names.group.value:.3f}"
        )
    if found.protocol:
        said = found.protocol
        yield (
            f"the original's protocol ({said.accuracy.windows} windows): {said.accuracy.value:.3f}, {said.unclear:.1%} "
            f"unclear; {said.bare:.3f} with bare names, {said.likelihood_accuracy:.3f} by likelihood"
        )


def calibration_line(found: ClosedSetResult) -> str:
    """Return the calibration error, before and after."""
    sureness = found.sureness
    before = f"calibration error (ECE, 15 bins): {sureness.before.ece:.3f}"
    if sureness.calibration is None:
        return before
    stands_on = f"{sureness.val_windows:,} windows of {counted(sureness.val_people, 'person', 'people')}"
    return (
        f"{before}; {sureness.after.ece:.3f} at temperature {sureness.temperature:.2f}, "
        f"fitted on the val split ({stands_on})"
    )


def abstaining_line(found: ClosedSetResult) -> str:
    """Return what comes of answering only when sure."""
    sureness = found.sureness
    area = f"AURC {sureness.risk.aurc:.4f}, {sureness.risk.excess_aurc:.4f} above the best order"
    if sureness.threshold is None or sureness.coverage is None:
        return f"abstaining: {area}"
    wanted = f"for {sureness.wanted_precision:g} precision answer from {sureness.threshold.confidence:.3f} on"
    came = "no window reaches it"
    if sureness.precision is not None:
        came = f"{sureness.coverage.value:.1%} answered, {sureness.precision.value:.3f} of them right"
        came += f" ({shown(sureness.precision.ci)})"
    return f"abstaining: {wanted}: {came}; {area}"


def sensitivity_line(found: ClosedSetResult) -> str:
    """Return how much hangs on words and order."""
    assert found.sensitivity is not None  # noqa: S101 - whoever asks has looked
    parts = [
        f"{words} {low:.3f} – {high:.3f}"
        for words, varies in (("over wordings", "wording"), ("over orders of the classes", "order"))
        if (ends := found.sensitivity.range_of(varies))
        for low, high in [ends]
    ]
    windows = found.sensitivity.prompts[0].accuracy.windows
    return f"accuracy {', '.join(parts)}; all prompts averaged {found.sensitivity.averaged:.3f} ({windows} windows)"


def _cells(measured: Measured) -> tuple[str, str, str, str]:
    return (
        f"{measured.accuracy:.3f}",
        shown(measured.accuracy_ci),
        f"{measured.macro_f1:.3f}",
        shown(measured.macro_f1_ci),
    )


def counted(n: int, one: str, many: str) -> str:
    """Return `1 window`, `1,020 windows`."""
    return f"{n:,} {one if n == 1 else many}"


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return rows as lines, the first column to the left, the others to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
