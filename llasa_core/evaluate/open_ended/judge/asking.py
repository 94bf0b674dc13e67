"""Judges at work: several requests under way, each answer kept, each reply read or counted as unread."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

from llasa_core.data.llm_written.address import checked_url, key_of_environment
from llasa_core.data.llm_written.asking import Asking, Named, NoAnswer
from llasa_core.data.llm_written.cache import opened_cache
from llasa_core.data.llm_written.endpoint import Endpoint, Request
from llasa_core.data.llm_written.in_order import in_order
from llasa_core.data.llm_written.pace import Stopped
from llasa_core.data.llm_written.settings import LlmPace
from llasa_core.errors import UsageError
from llasa_core.evaluate.open_ended.judge.reply import CUT_OFF, Unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from llasa_core.data.llm_written.cache import Answer
    from llasa_core.eval_settings import JudgeConfig

T = TypeVar("T")

CACHE = "judge-answers.jsonl"
"""Every answer that was paid for, in the folder of the evaluation."""
SETTINGS = Named("eval.judge.url", "eval.judge.models")
BEYOND_BUDGET = "not asked: beyond `eval.judge.most_tokens`"
SHOWN_AGAIN = 2000
"""Letters of an unusable reply that the judge is shown when it is asked again."""


@dataclass(frozen=True)
class Asked(Generic[T]):
    """Something to ask, and how the reply is read."""

    request: Request
    read: Callable[[str], T]
    """Raises Unusable."""


@dataclass(frozen=True)
class Told(Generic[T]):
    """What came of it: a value, or why there is none."""

    value: T | None
    problem: str = ""


def pace_of(config: JudgeConfig) -> LlmPace:
    """Return how fast the endpoint is asked."""
    return LlmPace(
        concurrency=config.concurrency,
        requests_a_minute=config.requests_a_minute,
        tokens_a_minute=config.tokens_a_minute,
        timeout_s=config.timeout_s,
    )


@dataclass(frozen=True)
class Reach:
    """How judges are reached; none of it changes what they think."""

    folder: Path | None = None
    """Of the evaluation: judges' answers are kept there, so that nothing is paid for twice."""
    pace: LlmPace | None = None
    """Of the requests, another than the config's."""
    say: Callable[[str], None] = lambda _text: None
    """Told what is asked of whom."""


ALONE = Reach()


def judges_or_none(config: JudgeConfig, reach: Reach) -> AbstractContextManager[Judges | None]:
    """Return an open endpoint, or None where the config names none.

    Raises:
        UsageError: there is no folder to keep answers in.
    """
    if config.url is None:
        return nullcontext()
    if reach.folder is None:
        raise UsageError("judges' answers are paid for, and there is no folder to keep them in", fix="name a folder")
    return opened_judges(config, reach.folder, reach.pace)


@contextmanager
def opened_judges(config: JudgeConfig, folder: Path, pace: LlmPace | None = None) -> Iterator[Judges]:
    """Open the endpoint and the answers that were paid for, while the body runs.

    Args:
        config: with a `url`.
        folder: of the evaluation; `judge-answers.jsonl` is made in it.
        pace: another than the config's.

    Raises:
        UsageError: the address or the key cannot be used.
        DataError: the stored answers cannot be read.
        RunError: another process writes to them.
    """
    assert config.url is not None  # noqa: S101 - who opens judges has some
    pace = pace or pace_of(config)
    url = checked_url(config.url, SETTINGS.url)
    endpoint = Endpoint(url, key_of_environment(), pace.timeout_s)
    try:
        with opened_cache(folder / CACHE) as cache:
            yield Judges(Asking(endpoint, url, cache, pace, SETTINGS), pace.concurrency, config.most_tokens)
    finally:
        endpoint.close()


class Judges:
    """Asks in threads; an answer is on the disk before it is read, and never asked for again."""

    def __init__(self, asking: Asking, n_threads: int, most_tokens: int | None) -> None:
        self.asking = asking
        self.n_again = 0
        """How often a judge had to be asked a second time."""
        self._n_threads = n_threads
        self._most_tokens = most_tokens
        self._n_tokens = 0
        self._lock = Lock()

    def ask(self, asked: Sequence[Asked[T]], tell: Callable[[int], None] = lambda _n: None) -> list[Told[T]]:
        """Return what came of each, in order; what cannot be read is asked again once, with what is wrong.

        Raises:
            LlasaError: the endpoint answers nothing any more; what was answered is kept.
        """
        stored = (self.asking.stored(one.request) for one in asked)
        self._count(*(answer for answer in stored if answer is not None))
        told: list[Told[T]] = []
        try:
            for _, one in in_order(self._one, asked, self._n_threads, stop=self.asking.stop):
                told.append(one)
                tell(1)
        except Stopped:
            if self.asking.fatal is None:
                raise
            raise self.asking.fatal from None
        return told

    def _one(self, asked: Asked[T]) -> Told[T]:
        answer = self._answer(asked.request)
        if isinstance(answer, str):
            return Told(None, answer)
        told = _read(asked, answer)
        if told.value is not None:
            return told
        with self._lock:
            self.n_again += 1
        second = self._answer(_again(asked.request, answer.text, told.problem))
        return told if isinstance(second, str) else _read(asked, second)

    def _answer(self, request: Request) -> Answer | str:
        """Return an answer, or why there is none."""
        is_stored = self.asking.stored(request) is not None
        if not is_stored and self._most_tokens is not None and self._n_tokens >= self._most_tokens:
            return BEYOND_BUDGET
        try:
            answer = self.asking.answer(request)
        except NoAnswer as error:
            return str(error)
        if not is_stored:
            self._count(answer)
        return answer

    def _count(self, *answers: Answer) -> None:
        with self._lock:
            self._n_tokens += sum(answer.prompt_tokens + answer.answer_tokens for answer in answers)


def _read(asked: Asked[T], answer: Answer) -> Told[T]:
    try:
        return Told(asked.read(answer.text))
    except Unusable as error:
        return Told(None, CUT_OFF if answer.finish == "length" else str(error))


def _again(request: Request, reply: str, problem: str) -> Request:
    text = f"This reply cannot be used: {problem}. Write it again, exactly as it was asked for."
    messages = (*request.messages, ("assistant", reply[:SHOWN_AGAIN]), ("user", text))
    return Request(request.model, messages, request.schema, request.max_tokens, request.temperature)
