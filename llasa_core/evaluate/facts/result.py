"""What came out of the fact questions, for programs and for a terminal."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llasa_core.evaluate.facts.measuring import ANSWERED, CURVE
from llasa_core.evaluate.facts.sections import sections_of
from llasa_core.evaluate.facts.summary import head_of, summary_rows
from llasa_core.evaluate.page.blocks import Headline
from llasa_core.files import write_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from llasa_core.data.split import Split
    from llasa_core.data.store import WindowStore
    from llasa_core.evaluate.facts.judged import Judged, Met, Stated
    from llasa_core.evaluate.facts.measuring import FactScore, KindScore, Measures
    from llasa_core.evaluate.facts.tallies import Share
    from llasa_core.evaluate.page.blocks import Section

WITHIN_ROUNDING = "rounding"
ANSWERS = "fact-answers.jsonl"


@dataclass(frozen=True)
class InChat:
    """What `llasa chat` answers to the same questions."""

    judged: tuple[Judged, ...]
    measures: Measures
    n_composed: int
    """Answers that rules composed from timeline and facts; the model gave the others."""
    n_marked: int
    """Answers of the model that chat marks as not wholly supported by the recording."""


@dataclass(frozen=True)
class FactsResult:
    """Answers, what is true of them, and who stands behind that."""

    model: str
    """Whose answers they are."""
    store: WindowStore
    split: Split
    judged: tuple[Judged, ...]
    measures: Measures
    """Of the language model alone, or of whoever was measured."""
    chat: InChat | None = None
    """None where it was not asked."""
    chat_left_out: str = ""
    """Why it was not, where it should have been."""

    @property
    def n_people(self) -> int:
        """People whose windows were asked about."""
        return len({one.item.subject for one in self.judged})

    @property
    def n_windows(self) -> int:
        """Windows that were asked about."""
        return len({row for one in self.judged for row in one.item.rows})

    def as_dict(self) -> dict[str, Any]:
        """Return what `report.json` holds under `facts`."""
        return {
            "items": len(self.judged),
            "windows": self.n_windows,
            "subjects": self.n_people,
            **_measured(self.measures),
            "chat": None if self.chat is None else self._chat(self.chat),
            "chat_left_out": self.chat_left_out or None,
        }

    def _chat(self, chat: InChat) -> dict[str, Any]:
        return {"composed": chat.n_composed, "marked": chat.n_marked, **_measured(chat.measures)}

    def answer_rows(self) -> Iterator[dict[str, Any]]:
        """Yield each answer with its statements and what was measured, plain values for JSON."""
        in_chat = self.chat.judged if self.chat is not None else (None,) * len(self.judged)
        for one, other in zip(self.judged, in_chat, strict=True):
            yield {
                "id": one.item.id,
                "kind": one.item.kind,
                "subject": one.item.subject,
                "question": one.item.question,
                **_answer(one),
                "chat": None if other is None else _answer(other),
            }

    def lines(self) -> list[str]:
        """Return its part of the table in the terminal."""
        if not self.judged:
            return ["facts: the data folder holds no questions of this split"]
        head = f"facts: {len(self.judged):,} questions, {self.n_windows:,} windows, {self.n_people} people"
        chat = None if self.chat is None else self.chat.measures
        return [head, *_aligned([head_of(chat), *summary_rows(self.measures, chat)]), *self.notes]

    @property
    def notes(self) -> list[str]:
        """What is to be known of the answers of chat."""
        if self.chat is None:
            return [f"llasa chat was not asked: {self.chat_left_out}"] if self.chat_left_out else []
        by_model = len(self.judged) - self.chat.n_composed
        marked = f", of which chat marks {self.chat.n_marked:,} as not wholly supported" if by_model else ""
        return [f"llasa chat composed {self.chat.n_composed:,} answers by rules; the model gave {by_model:,}{marked}"]

    def headlines(self) -> Sequence[Headline]:
        """Return the numbers that the page begins with: what is right, and what is made up."""
        shown = [("Numbers right", self.measures.numbers_right), ("Statements unsupported", self.measures.unsupported)]
        if self.chat is not None:
            found = self.chat.measures
            in_chat = [("Numbers right in chat", found.numbers_right), ("Unsupported in chat", found.unsupported)]
            shown = [*in_chat, *((f"{name}, model alone", share) for name, share in shown)]
        return [_headline(name, share) for name, share in shown if share.value is not None]

    def sections(self) -> Sequence[Section]:
        """Return its parts of the page."""
        return sections_of(self)

    def write(self, folder: Path) -> Sequence[Path]:
        """Write `fact-answers.jsonl`: each answer with its statements, and what was measured.

        Raises:
            RunError: the disk is full.
        """
        file = folder / ANSWERS
        write_text(file, "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in self.answer_rows()))
        return [file]


def _measured(found: Measures) -> dict[str, Any]:
    """Return what is measured of one who answers."""
    return {
        "numbers_right": found.numbers_right.value,
        "numbers_right_ci": found.numbers_right.ends,
        "unsupported": found.unsupported.value,
        "unsupported_ci": found.unsupported.ends,
        "declined": found.declined.value,
        "declined_ci": found.declined.ends,
        "numbers_right_within": _within(found.numbers_right, found.numbers_within),
        "words_right": found.words_right.as_dict(),
        "stated_numbers_right": found.stated_numbers_right.as_dict(),
        "wrong": found.wrong.as_dict(),
        "hallucinated": found.hallucinated.as_dict(),
        "declined_wrongly": found.declined_wrongly.as_dict(),
        "ended": found.ended.as_dict(),
        "guess": {
            "numbers_right_within": _within(found.guess_numbers_right, found.guess_numbers_within),
            "words_right": found.guess_words_right.as_dict(),
        },
        "per_fact": {score.topic: _fact(score) for score in found.facts},
        "per_kind": {score.kind: _kind(score) for score in found.kinds},
        "tolerance_curves": {"tolerance": list(CURVE), "right": found.curves},
        "sensor_confusion": {
            "asked": ["acc", "gyr"],
            "answered": list(ANSWERED),
            "items": found.sensors.tolist(),
        },
    }


def _within(at_rounding: Share, within: Mapping[float, Share]) -> dict[str, Any]:
    return {
        WITHIN_ROUNDING: at_rounding.as_dict(),
        **{f"{tolerance:g}": share.as_dict() for tolerance, share in within.items()},
    }


def _fact(score: FactScore) -> dict[str, Any]:
    return {
        "unit": score.unit,
        "asked": score.asked,
        "answered": score.answered,
        "right": score.right.as_dict(),
        "right_within": {f"{tolerance:g}": share.as_dict() for tolerance, share in score.right_within.items()},
        "mean_absolute_error": score.error,
        "guess": {
            "right": score.guess_right.as_dict(),
            "right_within": {f"{tolerance:g}": share.as_dict() for tolerance, share in score.guess_within.items()},
            "mean_absolute_error": score.guess_error,
        },
    }


def _kind(score: KindScore) -> dict[str, Any]:
    return {
        "items": score.items,
        "read": score.read,
        "statements": {"right": score.right, "wrong": score.wrong, "unsupported": score.unsupported},
        "asked_right": score.asked_right.as_dict(),
        "guess_right": score.guess_right.as_dict(),
        "declined": score.declined,
    }


def _answer(one: Judged) -> dict[str, Any]:
    return {
        "answer": one.text,
        "ended": one.is_ended,
        "declined": one.is_declined,
        "statements": [_statement(said) for said in one.stated],
        "asked": [_asked(met) for met in one.met],
    }


def _statement(said: Stated) -> dict[str, Any]:
    place = {"window": said.window} if said.window else {}
    channel = {"channel": said.channel} if said.channel else {}
    return {"fact": said.fact, "value": said.value, "verdict": said.verdict, "truth": said.truth, **place, **channel}


def _asked(met: Met) -> dict[str, Any]:
    said = None if met.said is None else met.said.value
    return {"fact": met.target.topic, "truth": met.truth, "said": said, "right": met.is_right()}


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _headline(name: str, share: Share) -> Headline:
    low, high = share.ends or (None, None)
    note = "" if low is None or high is None else f"95 % interval {low:.3f} – {high:.3f}"
    return Headline(name, f"{share.value:.3f}", f"{note} ({share.part:,} of {share.whole:,})", share.value, low, high)
