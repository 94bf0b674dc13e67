"""What a model is shown where timeline and facts give no answer: windows, facts as text, the talk before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.chat.answers.answer import Case, segment_text
from llasa_core.chat.fact import Fact
from llasa_core.chat.scope import whole
from llasa_core.data.qa import SENSOR, Turn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.chat.asking.asked import Asked
    from llasa_core.chat.known_recording import KnownRecording
    from llasa_core.chat.scope import Scope
    from llasa_core.chat.settings import ChatSettings

MOST_TOLD = 12
"""Segments that a model is told of."""


@dataclass(frozen=True)
class Shown:
    """What a model is shown."""

    windows: np.ndarray
    window_starts: tuple[tuple[int, float], ...]
    turns: tuple[Turn, ...]
    facts: tuple[Fact, ...]


def for_model(
    question: str,
    asked: Asked,
    scopes: Sequence[Scope],
    recordings: Sequence[KnownRecording],
    turns: Sequence[Turn],
    settings: ChatSettings,
) -> Shown:
    """Return the windows that a question is about, the facts about them, and the turns with both put in.

    A model is told of the segments around its windows and of no others: the shipped one named the wrong activity where
    six were listed, and was not moved by one (docs/experiments.md). To "What is the person doing?" it is told of none.
    The talk before goes along where the question leans on it: answers about other windows drew it to repeat them.
    """
    cases = [Case(asked, recordings[scope.recording], scope, recordings) for scope in scopes]
    chosen = [(case, window, start) for case in cases for window, start in _windows(case, settings)]
    told = (
        [_told(case, start) for case, _, start in chosen]
        if settings.tell_facts and asked.quantity != "activity"
        else []
    )
    facts = "".join(f"{text}\n" for text in dict.fromkeys(told) if text)
    first = SENSOR + f"\n{SENSOR}" * (len(chosen) - 1) + "\n" + (f"{facts}\n" if facts else "")
    asking = _conversation(question, asked, turns, settings)
    return Shown(
        windows=np.stack([window for _, window, _ in chosen]),
        window_starts=tuple((case.scope.recording, start) for case, _, start in chosen),
        turns=(Turn("human", first + asking[0].text), *asking[1:]),
        facts=tuple(fact for case in cases for fact in _facts(case)),
    )


def _conversation(question: str, asked: Asked, turns: Sequence[Turn], settings: ChatSettings) -> tuple[Turn, ...]:
    """Return what a question is sent with: all that was said, nothing, or the question before in the same breath.

    The last where a question leans on it and is about another part, as in `and at 0:50?`: the answer about the part
    before would be repeated.
    """
    asking = Turn("human", question)
    if settings.send_all or not turns:
        return (*turns, asking)
    if not asked.is_follow_up:
        return (asking,)
    is_elsewhere = asked.time is not None or asked.event is not None or asked.recording is not None
    return (Turn("human", f"{turns[-2].text}\n{question}"),) if is_elsewhere or asked.back else (*turns, asking)


def _told(case: Case, start_s: float) -> str:
    """Return the timeline's segment around a window, as text."""
    segment = case.recording.timeline.at(start_s + case.recording.window_s / 2)
    return segment_text(segment) if segment is not None and case.recording.names_activities else ""


def _windows(case: Case, settings: ChatSettings) -> list[tuple[np.ndarray, float]]:
    """Return the windows that show best what the scope is about, in order of time."""
    at_most = max(1, settings.prompt_windows // max(1, len(case.others)))
    middles = _middles(case, at_most)
    found = [window for middle in middles if (window := case.recording.window_at(middle)) is not None]
    return sorted(found, key=lambda pair: pair[1])


def _middles(case: Case, at_most: int) -> list[float]:
    """Return the middles of windows: of the moment, or of those that show best what was done longest."""
    recording, table = case.recording, case.recording.timeline.windows
    if case.scope.is_moment:
        return [case.scope.spans[0].start_s]
    rows = recording.rows_in(case.scope.spans or whole(recording, case.scope.recording).spans)
    names = [name for name in case.amounts() if name in recording.timeline.activities]
    best = []
    for name in names[:at_most]:
        own = recording.rows_in(case.parts([one for one in case.segments() if one.activity == name]))
        best.append(own[table.probability[own, recording.timeline.activities.index(name)].argmax()])
    if not best:  # nothing to go by: evenly
        best = list(rows[np.linspace(0, len(rows) - 1, min(at_most, len(rows)) + 2).round().astype(int)[1:-1]])
    return [float(table.start_s[row]) + recording.window_s / 2 for row in best]


def _facts(case: Case) -> list[Fact]:
    segments = case.segments()[:MOST_TOLD]
    return [Fact(segment_text(one), "segment", one.start_s, one.end_s, case.scope.recording) for one in segments]
