"""The QA items of one recording's windows: eleven kinds of talk about each, drawn by seed and window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llasa_core.data.grounded.activities import choose, short_caption, what, yes_no
from llasa_core.data.grounded.comparisons import compare, timeline
from llasa_core.data.grounded.draw import Draw
from llasa_core.data.grounded.fact_questions import ask, some_topics
from llasa_core.data.grounded.measured import Claim, Said
from llasa_core.data.grounded.reasons import caption, narration, reason
from llasa_core.data.grounded.unanswerable import unanswerable
from llasa_core.data.qa import SENSOR, QaItem, Turn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.data.grounded.measured import MeasuredRecording
    from llasa_core.data.qa import Kind

Exchange = tuple[str, Said]
"""A question and its answer."""
N_FACTS = 4
"""Facts that are asked about in each window: three alone, and two in a conversation with one of these."""
LONGEST_TIMELINE = 4
"""Windows of which the order is asked."""


def items_of(recording: MeasuredRecording, activities: Sequence[str], seed: int) -> Iterator[QaItem]:
    """Yield the QA items of a recording's windows, window by window.

    Each labelled window gets at least ten: the plain question, a conversation and a choice about its activity; two
    captions, one with figures; three facts; an activity with its reasons; something that motion cannot tell; and,
    where there are other windows, a comparison, and a timeline of those that follow. A window without a label gets
    those that need none.

    Args:
        recording: its windows, in order of time.
        activities: all activities in the data, always in the same order; wrong options are drawn from them.
        seed: of the whole data folder.
    """
    for nth in range(len(recording)):
        draw = Draw(seed, f"{recording.name}/{nth}")
        window_id = f"{recording.name}/{nth}"
        for kind, number, refs, talk in _talks(recording, nth, activities, draw):
            yield QaItem(
                f"{window_id}/{kind}-{number}",
                tuple(recording.refs[at] for at in refs),
                kind,
                recording.subject,
                _turns(talk, len(refs)),
                _facts(talk),
            )


_Talk = tuple["Kind", int, "Sequence[int]", "Sequence[Exchange]"]
"""Kind, number within it, which windows, and what is said."""


def _talks(recording: MeasuredRecording, nth: int, activities: Sequence[str], draw: Draw) -> Iterator[_Talk]:
    window, here = recording.windows[nth], (nth,)
    activity = window.activity
    if activity is not None:
        yield from ((kind, number, here, talk) for kind, number, talk in _on_activity(activity, activities, draw))
    yield "caption", 1, here, [caption(window, activity, draw)]
    topics = some_topics(draw, N_FACTS)
    yield "fact", 0, here, [ask(topics[0], window, draw)]
    yield "fact", 1, here, [ask(topics[1], window, draw)]
    yield "fact", 2, here, [ask(topic, window, draw) for topic in topics[2:]]
    if activity is not None:
        why = narration if draw.chance(0.3) else reason
        yield "reasoning", 0, here, [why(window, activity, draw)]
    yield "unanswerable", 0, here, [unanswerable(draw)]
    others = [at for at in range(len(recording)) if at != nth]
    if others:
        other = draw.one(others)
        yield "compare", 0, (nth, other), [compare(window, recording.windows[other], draw)]
    length = min(2 + int(draw.chance(0.5)) + int(draw.chance(0.5)), LONGEST_TIMELINE, len(recording) - nth)
    if length > 1:  # nothing follows the last window
        parts = range(nth, nth + length)
        yield "timeline", 0, parts, [timeline([recording.windows[at] for at in parts], draw)]


def _on_activity(activity: str, activities: Sequence[str], draw: Draw) -> Iterator[tuple[Kind, int, list[Exchange]]]:
    others = [name for name in activities if name != activity]
    yield "activity", 0, [what(draw, activity)]
    if others:
        talk = [what(draw, activity), yes_no(draw, activity, others), choose(draw, activity, others)]
        yield "activity", 1, draw.shuffled(talk)
        yield "activity", 2, [(choose if draw.chance(0.5) else yes_no)(draw, activity, others)]
    yield "caption", 0, [short_caption(draw, activity, activities)]


def _turns(talk: Sequence[Exchange], n_windows: int) -> tuple[Turn, ...]:
    turns: list[Turn] = []
    for question, said in talk:
        placeholders = "" if turns else _placeholders(n_windows)
        turns += (Turn("human", placeholders + question), Turn("gpt", said.text))
    return tuple(turns)


def _placeholders(n_windows: int) -> str:
    if n_windows == 1:
        return SENSOR + "\n"
    if n_windows == 2:  # noqa: PLR2004 - a pair
        return f"First recording: {SENSOR}\nSecond recording: {SENSOR}\n"
    return "".join(f"Part {number}: {SENSOR}\n" for number in range(1, n_windows + 1))


def _facts(talk: Sequence[Exchange]) -> dict[str, Any]:
    claims: dict[Claim, None] = {}
    for _, said in talk:
        claims |= dict.fromkeys(said.claims)
    activity = next((c.value for c in claims if c.fact == "activity" and not c.window), None)
    facts: dict[str, Any] = {"activity": activity} if activity is not None else {}
    rest = [claim.as_dict() for claim in claims if claim.fact != "activity" or claim.window]
    return {**facts, "claims": rest} if rest else facts
