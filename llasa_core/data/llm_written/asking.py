"""A request answered: from what is stored, or by the endpoint, tried again where that may help."""

from __future__ import annotations

import hashlib
import json
import random
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, NoReturn, Protocol

from llasa_core.data.llm_written.endpoint import Failure
from llasa_core.data.llm_written.pace import Pace
from llasa_core.data.llm_written.tokens import Spent
from llasa_core.errors import LlasaError, RunError, UsageError

if TYPE_CHECKING:
    from llasa_core.data.llm_written.cache import Answer, AnswerCache
    from llasa_core.data.llm_written.endpoint import Request
    from llasa_core.data.llm_written.settings import LlmPace

MOST_IN_A_ROW = 20
"""Requests without an answer, one after the other: then something is wrong with the endpoint."""
KEPT = "what was answered is kept: run the same command again"


class Named(NamedTuple):
    """How whoever asks calls the settings of the endpoint; errors name them."""

    url: str
    model: str


OF_PREPARE_DATA = Named("--llm-url", "--llm-model")


class Endpointlike(Protocol):
    """Whatever answers requests."""

    def ask(self, request: Request) -> Answer:
        """Return an answer, or raise a Failure."""


class NoAnswer(Exception):  # noqa: N818 - the window is left out, and the run goes on
    """A request stayed without an answer."""


class Asking:
    """Answers requests for several threads, each once: what is stored is not asked again."""

    def __init__(
        self, endpoint: Endpointlike, url: str, cache: AnswerCache, pace: LlmPace, settings: Named = OF_PREPARE_DATA
    ) -> None:
        self.spent = Spent()
        self.fatal: LlasaError | None = None
        """Why nothing more is asked."""
        self._endpoint = endpoint
        self._url = url
        self._cache = cache
        self._settings = pace
        self._named = settings
        self._pace = Pace(pace.requests_a_minute, pace.tokens_a_minute)
        self._lock = Lock()
        self._n_in_a_row = 0

    def stop(self) -> None:
        """Ask nothing more; who waits to try again gives up."""
        self._pace.stop()

    def key_of(self, request: Request) -> str:
        """Return the name of a request in the cache: the same for the same question to the same model."""
        text = json.dumps([self._url, request.as_dict()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def stored(self, request: Request) -> Answer | None:
        """Return the answer to a request if it is there, without asking."""
        return self._cache.get(self.key_of(request))

    def answer(self, request: Request) -> Answer:
        """Return the answer to a request.

        Raises:
            NoAnswer: there is none, after all tries; the message names the reason.
            Stopped: the run is over.
            LlasaError: no request will be answered.
        """
        key = self.key_of(request)
        answer = self._cache.get(key)
        if answer is not None:
            self.spent.found()
            return answer
        answer = self._tried(request)
        try:
            self._cache.put(key, answer)
        except LlasaError as error:  # a full disk: what others paid for could not be kept either
            self._end(error)
        self.spent.answered(answer.prompt_tokens, answer.answer_tokens)
        return answer

    def _tried(self, request: Request) -> Answer:
        reserved = request.about_tokens() + request.max_tokens // 2
        failure = Failure("not asked")
        for nth in range(self._settings.tries):
            if nth:
                self._pause(failure, nth)
            self._pace.wait(reserved)
            try:
                answer = self._endpoint.ask(request)
            except Failure as error:
                failure = error
                self.spent.failed()
                self._check(failure)
                if not failure.may_pass:
                    break
            else:
                self._pace.took(answer.prompt_tokens + answer.answer_tokens, reserved)
                self._n_in_a_row = 0
                return answer
        self._give_up(failure)
        raise NoAnswer(f"no answer: {failure.reason}") from failure

    def _pause(self, failure: Failure, nth: int) -> None:
        """Wait before the next try: as long as was asked, else twice as long each time, at random below that."""
        settings = self._settings
        longest = min(settings.longest_pause_s, settings.first_pause_s * 2 ** (nth - 1))
        # At random, so that threads that failed together do not come back together.
        pause_s = failure.wait_s + longest * random.uniform(0.5, 1.0)  # noqa: S311 - no secret depends on it
        if failure.wait_s:
            self._pace.hold(failure.wait_s)
        self._pace.pause(pause_s)

    def _check(self, failure: Failure) -> None:
        """End the run where every other request would fail too."""
        if failure.wait_s > self._settings.longest_asked_s:
            self._end(
                RunError(
                    f"the endpoint wants us to wait {failure.wait_s / 60:.0f} min ({failure.reason})",
                    where=self._url,
                    fix=f"{KEPT} then",
                )
            )
        if failure.is_final:
            self._end(_refused(failure, self._url, self._named))

    def _give_up(self, failure: Failure) -> None:
        with self._lock:
            self._n_in_a_row += 1
            n_in_a_row, n_answered = self._n_in_a_row, self.spent.requests
        if failure.may_pass and not n_answered:
            tries = f"in {self._settings.tries} tries"
            self._end(_silent(f"the endpoint answered nothing {tries}", failure, self._url))
        if n_in_a_row >= MOST_IN_A_ROW:
            self._end(_silent(f"the endpoint left {MOST_IN_A_ROW} requests in a row unanswered", failure, self._url))

    def _end(self, error: LlasaError) -> NoReturn:
        with self._lock:
            self.fatal = self.fatal or error
        self.stop()
        raise error


def _silent(what: str, failure: Failure, url: str) -> RunError:
    return RunError(f"{what}: {_with_words(failure)}", where=url, fix=f"see that the endpoint works; {KEPT}")


def _refused(failure: Failure, url: str, named: Named) -> LlasaError:
    said = _with_words(failure)
    if failure.status == 401:  # noqa: PLR2004 - of HTTP
        return UsageError(
            f"the endpoint does not take the key: {said}",
            where=url,
            fix=f"set LLASA_API_KEY to a key of this endpoint; {KEPT}",
        )
    if failure.status in {404, 405, 410}:
        return UsageError(
            f"the endpoint knows no such address or model: {said}",
            where=url,
            fix=f"check `{named.url}` and `{named.model}`",
        )
    if 300 <= failure.status < 400:  # noqa: PLR2004 - redirections
        return UsageError(
            f"the endpoint sends us elsewhere, and recordings go only where they were meant to: {said}",
            where=url,
            fix=f"pass the final address as `{named.url}`, if you trust it",
        )
    return RunError(f"the endpoint will answer nothing: {said}", where=url, fix=f"mend that account; {KEPT}")


def _with_words(failure: Failure) -> str:
    return f"{failure.reason}, {failure.said}" if failure.said else failure.reason
