"""What a question is about, and its answer where the timeline and the measured facts give one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.chat.answers import amounts, comparing, course, movement, signal
from llasa_core.chat.answers.answer import Case, Composed
from llasa_core.chat.answers.unable import no_names, unable, unknown_activity
from llasa_core.chat.asking.asked import Asked, read_question
from llasa_core.chat.asking.cannot_tell import DATE
from llasa_core.chat.asking.signal import SIGNAL_QUANTITIES
from llasa_core.chat.context import Context, completed
from llasa_core.chat.known_recording import labels_of
from llasa_core.chat.prompt import for_model
from llasa_core.chat.question import checked
from llasa_core.chat.scope import scope_of
from llasa_core.chat.settings import ChatSettings
from llasa_core.timeline.segments import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.chat.fact import Fact
    from llasa_core.chat.known_recording import KnownRecording
    from llasa_core.chat.scope import Scope
    from llasa_core.data.qa import Turn

REMEMBERED = 6
"""Questions before that are read again, to know what `that` means; it is hardly ever further back."""
_WHICH_ONE = re.compile(
    r"\b(?:which|what) (?:of (?:the|these|them) )?(?:\w+ )?(?:recording|part|file|session|one|clip|window)s?\b"
)
_NO_WINDOWS = np.empty((0, 0, 6), np.float32)
_COMPOSERS: dict[str, Callable[[Case], Composed | None]] = {
    "account": signal.account,
    "activity": course.activity,
    "axis": signal.axis,
    "cadence": movement.cadence,
    "changes": course.changes,
    "compare": comparing.compare,
    "count": amounts.count,
    "describe": course.activity,
    "duration": amounts.duration,
    "evenness": movement.evenness,
    "frequency": signal.frequency,
    "gaps": course.gaps,
    "heading": signal.heading,
    "intensity": movement.intensity,
    "length": course.recorded_length,
    "list": course.course,
    "most": course.most,
    "moving": signal.moving,
    "peak": movement.peak,
    "posture": signal.posture,
    "rhythm": signal.rhythm,
    "share": amounts.share,
    "statistic": signal.statistic,
    "steps": movement.steps,
    "sure": course.sure,
    "talk": lambda _case: Composed(_HINT),
    "trend": signal.trend,
    "turned": signal.turned,
    "turning": signal.turning,
    "what": course.what,
    "when": amounts.when,
    "whether": amounts.whether,
}
_HINT = "Ask about the recording, such as: How long was I walking? What happened at 3:20? Was my gait even?"
NAMING = ("activity", "describe", "what")
"""What a model that was taught names alone can be asked."""
_UNREAD = "How to read this question is not known here, and the language model was taught to name activities only."
_WITHOUT_NAMES = (
    "statistic",
    "talk",
    "cadence",
    "evenness",
    "gaps",
    "intensity",
    "length",
    "peak",
    "steps",
    "compare",
    "activity",
    "describe",
    "sure",
    *SIGNAL_QUANTITIES,
)
"""What can be told where no activities are named."""


@dataclass(frozen=True)
class Grounded:
    """A question, what it is about, and either its answer or what a model is asked."""

    question: str
    asked: Asked
    scopes: tuple[Scope, ...]
    """One for each recording that it is about."""
    recordings: tuple[KnownRecording, ...]
    facts: tuple[Fact, ...]
    """What the answer rests on; for a model, what it is told."""
    answer: str | None
    """Composed from timeline and facts; None where a model has to answer."""
    windows: np.ndarray = field(default_factory=lambda: _NO_WINDOWS)
    """float32 [window, time, channel] for the model, one for each `<sensor>` in `turns`."""
    window_starts: tuple[tuple[int, float], ...] = ()
    """Recording and start in seconds of each window."""
    turns: tuple[Turn, ...] = ()
    """What the model is asked, the conversation before it included; empty where the answer is composed."""

    @property
    def scope(self) -> Scope:
        """What it is about, in the first recording that it is about."""
        return self.scopes[0]


def ground(
    question: str,
    recordings: Sequence[KnownRecording],
    turns: Sequence[Turn] = (),
    settings: ChatSettings | None = None,
) -> Grounded:
    """Return what a question is about, with its answer where timeline and facts give one.

    The same question after the same turns gives the same answer: nothing is remembered but what is passed.

    Args:
        question: in plain English.
        recordings: at least one, in the order in which they are numbered.
        turns: what was said before: questions and answers in turns, without placeholders.
        settings: how many windows a model is shown, and what it is told.

    Raises:
        UsageError: the question is empty, too long, or holds the placeholder of a window.
    """
    question = checked(question)
    context: Context | None = None
    for turn in [one for one in turns if one.speaker == "human"][-REMEMBERED:]:
        context = _read(turn.text, recordings, context)[1]
    composed, context, scopes = _read(question, recordings, context)
    if composed is not None:
        return Grounded(question, context.asked, scopes, tuple(recordings), composed.facts, composed.text)
    if settings is not None and settings.only_names:
        instead = _instead_of_names(Case(context.asked, recordings[scopes[0].recording], scopes[0], recordings))
        if instead is not None:
            return Grounded(question, context.asked, scopes, tuple(recordings), instead.facts, instead.text)
    shown = for_model(question, context.asked, scopes, recordings, turns, settings or ChatSettings())
    return Grounded(
        question,
        context.asked,
        scopes,
        tuple(recordings),
        shown.facts,
        None,
        shown.windows,
        shown.window_starts,
        shown.turns,
    )


def _read(
    question: str, recordings: Sequence[KnownRecording], before: Context | None
) -> tuple[Composed | None, Context, tuple[Scope, ...]]:
    asked = _across(completed(read_question(question), before), len(recordings))
    chosen = _chosen(asked, len(recordings))
    focus = before.focus if before is not None else ((),) * len(recordings)
    scopes = tuple(scope_of(asked, recordings[at], at, focus[at]) for at in chosen)
    cases = [Case(asked, recordings[scope.recording], scope, recordings) for scope in scopes]
    if asked.quantity == "compare" and len(cases) > 1:
        cases = cases[:1]
    each = comparing.course_of_each(cases[0]) if len(cases) > 1 and _asks_for_the_course(asked) else None
    if each is not None:
        return each, Context(asked, focus), scopes
    found = [_composed(case) for case in cases]
    new_focus = list(focus)
    for case, one in zip(cases, found, strict=True):
        spans = one.focus if one is not None else case.scope.spans
        new_focus[case.scope.recording] = spans or focus[case.scope.recording]
    context = Context(asked, tuple(new_focus))
    told = [one for one in found if one is not None]
    if len(told) < len(found) or not told:
        return None, context, scopes
    if len(told) == 1:
        return told[0], context, scopes
    if len({one.text for one in told}) == 1:
        return replace(told[0], facts=tuple(fact for one in told for fact in one.facts)), context, scopes
    labels = labels_of(recordings)
    text = " ".join(f"{labels[case.scope.recording]}: {one.text}" for case, one in zip(cases, told, strict=True))
    return Composed(text, tuple(fact for one in told for fact in one.facts)), context, scopes


def _instead_of_names(case: Case) -> Composed | None:
    """Return an answer where a model that was taught names alone has none; None where a name is what is asked for."""
    if case.asked.quantity == "describe" and case.asked.targets:
        return signal.account(case)  # it would repeat the name
    return None if case.asked.quantity in NAMING else _unread(case)


def _unread(case: Case) -> Composed:
    """Return that a question was not read, what the recording shows, and how to ask."""
    shows = course.totals(case) if case.recording.names_activities else None
    if shows is None:
        return Composed(f"{_UNREAD} {_HINT}")
    return Composed(f"{_UNREAD} What the recording shows: {shows.text} {_HINT}", shows.facts, shows.focus)


def _across(asked: Asked, n_recordings: int) -> Asked:
    """Return a question for the most vigorous one of several recordings as the comparison that it is."""
    is_of_several = n_recordings > 1 and asked.recording is None and asked.cannot is None
    if (
        is_of_several
        and asked.quantity in {"intensity", "cadence", "evenness", "moving"}
        and _WHICH_ONE.search(asked.plain)
    ):
        return replace(asked, quantity="compare")
    return asked


def _asks_for_the_course(asked: Asked) -> bool:
    has_scope = asked.targets or asked.event or asked.time or asked.recording is not None or asked.cannot
    return asked.quantity in {"activity", "what", "list"} and not has_scope


def _chosen(asked: Asked, n_recordings: int) -> list[int]:
    if asked.recording is None:
        return list(range(n_recordings))
    at = asked.recording if asked.recording >= 0 else n_recordings - 1
    return [at] if at < n_recordings else list(range(n_recordings))


def _composed(case: Case) -> Composed | None:  # noqa: PLR0911 - a reason each
    asked, recording = case.asked, case.recording
    if asked.cannot is not None:
        told = course.date(case) if asked.cannot is DATE else None
        return told or unable(case, asked.cannot)
    if asked.quantity is None or (asked.quantity == "describe" and case.scope.missing):
        return Composed(case.scope.missing) if case.scope.missing else None
    if not recording.names_activities and (asked.quantity not in _WITHOUT_NAMES or asked.targets):
        return no_names(case)
    known = {*recording.timeline.activities, UNKNOWN}
    strange = [one for one in asked.targets if known.isdisjoint(one.activities)]
    if strange and recording.names_activities:
        return unknown_activity(case, strange[0])
    if case.scope.missing:
        return Composed(case.scope.missing)
    if asked.quantity == "when" and asked.pick in {"most", "least"}:
        return movement.intensity(case)
    return _COMPOSERS[asked.quantity](case)
