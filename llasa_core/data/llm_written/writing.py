"""The QA items that a language model writes about the windows of a data folder."""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from llasa_core.data.grounded.draw import Draw
from llasa_core.data.grounded.reasons import CAPTION_QUESTIONS, NARRATION_QUESTIONS
from llasa_core.data.llm_written.address import checked_url, key_of_environment
from llasa_core.data.llm_written.asking import Asking
from llasa_core.data.llm_written.cache import opened_cache
from llasa_core.data.llm_written.endpoint import Endpoint
from llasa_core.data.llm_written.in_order import in_order
from llasa_core.data.llm_written.pace import Stopped
from llasa_core.data.llm_written.prompts import first_request
from llasa_core.data.llm_written.settings import LlmRun
from llasa_core.data.llm_written.window_job import WindowJob, Written, write_window
from llasa_core.data.qa import SENSOR, QaItem, Turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy as np

    from llasa_core.data.grounded.measured import Claim, MeasuredRecording, Said
    from llasa_core.data.llm_written.settings import LlmSettings
    from llasa_core.data.qa import Kind

USUAL_ANSWER_TOKENS = 700
"""Of a summary, a narration and five pairs, as GPT-like tokenizers count."""
BEYOND_LIMIT = "not asked: beyond `--limit`"


def cache_file_of(out: Path) -> Path:
    """Return where the answers that a data folder was paid for are kept: beside it, so that `--fresh` keeps them."""
    place = out.resolve()
    return place.with_name(f"{place.name}.llm-answers.jsonl")


@contextmanager
def llm_writer(
    settings: LlmSettings,
    cache_file: Path,
    counts: Sequence[tuple[str, int]],
    activities: Sequence[str],
    *,
    seed: int = 7,
    run: LlmRun | None = None,
) -> Iterator[LlmWriter]:
    """Open what writes the questions of a data folder.

    Args:
        settings: which model, where, and how many windows.
        cache_file: answers that were paid for; made where there is none.
        counts: name of each recording in the folder, and its number of windows.
        activities: all labels in the data.
        seed: of the folder; chooses the windows of a limit.
        run: how fast the endpoint is asked, and who is told.

    Raises:
        UsageError: the address or the key cannot be used.
        DataError: the stored answers cannot be read.
        RunError: another process writes to them.
    """
    run = run or LlmRun()
    endpoint = Endpoint(checked_url(settings.url), key_of_environment(), run.pace.timeout_s)
    try:
        with opened_cache(cache_file) as cache:
            asking = Asking(endpoint, settings.url, cache, run.pace)
            yield LlmWriter(settings, asking, counts, activities, seed=seed, run=run)
    finally:
        endpoint.close()


class LlmWriter:
    """Writes the items of one recording after the other, with several requests under way."""

    def __init__(
        self,
        settings: LlmSettings,
        asking: Asking,
        counts: Sequence[tuple[str, int]],
        activities: Sequence[str],
        *,
        seed: int,
        run: LlmRun,
    ) -> None:
        self.asking = asking
        self._settings = settings
        self._activities = activities
        self._seed = seed
        self._run = run
        self._chosen = chosen_windows(counts, settings.limit, seed)
        n_windows = sum(count for _, count in counts)
        self._n_to_do = n_windows if self._chosen is None else len(self._chosen)
        self._n_done = 0
        self._is_estimated = False
        self._left_out: Counter[tuple[str, str, str]] = Counter()

    def items(self, recordings: Iterable[tuple[MeasuredRecording, np.ndarray]]) -> Iterator[QaItem]:
        """Yield the items of recordings, window by window; may be called for one split after the other.

        Args:
            recordings: each with its windows' samples [window, time, channel].

        Raises:
            LlasaError: the endpoint answers nothing, or the disk is full; what was answered is kept.
        """
        results = in_order(self._write, self._jobs(recordings), self._run.pace.concurrency, stop=self.asking.stop)
        try:
            with closing(results):
                for job, written in results:
                    self._count(job, written)
                    yield from self._items(job, written)
                    self._show_progress()
        except Stopped:
            if self.asking.fatal is None:
                raise
            raise self.asking.fatal from None

    def left_out(self) -> list[dict[str, Any]]:
        """Return what was left out so far, as the report of `prepare-data` has it."""
        return [
            {"source": source, "reason": reason, "count": count, "unit": unit}
            for (source, reason, unit), count in sorted(self._left_out.items())
        ]

    def _write(self, job: WindowJob) -> Written:
        return write_window(job, self.asking, self._settings, self._activities)

    def _jobs(self, recordings: Iterable[tuple[MeasuredRecording, np.ndarray]]) -> Iterator[WindowJob]:
        for recording, samples in recordings:
            for nth, window in enumerate(samples):
                job = WindowJob(recording, nth, window)
                if self._chosen is not None and job.id not in self._chosen:
                    self._left_out[recording.name, BEYOND_LIMIT, "windows"] += 1
                    continue
                if self._run.tell and not self._is_estimated:
                    self._run.tell(self._estimate(job))
                self._is_estimated = True
                yield job

    def _show_progress(self) -> None:
        self._n_done += 1
        if self._run.progress:
            words = f"{self._n_done:,} of {self._n_to_do:,} windows, {self.asking.spent.words(self._run.prices)}"
            self._run.progress(100 * self._n_done / self._n_to_do, words)

    def _estimate(self, job: WindowJob) -> str:
        """Return what all windows may take, from the prompt of one."""
        recording = job.recording
        request = first_request(recording.windows[job.nth], job.samples, recording.window_s, self._settings)
        n_in = self._n_to_do * request.about_tokens()
        n_out = self._n_to_do * min(USUAL_ANSWER_TOKENS, self._settings.max_tokens)
        prices = self._run.prices
        cost = f", cost about {prices.cost(n_in, n_out):.2f}" if prices else ""
        return (
            f"{self._n_to_do:,} windows to write about: about {n_in:,} tokens in and {n_out:,} out{cost}; about "
            "twice as much where all has to be asked again, and nothing for answers that are stored"
        )

    def _count(self, job: WindowJob, written: Written) -> None:
        source = job.recording.name
        for reason in written.left_out:
            self._left_out[source, f"LLM: {reason}", "answers"] += 1
        if written.no_answer is not None:
            self._left_out[source, f"LLM: {written.no_answer}", "windows"] += 1
        elif not written.n_answers:
            self._left_out[source, "LLM: none of its answers holds", "windows"] += 1

    def _items(self, job: WindowJob, written: Written) -> Iterator[QaItem]:
        draw = Draw(self._seed, f"{job.id}/llm")
        if written.summary is not None:
            yield self._item(job, "caption", 0, draw.one(CAPTION_QUESTIONS), written.summary)
        if written.narration is not None:
            yield self._item(job, "reasoning", 0, draw.one(NARRATION_QUESTIONS), written.narration)
        for nth, (question, said) in enumerate(written.pairs, start=1):
            yield self._item(job, _kind(said), nth, question, said)

    def _item(self, job: WindowJob, kind: Kind, number: int, question: str, said: Said) -> QaItem:
        recording = job.recording
        turns = (Turn("human", f"{SENSOR}\n{question}"), Turn("gpt", said.text))
        return QaItem(
            f"{job.id}/{kind}-llm-{number}",
            (recording.refs[job.nth],),
            kind,
            recording.subject,
            turns,
            _facts(said.claims),
        )


def chosen_windows(counts: Sequence[tuple[str, int]], limit: int | None, seed: int) -> set[str] | None:
    """Return the ids of the windows of a limit, or None for all; a larger limit has all those of a smaller one.

    They are spread over the whole data, as a hash orders them.
    """
    if limit is None:
        return None
    ids = (f"{name}/{nth}" for name, count in counts for nth in range(count))
    return set(heapq.nsmallest(limit, ids, key=lambda name: hashlib.blake2b(f"{seed}/{name}".encode()).digest()))


def _kind(said: Said) -> Kind:
    stated = {claim.fact for claim in said.claims}
    if "activity" not in stated:
        return "fact"
    return "activity" if stated == {"activity"} else "reasoning"


def _facts(claims: Sequence[Claim]) -> dict[str, Any]:
    activity = next((claim.value for claim in claims if claim.fact == "activity"), None)
    facts: dict[str, Any] = {} if activity is None else {"activity": activity}
    rest = [claim.as_dict() for claim in claims if claim.fact != "activity"]
    return {**facts, "claims": rest} if rest else facts
