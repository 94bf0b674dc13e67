"""The one prompt template: conversations to token ids, and which of them are learned.

Training, evaluation and chat all come through here, so they cannot differ. Labels are known by construction: a prompt
is put together from pieces, and the pieces that are answers are learned, each with its end-of-turn token.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Protocol

from llasa_core.data.qa import SENSOR, Turn
from llasa_core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.model.config import ModelConfig
    from llasa_core.model.text import TextCodec

SENSOR_ID = -1
"""Stands for one `<sensor>` among token ids; no tokenizer has it."""


@dataclass
class Encoded:
    """A conversation as token ids; `SENSOR_ID` where a window's sensor tokens go."""

    ids: list[int] = field(default_factory=list)
    is_answer: list[bool] = field(default_factory=list)
    """True at the tokens that are learned: those of answers, each with its end of turn."""

    def add(self, ids: Sequence[int], *, is_answer: bool = False) -> None:
        """Append tokens of one kind."""
        self.ids.extend(ids)
        self.is_answer.extend([is_answer] * len(ids))

    @property
    def n_windows(self) -> int:
        """How many placeholders there are."""
        return self.ids.count(SENSOR_ID)


class PromptTemplate(Protocol):
    """What the rest of the code knows about a template."""

    end_of_turn: int
    """Token that ends an answer; always learned, and where generation stops."""

    def encode(self, turns: Sequence[Turn]) -> Encoded:
        """Encode a whole conversation, or one that ends with a question and waits for its answer."""

    def encode_answer(self, text: str) -> list[int]:
        """Encode an answer with its end of turn, exactly as `encode` does inside a conversation."""


def make_template(config: ModelConfig, codec: TextCodec) -> PromptTemplate:
    """Return the template that a recipe or checkpoint names.

    Raises:
        ModelError: the LM has no chat template, no end-of-turn token, or a template whose turns depend on each other.
    """
    if config.template == "chat":
        return ChatTemplate(codec, config.system)
    if config.template == "plain":
        return PlainTemplate(codec)
    return VicunaTemplate(codec, config.system, config.template)


def check_turns(turns: Sequence[Turn]) -> None:
    """Raise a ModelError unless a person begins and the speakers take turns."""
    for i, turn in enumerate(turns):
        expected = "gpt" if i % 2 else "human"
        if turn.speaker != expected:
            raise ModelError(
                f"turn {i + 1} is from `{turn.speaker}`, expected `{expected}`",
                fix="begin with a human turn and take turns",
            )
    if not turns:
        raise ModelError("the conversation is empty", fix="begin with a human turn")


class ChatTemplate:
    """The LM's own chat template.

    The template is rendered once with marks for the texts, and cut at the marks into pieces that are encoded once. A
    person's text is encoded on its own and never as special tokens, so nobody can type an end of turn.
    """

    def __init__(self, codec: TextCodec, system: str = "") -> None:
        self._codec = codec
        start, to_answer, to_human, end = _cut(codec, system)
        self._start = codec.encode(_before_text(codec, start), with_special=True)
        self._to_answer = codec.encode(_before_text(codec, to_answer), with_special=True, continues=True)
        self._to_human = codec.encode(_before_text(codec, to_human), with_special=True, continues=True)
        self._question_continues = not codec.begins_text(start), not codec.begins_text(to_human)
        self.end_of_turn = self._first_special(end)
        if self._first_special(to_human) != self.end_of_turn:
            raise ModelError(
                "the base LM's chat template ends its answers in two ways",
                fix="set `model.template: vicuna_v1`, or name another LM",
            )

    def _first_special(self, text: str) -> int:
        ids = self._codec.encode(text, with_special=True)
        if not ids or not self._codec.is_special(ids[0]):
            raise ModelError(
                "the base LM's chat template has no end-of-turn token: the model could not learn when to stop",
                fix="name an instruction-tuned LM, or set `model.template: vicuna_v1`",
            )
        return ids[0]

    def encode(self, turns: Sequence[Turn]) -> Encoded:
        """See `PromptTemplate.encode`."""
        check_turns(turns)
        encoded = Encoded()
        encoded.add(self._start)
        for i, turn in enumerate(turns):
            if turn.speaker == "gpt":
                encoded.add(self.encode_answer(turn.text), is_answer=True)
                continue
            if i:
                encoded.add(self._to_human[1:])  # its first token is the answer's end of turn
            encoded.add(_with_placeholders(self._codec, turn.text, continues=self._question_continues[i > 0]))
            encoded.add(self._to_answer)
        return encoded

    def encode_answer(self, text: str) -> list[int]:
        """See `PromptTemplate.encode_answer`."""
        return [*self._codec.encode(text, with_special=False), self.end_of_turn]


class VicunaTemplate:
    """Vicuna 1.1: `SYSTEM USER: … ASSISTANT: …</s>USER: …`.

    A question and the template's words around it are encoded in one piece, as LLaVA does; behind a window a text begins
    anew, and behind an end of turn where the tokenizer says so (Llama's `legacy`).
    """

    def __init__(self, codec: TextCodec, system: str = "", name: str = "vicuna_v1") -> None:
        parts = template_strings(name)
        self._codec = codec
        self._start = parts["start"].format(system=system or parts["system"])
        self._to_answer = parts["to_answer"]
        self._to_human = parts["to_human"]
        self._bos = _bos(codec)
        self.end_of_turn = _required(codec, "eos_token")
        self._goes_on = not codec.begins_text(codec.token("eos_token") or "")

    def encode(self, turns: Sequence[Turn]) -> Encoded:
        """See `PromptTemplate.encode`."""
        check_turns(turns)
        encoded = Encoded()
        encoded.add(self._bos)
        for i, turn in enumerate(turns):
            if turn.speaker == "gpt":
                encoded.add(self.encode_answer(turn.text), is_answer=True)
            else:
                text = (self._to_human if i else self._start) + turn.text + self._to_answer
                encoded.add(_with_placeholders(self._codec, text, continues=i > 0 and self._goes_on))
        return encoded

    def encode_answer(self, text: str) -> list[int]:
        """See `PromptTemplate.encode_answer`."""
        return [*self._codec.encode(text, with_special=False), self.end_of_turn]


class PlainTemplate:
    """LLaVA's stage 1: the sensor tokens, then the caption; the question is not shown to the LM."""

    def __init__(self, codec: TextCodec) -> None:
        self._codec = codec
        self._bos = _bos(codec)
        end = codec.encode(template_strings("plain")["end_of_turn"], with_special=False, continues=True)
        if not end:
            raise ModelError(
                "the tokenizer has no line end: the model could not learn when a caption stops",
                fix="set `model.template: vicuna_v1`, or name another LM",
            )
        self.end_of_turn = end[-1]

    def encode(self, turns: Sequence[Turn]) -> Encoded:
        """See `PromptTemplate.encode`."""
        check_turns(turns)
        encoded = Encoded()
        encoded.add(self._bos)
        for turn in turns:
            if turn.speaker == "gpt":
                encoded.add(self.encode_answer(turn.text), is_answer=True)
            else:
                encoded.add([SENSOR_ID] * turn.text.count(SENSOR))
        return encoded

    def encode_answer(self, text: str) -> list[int]:
        """See `PromptTemplate.encode_answer`."""
        return [*self._codec.encode(text, with_special=False), self.end_of_turn]


def template_strings(name: str) -> dict[str, str]:
    """Return the strings of a template of the original, which are constants of its checkpoints."""
    file = resources.files("llasa_core.model") / "templates.json"
    strings: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))[name]
    return strings


def _with_placeholders(codec: TextCodec, text: str, *, continues: bool) -> list[int]:
    """Encode a person's text, `SENSOR_ID` for each placeholder; behind one, the text begins anew."""
    ids: list[int] = []
    for i, part in enumerate(text.split(SENSOR)):
        if i:
            ids.append(SENSOR_ID)
        if part:
            ids.extend(codec.encode(part, with_special=False, continues=continues and i == 0))
    return ids


def _before_text(codec: TextCodec, piece: str) -> str:
    """Return a template's piece without its last space, where the tokenizer gives one to the text behind it."""
    return piece.removesuffix(" ") if codec.brings_space else piece


def _mark(i: int) -> str:
    return f"\ue000{i}\ue001"  # private-use characters: no template and no text holds them


def _cut(codec: TextCodec, system: str) -> tuple[str, str, str, str]:
    """Return a chat template's text before a question, before an answer, before a later question, and at the end."""

    def pieces(n_turns: int) -> list[str]:
        messages = [{"role": "system", "content": system}] if system else []
        roles = ("user", "assistant")
        messages += [{"role": roles[i % 2], "content": _mark(i)} for i in range(n_turns)]
        text = codec.render(messages, add_generation_prompt=n_turns % 2 == 1)
        return re.split("\ue000[0-9]+\ue001", text)

    start, to_answer, to_human, to_answer_again, end = pieces(4)
    waits_with = (to_answer, to_answer.removesuffix(" "))  # Mistral's answers begin with a space
    waiting = pieces(3)
    if to_answer_again != to_answer or waiting[:3] != [start, to_answer, to_human] or waiting[3] not in waits_with:
        raise ModelError(
            "the base LM's chat template renders a turn differently once others follow it",
            fix="set `model.template: vicuna_v1`, or name another LM",
        )
    return start, to_answer, to_human, end


def _bos(codec: TextCodec) -> list[int]:
    """Return what begins a prompt, unless the tokenizer's settings say that nothing does."""
    return [] if codec.settings.get("add_bos_token") is False else _optional(codec, "bos_token")


def _optional(codec: TextCodec, name: str) -> list[int]:
    text = codec.token(name)
    return codec.encode(text, with_special=True) if text else []


def _required(codec: TextCodec, name: str) -> int:
    ids = _optional(codec, name)
    if len(ids) != 1:
        raise ModelError(
            f"the tokenizer has no `{name}`: the model could not learn when to stop",
            fix="name an LM whose tokenizer has an end token",
        )
    return ids[0]
