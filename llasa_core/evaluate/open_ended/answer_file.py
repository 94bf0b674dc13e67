"""Answers of any system as a file: LLaVA's form, one JSON object a line."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from llasa_core.errors import DataError
from llasa_core.files import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llasa_core.evaluate.open_ended.case import Answered
    from llasa_core.evaluate.open_ended.items import OpenItem

ANSWERS = "answers.jsonl"
"""Our own, in the folder of an evaluation."""
SOURCE_OF_FORM = "LLaVA, llava/eval/model_vqa.py"
WINDOW_KEYS = ("windows", "window", "image")
"""What may name the windows of an answer without an id of ours: in the line, or in its `metadata`."""
SHOWN = 20
"""Lines that a report names for each problem; all are counted."""


@dataclass(frozen=True)
class AnswerLine:
    """One answer of a file."""

    number: int
    """Of its line, from 1."""
    question_id: str | None
    prompt: str | None
    text: str
    windows: tuple[str, ...] = ()
    """Names of its windows, where the line gives any."""


@dataclass
class Problems:
    """Lines that cannot be scored, by reason."""

    lines: dict[str, list[int]] = field(default_factory=dict)

    def add(self, reason: str, number: int) -> None:
        """Note a line."""
        self.lines.setdefault(reason, []).append(number)

    def as_dict(self) -> dict[str, Any]:
        """Return counts with the first lines of each."""
        return {reason: {"count": len(lines), "lines": lines[:SHOWN]} for reason, lines in self.lines.items()}

    def said(self) -> list[str]:
        """Return `3 lines are no JSON: 4, 9, 12`, one text for each reason."""
        return [
            f"{len(lines):,} {'line' if len(lines) == 1 else 'lines'}: {reason} ({_numbers(lines)})"
            for reason, lines in self.lines.items()
        ]


@dataclass(frozen=True)
class AnswerFile:
    """What a file holds."""

    path: Path
    model: str
    """Whose answers they are: `model_id` of the lines, or the file's name."""
    lines: tuple[AnswerLine, ...]
    problems: Problems


def read_answer_file(path: Path) -> AnswerFile:
    """Return the answers of a file in LLaVA's form; broken lines are counted, not raised.

    Each line is an object with `question_id` and `text`; `prompt`, `answer_id`, `model_id` and `metadata` may stand
    there too, and `windows`, `window` or `image` (in the line or in `metadata`) where there is no id of ours.

    Raises:
        DataError: there is no such file, or it is not UTF-8.

    Source:
        LLaVA's `llava/eval/model_vqa.py` writes such files.
    """
    problems, lines, models = Problems(), [], []
    for number, text in enumerate(_text_lines(path), start=1):
        if not text.strip():
            continue
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            problems.add("not JSON", number)
            continue
        line = _line(value, number, problems)
        if line is not None:
            lines.append(line)
            models.append(value.get("model_id"))
    named = sorted({model for model in models if isinstance(model, str) and model.strip()})
    return AnswerFile(path, ", ".join(named) or path.stem, tuple(lines), problems)


def write_answer_file(path: Path, items: Sequence[OpenItem], answers: Sequence[Answered], model: str) -> None:
    """Write answers in LLaVA's form, so that others can score them.

    Args:
        path: of the file.
        items: the questions.
        answers: one for each.
        model: whose they are.

    Raises:
        RunError: the disk is full.
    """
    lines = [_as_line(item, answer, model) for item, answer in zip(items, answers, strict=True)]
    write_text(path, "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines))


def _as_line(item: OpenItem, answer: Answered, model: str) -> dict[str, Any]:
    name = hashlib.sha256(json.dumps([item.id, model, answer.text]).encode()).hexdigest()[:22]
    return {
        "question_id": item.id,
        "prompt": item.question,
        "text": answer.text,
        "answer_id": name,
        "model_id": model,
        "metadata": {"kind": item.kind, "ended": answer.is_ended},
    }


def _text_lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError as error:
        raise DataError("there is no such file of answers", where=path, fix="check the path") from error
    except IsADirectoryError as error:
        raise DataError("a folder is no file of answers", where=path, fix=f"name a file such as {ANSWERS}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"the file is not UTF-8: {error.reason}", where=path, fix="save it as UTF-8") from error


def _line(value: Any, number: int, problems: Problems) -> AnswerLine | None:
    if not isinstance(value, dict):
        problems.add("no JSON object", number)
        return None
    text = value.get("text")
    if not isinstance(text, str):
        problems.add("no `text`", number)
        return None
    question_id, prompt = value.get("question_id"), value.get("prompt")
    windows = _windows(value)
    is_named = isinstance(question_id, str | int) and not isinstance(question_id, bool)
    if not is_named and not windows:
        problems.add("no `question_id` and no window", number)
        return None
    return AnswerLine(
        number,
        str(question_id) if is_named else None,
        prompt if isinstance(prompt, str) else None,
        text.strip(),
        windows,
    )


def _windows(value: dict[str, Any]) -> tuple[str, ...]:
    metadata = value.get("metadata")
    for place in (value, metadata if isinstance(metadata, dict) else {}):
        for key in WINDOW_KEYS:
            found = place.get(key)
            if found:
                return tuple(_window_name(one) for one in (found if isinstance(found, list) else [found]))
    return ()


def _window_name(value: Any) -> str:
    """Return `windows-00000.h5/12`, from that, from `…:/samples[12]`, or from an item's `{"file": …, "row": …}`."""
    if isinstance(value, dict):
        return f"{value.get('file')}/{value.get('row')}"
    return str(value).replace(":/samples[", "/").removesuffix("]")


def _numbers(lines: Sequence[int]) -> str:
    shown = ", ".join(f"{number}" for number in lines[:SHOWN])
    return shown if len(lines) <= SHOWN else f"{shown}, …"
