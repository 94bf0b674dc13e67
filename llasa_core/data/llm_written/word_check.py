"""What the words of a text claim of a window: movement, rhythm, intensity, posture, axes, turns and trends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.data.grounded.measured import Claim
from llasa_core.data.llm_written import phrases
from llasa_core.data.llm_written.mentions import clauses, part_at, sentences
from llasa_core.data.llm_written.number_check import AXES
from llasa_core.data.llm_written.wrong import Wrong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llasa_core.data.grounded.measured import Measured

CONTRADICTED, WRONG_AXIS = "words that contradict a fact", "a wrong axis"


def word_claims(text: str, window: Measured, asked: str = "") -> Iterator[Claim]:
    """Yield what the words of an answer claim, numbers and activities aside.

    Args:
        text: the answer.
        window: what was measured.
        asked: the question, which may say of which sensor.

    Raises:
        Wrong: they say what is not so, or what the sensor does not show.
    """
    _check_shown(text)
    yield from _stated(text, window)
    yield from side_claims(text, window)
    for sentence in sentences(text):
        for start, end in clauses(text, *sentence):
            clause = text[start:end]
            yield from _upright(clause, window)
            yield from _strongest(clause, (text[slice(*sentence)], asked), window)


def _check_shown(text: str) -> None:
    if found := phrases.NOT_SHOWN.search(text):
        raise Wrong("what motion does not tell", f'it speaks of "{found[0]}", which the sensor does not show')
    if found := phrases.OF_TASK.search(text):
        raise Wrong("words about its task", f'it says "{found[0]}"; write as if you had looked at the signal yourself')
    if found := phrases.SPELLED.search(text):
        raise Wrong("a number in words", f'it says "{found[0]}"; write numbers in digits, as the facts have them')


def _stated(text: str, window: Measured) -> Iterator[Claim]:
    truths: dict[str, str | bool] = {
        "moving": window.is_moving,
        "rhythmic": window.is_rhythmic,
        "intensity": window.intensity,
        "trend": window.trend,
        "changes_posture": window.changes_posture,
    }
    taken: list[range] = []
    for fact, value, pattern in phrases.PHRASES:
        truth = truths[fact]
        for match in pattern.finditer(text):
            if any(match.start() in span or match.end() - 1 in span for span in taken):
                continue
            taken.append(range(*match.span()))
            is_denied = _is_denied(text, match.start())
            if (value == truth) == is_denied:
                raise Wrong(CONTRADICTED, f'it says "{match[0]}", but {_so(fact, truth)}', Claim(fact, value))
            if not is_denied or isinstance(truth, bool):
                yield Claim(fact, truth)


def _is_denied(text: str, at: int) -> bool:
    start, _ = part_at(clauses(text, *part_at(sentences(text), at)), at)
    return phrases.DENIED.search(text[start:at]) is not None


def _so(fact: str, truth: str | bool) -> str:  # noqa: FBT001 - a fact may be a yes or no
    name = fact.replace("_", " ")
    return f"{name} is {truth}" if isinstance(truth, str) else f"{name}: {'yes' if truth else 'no'}"


def side_claims(text: str, window: Measured) -> Iterator[Claim]:
    """Yield to which side a text says that it turned.

    Raises:
        Wrong: it turned to the other, or to neither.
    """
    heading = round(window.heading_deg)
    truth = "left" if heading > 0 else "right" if heading < 0 else "neither side"
    for side, pattern in phrases.SIDES.items():
        if found := pattern.search(text):
            if side != truth:
                raise Wrong(
                    CONTRADICTED, f'it says "{found[0]}", but it turned to {_the(truth)}', Claim("turns_to", side)
                )
            yield Claim("turns_to", side)


def _the(side: str) -> str:
    return side if " " in side else f"the {side}"


def _upright(clause: str, window: Measured) -> Iterator[Claim]:
    upright = window.up_axis
    really = f"the {upright[1]} axis is" if upright else "no axis is"
    if found := phrases.TILTED.search(clause):
        if upright is not None:
            raise Wrong(WRONG_AXIS, f'it says "{found[0]}", but {really} upright', Claim("up_axis", None))
        yield Claim("up_axis", None)
        return
    found = phrases.UPRIGHT.search(clause)
    axes = _axes(clause)
    if not axes or not found or phrases.ABOUT_VERTICAL.search(clause):
        return
    if upright is None or axes != {upright[1]}:
        said = Claim("up_axis", _listed(axes))
        raise Wrong(WRONG_AXIS, f'it says "{found[0]}" of the {_listed(axes)} axis, but {really} upright', said)
    wrong_way = phrases.DOWN if upright[0] == "+" else phrases.UP
    if found := wrong_way.search(clause):
        said = Claim("up_axis", "-+"[upright[0] == "-"] + upright[1])
        raise Wrong(WRONG_AXIS, f'it says "{found[0]}" of the {upright[1]} axis, which points the other way', said)
    yield Claim("up_axis", upright)


def _strongest(clause: str, contexts: tuple[str, str], window: Measured) -> Iterator[Claim]:
    axes = _axes(clause)
    found = phrases.MOST.search(clause) or phrases.MOSTLY.search(clause)
    if not axes or not found or not phrases.VARIES.search(clause):
        return
    told = next(filter(None, map(_sensors, (clause, *contexts))), [])
    if len(told) != 1:
        detail = f'it says "{found[0]}" of the {_listed(axes)} axis, but not whether of acceleration or of angular rate'
        raise Wrong("an axis of no sensor", detail)
    truth: str | None = getattr(window, told[0])
    if axes != {truth}:
        really = f"the {truth} axis is it" if truth else "none stands out"
        said = Claim(told[0], _listed(axes))
        raise Wrong(WRONG_AXIS, f'it says "{found[0]}" of the {_listed(axes)} axis, but {really}', said)
    yield Claim(told[0], truth)


def _sensors(text: str) -> list[str]:
    return [fact for fact, pattern in phrases.OF_SENSOR.items() if pattern.search(text)]


def _axes(text: str) -> set[str]:
    return {axis for axis, word in AXES.items() if word.search(text)}


def _listed(axes: set[str]) -> str:
    return " and ".join(sorted(axes))
