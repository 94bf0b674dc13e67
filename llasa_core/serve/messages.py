"""From OpenAI's messages to a question, what was said before it, and the recordings that it is about."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llasa_core.data.qa import SENSOR, Turn
from llasa_core.serve.csv_in_text import take_apart
from llasa_core.serve.openai_shapes import ApiError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.serve.openai_shapes import ChatRequest, FileContent, Message

MOST_RECORDINGS = 4
TEXT_TYPES = ("text", "input_text")
HOW_TO_SEND = (
    "put a recording into a message: as CSV text, as a part of type `file` with `file_data`, or with the `file_id` of "
    "an upload"
)


@dataclass(frozen=True)
class Sent:
    """A recording as a message holds it."""

    file_id: str | None = None
    content: bytes | None = None
    name: str | None = None


@dataclass
class Asked:
    """What a request asks."""

    question: str
    turns: tuple[Turn, ...]
    """What was said before."""
    recordings: list[Sent]
    notes: list[str]
    """What was left out, and why."""


@dataclass
class _Gathered:
    turns: list[Turn] = field(default_factory=list)
    recordings: list[Sent] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_messages(request: ChatRequest, most_text: int) -> Asked:
    """Return what a request asks.

    Raises:
        ApiError: there is no question, no recording, too many of them, or a part that cannot be used.
    """
    gathered = _Gathered()
    for number, message in enumerate(request.messages):
        _gather(message, f"messages.{number}", gathered)
    turns = _joined(gathered.turns)
    if not turns or turns[-1].speaker != "human" or not turns[-1].text:
        raise ApiError(
            400,
            "there is no question",
            param="messages",
            fix='let the last message be a user\'s, such as "What is the person doing?"',
        )
    if turns[0].speaker != "human":
        raise ApiError(
            400, "the conversation begins with an answer", param="messages", fix="begin with a user's message"
        )
    n_letters = sum(len(turn.text) for turn in turns)
    if n_letters > most_text:
        raise ApiError(
            400,
            f"the conversation has {n_letters} characters, recordings left out; {most_text} are read",
            code="context_length_exceeded",
            param="messages",
            fix="leave out its oldest messages",
        )
    recordings = list(dict.fromkeys(gathered.recordings))
    if not recordings:
        raise ApiError(400, "there is no recording to ask about", param="messages", fix=HOW_TO_SEND)
    if len(recordings) > MOST_RECORDINGS:
        raise ApiError(
            400, f"{len(recordings)} recordings at once", param="messages", fix=f"ask about {MOST_RECORDINGS} at most"
        )
    return Asked(turns[-1].text, tuple(turns[:-1]), recordings, list(dict.fromkeys(gathered.notes)))


def _gather(message: Message, where: str, gathered: _Gathered) -> None:
    if message.role in {"system", "developer"}:
        gathered.notes.append(
            f"the {message.role} message was left out: the model answers with the prompt that it was trained on"
        )
        return
    texts = []
    if isinstance(message.content, str):
        texts.append(message.content)
    for number, part in enumerate(message.content if isinstance(message.content, list) else ()):
        if part.type in TEXT_TYPES and part.text is not None:
            texts.append(part.text)
        elif part.type == "file" and part.file is not None:
            gathered.recordings.append(_file(part.file, f"{where}.content.{number}.file"))
        else:
            raise ApiError(
                400,
                f"a part of type `{part.type[:40]}` cannot be used",
                code="invalid_value",
                param=f"{where}.content.{number}",
                fix="send parts of type `text` or `file`",
            )
    if message.role == "assistant":
        gathered.turns.append(Turn("gpt", "\n".join(texts).strip()))
        return
    gathered.turns.append(Turn("human", _question(texts, where, gathered)))


def _question(texts: Sequence[str], where: str, gathered: _Gathered) -> str:
    """Return what a user's message asks; recordings pasted into it are gathered."""
    questions = []
    for text in texts:
        pasted = take_apart(text)
        if pasted.table is not None:
            gathered.recordings.append(Sent(content=pasted.table.encode(), name="pasted.csv"))
        questions.append(pasted.question)
    question = "\n".join(filter(None, questions))
    if SENSOR in question:
        raise ApiError(
            400,
            f"the question holds {SENSOR}, which stands for the recording inside a prompt",
            code="invalid_value",
            param=where,
            fix="leave it out: the recording is put before the question by itself",
        )
    return question


def _file(file: FileContent, where: str) -> Sent:
    if file.file_id is not None:
        return Sent(file_id=file.file_id)
    data = file.file_data or ""
    if data.startswith("data:"):
        data = data.partition(",")[2]
    try:
        content = base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ApiError(
            400, "`file_data` is not base64", code="invalid_value", param=where, fix="send `data:text/csv;base64,…`"
        ) from error
    if not content:
        raise ApiError(
            400,
            "the file is empty",
            code="invalid_value",
            param=where,
            fix="send `file_data`, or the `file_id` of an upload",
        )
    return Sent(content=content, name=file.filename)


def _joined(turns: Sequence[Turn]) -> list[Turn]:
    """Join messages of one speaker that follow one another; a message that held only a recording adds nothing."""
    joined: list[Turn] = []
    for turn in turns:
        if joined and joined[-1].speaker == turn.speaker:
            text = "\n".join(filter(None, (joined[-1].text, turn.text)))
            joined[-1] = Turn(turn.speaker, text)
        else:
            joined.append(turn)
    return joined
