"""All that is written about one window: asked once, what fails asked again once, the rest left out with its reason."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llasa_core.data.llm_written.asking import NoAnswer
from llasa_core.data.llm_written.checking import Checker
from llasa_core.data.llm_written.prompts import first_request, second_request
from llasa_core.data.llm_written.reply import Reply, Unreadable, Wanted, read_reply
from llasa_core.data.llm_written.wrong import Wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from llasa_core.data.grounded.measured import MeasuredRecording, Said
    from llasa_core.data.llm_written.asking import Asking
    from llasa_core.data.llm_written.cache import Answer
    from llasa_core.data.llm_written.settings import LlmSettings

UNREADABLE = "not in the form that was asked for"
TWICE = "a question asked twice"


@dataclass(frozen=True)
class WindowJob:
    """A window to write about."""

    recording: MeasuredRecording
    nth: int
    samples: np.ndarray
    """[time, channel]."""

    @property
    def id(self) -> str:
        """The beginning of its items' ids."""
        return f"{self.recording.name}/{self.nth}"


@dataclass
class Written:
    """What became of a window."""

    summary: Said | None = None
    narration: Said | None = None
    pairs: list[tuple[str, Said]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """The reason of each answer that was left out."""
    no_answer: str | None = None
    """Why the endpoint gave nothing at all."""

    @property
    def n_answers(self) -> int:
        """Answers that hold."""
        return len(self.pairs) + (self.summary is not None) + (self.narration is not None)


@dataclass
class _Failed:
    """What has to be written again."""

    wanted: Wanted = field(default_factory=lambda: Wanted(summary=False, narration=False, pairs=0))
    wrongs: list[tuple[str, Wrong]] = field(default_factory=list)
    """Each with the part that it is wrong with."""

    @property
    def complaints(self) -> list[str]:
        """For the model."""
        return [f"{part}: {wrong.detail}" for part, wrong in self.wrongs]


def write_window(job: WindowJob, asking: Asking, settings: LlmSettings, activities: Sequence[str]) -> Written:
    """Return what a model wrote about a window, as far as it is true.

    Raises:
        Stopped: the run is over.
        LlasaError: the endpoint will answer nothing.
    """
    window = job.recording.windows[job.nth]
    checker = Checker(window, job.recording.window_s, activities)
    written = Written()
    request = first_request(window, job.samples, job.recording.window_s, settings)
    try:
        answer = asking.answer(request)
    except NoAnswer as error:
        written.no_answer = str(error)
        return written
    failed = _review(answer, Wanted(), checker, written)
    if failed.wanted:
        again = second_request(request, answer.text, failed.complaints, failed.wanted, settings)
        with suppress(NoAnswer):  # the reasons of the first answer stand
            failed = _review(asking.answer(again), failed.wanted, checker, written)
        written.left_out = [wrong.reason for _, wrong in failed.wrongs]
    return written


def _review(answer: Answer, wanted: Wanted, checker: Checker, written: Written) -> _Failed:
    """Put what holds into `written`, and return what does not."""
    try:
        reply = _read(answer, wanted)
    except Unreadable as error:
        parts = [*(["summary"] if wanted.summary else []), *(["narration"] if wanted.narration else [])]
        parts += ["pair"] * wanted.pairs
        return _Failed(wanted, [(part, Wrong(UNREADABLE, str(error))) for part in parts])
    wrongs: list[tuple[str, Wrong]] = []

    def kept(part: str, check: Callable[[], Said]) -> Said | None:
        try:
            return check()
        except Wrong as wrong:
            wrongs.append((part, wrong))
            return None

    summary, steps = reply.summary, reply.narration
    if summary is not None:
        written.summary = kept("summary", lambda: checker.summary(summary))
    if steps:
        written.narration = kept("narration", lambda: checker.narration(steps))
    n_pairs = 0
    for nth, (question, text) in enumerate(reply.pairs, start=1):
        said = kept(f"pair {nth}", lambda q=question, a=text: _new(q, a, checker, written))  # type: ignore[misc]
        if said is not None:
            written.pairs.append((question.strip(), said))
        n_pairs += said is None
    again = Wanted(
        summary=wanted.summary and written.summary is None,
        narration=wanted.narration and written.narration is None,
        pairs=n_pairs,
    )
    return _Failed(again, wrongs)


def _read(answer: Answer, wanted: Wanted) -> Reply:
    if answer.finish == "length":
        raise Unreadable("it was cut off, as it is too long; write less")
    return read_reply(answer.text, wanted)


def _new(question: str, answer: str, checker: Checker, written: Written) -> Said:
    if question.strip().lower() in {known.lower() for known, _ in written.pairs}:
        raise Wrong(TWICE, "its question was asked before; ask about something else")
    return checker.answer(question, answer)
