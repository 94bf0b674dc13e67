"""Answers on the event loop: grounded in the recordings, decoded by the engine, given up when nobody waits."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llasa_core.chat.check import check
from llasa_core.chat.fitting import fitted
from llasa_core.chat.ground import ground
from llasa_core.engine import Ask
from llasa_core.errors import LlasaError
from llasa_core.model.generate import TextPieces
from llasa_core.serve.openai_shapes import RETRY_S, ApiError, usage_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from llasa_core.chat.ground import Grounded
    from llasa_core.chat.known_recording import KnownRecording
    from llasa_core.chat.settings import ChatSettings
    from llasa_core.data.qa import Turn
    from llasa_core.engine import Engine, Reply
    from llasa_core.model.multimodal import LlasaModel
    from llasa_core.serve.settings import ServeSettings


@dataclass(frozen=True)
class Question:
    """What is asked, and how it is to be answered."""

    text: str
    turns: tuple[Turn, ...]
    recordings: Sequence[KnownRecording]
    max_new_tokens: int
    temperature: float = 0.0
    seed: int = 0


class Answer:
    """One answer as it comes. Use it once: iterate over `pieces`, then read the rest."""

    def __init__(
        self, grounded: Grounded, prompt: tuple[Turn, ...], model: LlasaModel, question: Question, deadline: float
    ) -> None:
        self.grounded = grounded
        self._prompt = prompt
        self._codec = model.codec
        self._deadline = deadline
        self._tokens: asyncio.Queue[int | None] = asyncio.Queue()
        self._reply: Reply | None = None
        self._asked = question
        self.text = ""
        self.first_s: float | None = None
        """When its first piece came, in seconds since it was begun."""
        self._begun = time.monotonic()

    def submit(self, engine: Engine) -> None:
        """Put the question in the engine's queue, where the model is needed.

        Raises:
            BusyError, UsageError, ModelError, RunError: see `Engine.submit`.
        """
        if self.grounded.answer is not None:
            return
        loop = asyncio.get_running_loop()
        asked = self._asked

        def heard(token: int | None) -> None:  # in the engine's thread
            loop.call_soon_threadsafe(self._tokens.put_nowait, token)

        options = (asked.max_new_tokens, asked.temperature, asked.seed, heard)
        self._reply = engine.submit(Ask(self.grounded.windows, self._prompt, *options))

    async def pieces(self) -> AsyncIterator[str]:
        """Yield the answer's text in pieces, as it is decoded.

        Raises:
            ApiError: it takes too long, the server closes, or the model failed.
        """
        try:
            async for piece in self._composed() if self._reply is None else self._decoded(self._reply):
                if self.first_s is None:
                    self.first_s = time.monotonic() - self._begun
                self.text += piece
                yield piece
        finally:
            self.cancel()

    def cancel(self) -> None:
        """Give it up; an answer that has ended is not touched."""
        if self._reply is not None and self._reply.ending is None:
            self._reply.cancel()

    @property
    def finish_reason(self) -> str:
        """`stop`, or `length` where the longest answer cut it off."""
        return "stop" if self._reply is None or self._reply.ending != "length" else "length"

    @property
    def usage(self) -> dict[str, int]:
        """Tokens read and said; an answer that needed no model is counted as the tokenizer would."""
        if self._reply is not None:
            return usage_of(self._reply.prompt_tokens, self._reply.answer_tokens)
        asked = " ".join([*(turn.text for turn in self._asked.turns), self._asked.text])
        count = [len(self._codec.encode(text, with_special=False)) for text in (asked, self.text)]
        return usage_of(*count)

    def unsupported(self) -> list[dict[str, str]]:
        """Return what it says that the recordings do not support; known once it has ended."""
        return [{"text": mark.text, "kind": mark.kind, "why": mark.why} for mark in check(self.text, self.grounded)]

    def rests_on(self) -> dict[str, Any]:
        """Return what it is about and rests on, as `llasa chat --json` does."""
        grounded = self.grounded
        return {
            "answered_by": "model" if grounded.answer is None else "timeline and facts",
            "scope": [scope.as_dict() for scope in grounded.scopes],
            "facts": [fact._asdict() for fact in grounded.facts],
            "answer_windows": [
                {"recording": at, "start_s": start_s, "end_s": start_s + grounded.recordings[at].window_s}
                for at, start_s in grounded.window_starts
            ],
        }

    async def _composed(self) -> AsyncIterator[str]:
        """Yield word by word, so that clients can treat all answers alike."""
        for number, word in enumerate((self.grounded.answer or "").split(" ")):
            yield word if number == 0 else f" {word}"

    async def _decoded(self, reply: Reply) -> AsyncIterator[str]:
        pieces = TextPieces(self._codec)
        while (token := await self._next()) is not None:
            piece = pieces.add(token)
            if piece:
                yield piece
        if reply.ending == "failed":
            if isinstance(reply.error, LlasaError):
                raise reply.error
            raise ApiError(500, "the model failed on this question", fix="please report it") from reply.error
        if reply.ending == "cancelled":
            raise ApiError(503, "the server is closing", fix="try again later", retry_after_s=RETRY_S)

    async def _next(self) -> int | None:
        try:
            async with asyncio.timeout(max(0.0, self._deadline - time.monotonic())):
                return await self._tokens.get()
        except TimeoutError as error:
            raise ApiError(
                504, "the answer did not come in time", code="timeout", fix="ask for a shorter answer, or again later"
            ) from error


async def begin(
    question: Question, engine: Engine, model: LlasaModel, settings: ServeSettings, chat: ChatSettings
) -> Answer:
    """Return an answer that is under way.

    Raises:
        LlasaError: the question cannot be answered; see `Answer.submit`.
    """
    deadline = time.monotonic() + settings.answer_s
    answer = await asyncio.to_thread(_grounded, question, model, deadline, chat)
    answer.submit(engine)
    return answer


def _grounded(question: Question, model: LlasaModel, deadline: float, chat: ChatSettings) -> Answer:
    grounded = ground(question.text, question.recordings, question.turns, chat)
    prompt: tuple[Turn, ...] = ()
    if grounded.answer is None:
        prompt = fitted(model, grounded.windows, grounded.turns, question.max_new_tokens)
    return Answer(grounded, prompt, model, question, deadline)
