"""The thread that owns a model and answers many requests with it, a token of each at a time."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar

import torch

from llasa_core.engine.request import Ask, BusyError, EngineLimits, Reply
from llasa_core.errors import RunError, UsageError
from llasa_core.model.collate import encode, length_of
from llasa_core.model.llama import LlamaLm
from llasa_core.model.llama.pool import Pool
from llasa_core.model.multimodal import tokens_per_window
from llasa_core.model.prompt import SENSOR_ID
from llasa_core.model.session import Session, choose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from llasa_core.engine.request import Ending
    from llasa_core.model.llama import KvCache
    from llasa_core.model.multimodal import LlasaModel

T = TypeVar("T")
MOST_STEMS, SHORTEST_STEM = 4, 4
"""Beginnings of prompts that are kept, and tokens of one that is worth it."""
READS_ALONE = 512
"""Positions that are read at once while nobody waits for a token."""


@dataclass(eq=False)
class _Answer:
    """A request while it is worked on."""

    ask: Ask
    reply: Reply
    longest: int
    """Positions of the prompt and the longest answer."""
    session: Session
    reading: Iterator[int]
    generator: torch.Generator
    token: int = -1
    """The last one that was said; it is read in the next step."""


class Engine:
    """Answers many requests together, each as if it were alone.

    A request waits in a queue, is read in small parts between the tokens of the others, and then decoded with them: the
    products with the weights are done for all at once. A Llama of ours is computed that way; with any other LM the
    requests take turns, token by token. One thread decodes; every method may be called from any thread.
    """

    def __init__(self, model: LlasaModel, limits: EngineLimits | None = None, *, pack: bool = True) -> None:
        """Start, once the weights are laid out.

        Args:
            model: from `load_any`.
            limits: see there.
            pack: lay the weights out for many rows first, where that pays: seconds once.
        """
        self._model = model
        self.limits = limits or EngineLimits()
        self._pool = self._new_pool()
        if pack and isinstance(model.lm, LlamaLm):
            model.lm.pack()
        self._stems: dict[tuple[int, ...], KvCache] = {}
        self._waiting: deque[_Answer] = deque()
        self._errands: deque[tuple[Callable[[LlasaModel], Any], Future[Any]]] = deque()
        self._read: list[_Answer] = []  # being read, oldest first
        self._said: list[_Answer] = []  # being decoded; the pool's rows, in their order
        self._changed = threading.Condition()
        self._is_closing = False
        self._thread = threading.Thread(target=self._work, name="llasa engine", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """Return the engine."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Close it."""
        self.close()

    def submit(self, ask: Ask) -> Reply:
        """Put a question in the queue and return its reply at once.

        Raises:
            BusyError: as many wait as may.
            UsageError: the prompt and its longest answer are longer than the LM reads, or than the engine holds.
            ModelError: the placeholders do not match the windows.
            RunError: the engine is closed.
        """
        answer = self._prepared(ask)
        with self._changed:
            if self._is_closing:
                raise RunError("the engine is closed", fix="start another one")
            if len(self._waiting) >= self.limits.most_waiting:
                raise BusyError(f"{len(self._waiting)} requests wait already", fix="try again in a few seconds")
            self._waiting.append(answer)
            self._changed.notify()
        return answer.reply

    def call(self, work: Callable[[LlasaModel], T]) -> T:
        """Run something with the model between two tokens, and return what it returns; the others wait so long.

        Raises:
            RunError: the engine is closed; or whatever `work` raises.
        """
        future: Future[T] = Future()
        with self._changed:
            if self._is_closing:
                raise RunError("the engine is closed", fix="start another one")
            self._errands.append((work, future))
            self._changed.notify()
        return future.result()

    @property
    def load(self) -> dict[str, int]:
        """How many requests wait, are read and are answered, and the positions that memory is taken for."""
        with self._changed:
            return {
                "waiting": len(self._waiting),
                "reading": len(self._read),
                "answering": len(self._said),
                "positions": self._pool.positions_taken if self._pool is not None else 0,
            }

    def close(self, timeout_s: float | None = None) -> None:
        """Cancel all that waits or is being answered, and end the thread."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join(timeout_s)

    def _prepared(self, ask: Ask) -> _Answer:
        model = self._model
        length = length_of(
            encode(model.template, ask.turns, len(ask.windows)), tokens_per_window(model.config, ask.windows.shape[1])
        )
        longest = length + ask.max_new_tokens
        reads = getattr(model.lm.config, "max_position_embeddings", None) or longest
        most = min(reads, self.limits.most_positions)
        if longest > most:
            raise UsageError(
                f"the prompt takes {length} tokens; with an answer of {ask.max_new_tokens} it is longer than {most}",
                fix="ask about less at once, or for a shorter answer",
            )
        session = Session(model)
        reply = Reply(model.codec, ask.heard)
        reply.prompt_tokens = length
        generator = torch.Generator(model.device).manual_seed(ask.seed)
        return _Answer(ask, reply, longest, session, iter(()), generator)

    def _work(self) -> None:
        while self._wait():
            try:
                self._drop_cancelled()
                self._admit()
                self._read_some()
                self._say_one()
                self._run_errand()
            except Exception as error:  # noqa: BLE001 - whoever waits has to be told
                self._fail(error)
        self._cancel_all()

    def _wait(self) -> bool:
        """Wait for something to do, and return whether to go on."""
        with self._changed:
            while not (self._waiting or self._read or self._said or self._errands or self._is_closing):
                self._changed.wait()
            return not self._is_closing

    def _run_errand(self) -> None:
        with self._changed:
            if not self._errands:
                return
            work, future = self._errands.popleft()
        try:
            future.set_result(work(self._model))
        except Exception as error:  # noqa: BLE001 - it is for who waits
            future.set_exception(error)

    def _drop_cancelled(self) -> None:
        for answer in [one for one in (*self._read, *self._said) if one.reply.is_cancelled]:
            self._end(answer, "cancelled")
        with self._changed:
            for answer in [one for one in self._waiting if one.reply.is_cancelled]:
                self._waiting.remove(answer)
                answer.reply.end("cancelled")

    def _admit(self) -> None:
        """Let in who waited longest, while there is room."""
        with self._changed:
            while self._waiting and self._fits(self._waiting[0]):
                answer = self._waiting.popleft()
                self._begin_alike(answer)
                chunk = self.limits.reads_between if self._said else READS_ALONE
                answer.reading = answer.session.reading(answer.ask.windows, answer.ask.turns, chunk)
                self._read.append(answer)

    def _begin_alike(self, answer: _Answer) -> None:
        """Let a prompt begin with what is kept of others: the text before the first window is mostly the same."""
        ids = encode(self._model.template, answer.ask.turns, len(answer.ask.windows)).ids
        stem = tuple(ids[: ids.index(SENSOR_ID)]) if SENSOR_ID in ids else ()
        if self._pool is None or len(stem) < SHORTEST_STEM:
            return
        cache = self._stems.pop(stem, None)
        if cache is None:
            cache = self._model.new_cache()
            embeds = self._model.lm.get_input_embeddings()(torch.tensor([stem], device=self._model.device))
            self._model.decode(embeds, use_cache=True, past_key_values=cache)
        self._stems[stem] = cache  # the last one used is the last one in it
        if len(self._stems) > MOST_STEMS:
            del self._stems[next(iter(self._stems))]
        answer.session.begin_with(stem, cache)

    def _fits(self, answer: _Answer) -> bool:
        inside = [*self._read, *self._said]
        longest = max([answer.longest, *(one.longest for one in inside)])
        return len(inside) < self.limits.most_together and (len(inside) + 1) * longest <= self.limits.most_positions

    def _read_some(self) -> None:
        """Read on in the oldest prompts, no more than the others may wait for."""
        left = self.limits.reads_between if self._said else READS_ALONE
        while self._read and left > 0:
            answer = self._read[0]
            try:
                n_read = next(answer.reading, 0)
                left -= n_read
                if not n_read:
                    self._read.pop(0)
                    self._begin(answer)
            except Exception as error:  # noqa: BLE001 - one prompt's fault is not the others'
                self._end(answer, "failed", error)

    def _begin(self, answer: _Answer) -> None:
        """Say a prompt's first token and let it be decoded with the others."""
        logits = answer.session.logits()
        self._said.append(answer)
        if self._pool is not None:
            self._pool.add(answer.session.take_cache(), answer.longest)
        self._take(answer, choose(logits, answer.ask.temperature, answer.generator))

    def _say_one(self) -> None:
        """Say one more token of every answer."""
        answers = list(self._said)
        if not answers:
            return
        if self._pool is None:
            for answer in answers:
                answer.session.say(answer.token)
                self._take(answer, choose(answer.session.logits(), answer.ask.temperature, answer.generator))
            return
        logits = self._pool.step(torch.tensor([answer.token for answer in answers], device=self._model.device))
        likeliest = logits.argmax(-1).tolist()
        for row, answer in enumerate(answers):
            is_greedy = answer.ask.temperature == 0
            token = likeliest[row] if is_greedy else choose(logits[row], answer.ask.temperature, answer.generator)
            self._take(answer, token)

    def _take(self, answer: _Answer, token: int) -> None:
        if token == self._model.template.end_of_turn:
            self._end(answer, "stop")
            return
        answer.token = token
        answer.reply.add(token)
        if answer.reply.answer_tokens >= answer.ask.max_new_tokens:
            self._end(answer, "length")

    def _end(self, answer: _Answer, ending: Ending, error: Exception | None = None) -> None:
        if answer in self._read:
            self._read.remove(answer)
        if answer in self._said:
            row = self._said.index(answer)
            last = self._said.pop()
            if row < len(self._said):
                self._said[row] = last  # as the pool does with its rows
            if self._pool is not None:
                self._pool.remove(row)
        answer.reply.end(ending, error)

    def _fail(self, error: Exception) -> None:
        """Tell all that are worked on; those that wait have not been touched."""
        for answer in [*self._read, *self._said]:
            answer.reply.end("failed", error)
        self._read, self._said = [], []
        self._pool = self._new_pool()

    def _new_pool(self) -> Pool | None:
        lm = self._model.lm
        return Pool(lm, self.limits.most_together) if isinstance(lm, LlamaLm) else None

    def _cancel_all(self) -> None:
        with self._changed:
            for answer in [*self._waiting, *self._read, *self._said]:
                answer.reply.end("cancelled")
            for _, future in self._errands:
                future.set_exception(RunError("the engine was closed", fix="start another one"))
            self._waiting.clear()
            self._errands.clear()
            self._read, self._said = [], []
