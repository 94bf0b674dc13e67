"""How somebody moved: cadence, steps, evenness, intensity, the strongest moment; measured, window by window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llasa_core.chat.answers.answer import Case, Composed, movement_words, sentence
from llasa_core.chat.answers.course import main_activity
from llasa_core.chat.answers.measured import rows_of, samples_of
from llasa_core.chat.asking.polar import asks_for_opposite, is_beyond, is_intensity_so
from llasa_core.chat.fact import Fact
from llasa_core.chat.scope import during, span_of
from llasa_core.chat.spans import Span, clock, length, listed, total_s
from llasa_core.data.channels import ACC, STANDARD_GRAVITY
from llasa_core.data.facts import MOVING_MG, intensity_word
from llasa_core.data.grounded import words
from llasa_core.data.grounded.measured import GAITS
from llasa_core.data.grounded.words import STEADY
from llasa_core.timeline.segments import UNKNOWN

if TYPE_CHECKING:
    from llasa_core.chat.fact import FactKind
    from llasa_core.timeline.segments import Segment

ALIKE, SOMEWHAT_ALIKE = 0.85, 0.6
"""Symmetries from which on steps are called very alike, and somewhat alike, as in the training data."""
FEW_WINDOWS = 3
"""Fewer tell little."""


def cadence(case: Case) -> Composed:
    """Return steps a minute, of each gait where there are several."""
    if case.asked.pick in {"most", "least"}:
        return _extreme(case, "cadence")
    values = [(name, _finite(case, name, "cadence_spm"), parts) for name, parts in _gaits(case)]
    values = [one for one in values if len(one[1])]
    if not values:
        return _no_steps(case, "cadence")
    said = [
        f"about {np.median(found):.0f} {'steps a minute ' * (not at)}{name}"
        for at, (name, found, _) in enumerate(values)
    ]
    if len(values) == 1:
        name, found, _ = values[0]
        spread = _spread(found)
        is_so = is_beyond(case.asked.plain, round(float(np.median(found)))) if case.asked.is_polar else None
        answer = "" if is_so is None else "yes, " if is_so else "no, "
        text = (
            f"{answer}{case.whose} cadence {_while(case, name)} was about {np.median(found):.0f} steps a minute{spread}"
        )
    else:
        text = f"{case.whose} cadence{case.where if not case.scope.activities else ''} was {listed(said)}"
    facts = tuple(
        Fact(
            f"{name}: median {np.median(found):.0f} steps a minute over {_windows(len(found))}",
            "cadence",
            *_hull(parts),
            case.scope.recording,
        )
        for name, found, parts in values
    )
    return Composed(sentence(text), facts, tuple(span for _, _, parts in values for span in parts))


def steps(case: Case) -> Composed:
    """Return how many steps were taken: cadence times duration."""
    amounts: list[tuple[str, float, float, list[Span]]] = []
    for name, parts in _gaits(case):
        found = _finite(case, name, "cadence_spm")
        if len(found):
            seconds = total_s(parts)
            amounts.append((name, float(np.median(found)), seconds, parts))
    if not amounts:
        return _no_steps(case, "steps")
    n_steps = sum(spm * seconds / 60 for _, spm, seconds, _ in amounts)
    how = listed([f"{spm:.0f} steps a minute over {length(seconds)} {name}" for name, spm, seconds, _ in amounts])
    lead = "you took" if case.asked.is_about_me else "the person took"
    text = f"{lead} about {n_steps:.0f} steps{case.where}: {how}. They are reckoned from the rhythm, not counted singly"
    facts = tuple(
        Fact(f"{name}: {spm:.0f} steps a minute over {length(seconds)}", "steps", *_hull(parts), case.scope.recording)
        for name, spm, seconds, parts in amounts
    )
    return Composed(sentence(text), facts, tuple(span for *_, parts in amounts for span in parts))


def evenness(case: Case) -> Composed:
    """Return how alike the steps were, and how steady their rhythm."""
    found = [(name, parts, _finite(case, name, "symmetry")) for name, parts in _gaits(case)]
    found = [one for one in found if len(one[2])]
    if not found:
        return _no_steps(case, "evenness")
    said, facts, worst = [], [], 1.0
    for name, parts, symmetry in found:
        alike, steady = float(np.median(symmetry)), float(np.median(_values(case, name, "periodicity")))
        worst = min(worst, alike)
        few = ", from few windows" if 1 < len(symmetry) < FEW_WINDOWS else ""
        lead = f"{name}, " if len(found) > 1 else ""
        likeness = f"{_alike(alike)} the next (symmetry {alike:.2f})"
        said.append(
            f"{lead}one step was {likeness} and the rhythm {_steady(steady)} (autocorrelation {steady:.2f}){few}"
        )
        text = f"{name}: symmetry {alike:.2f}, periodicity {steady:.2f}, medians over {_windows(len(symmetry))}"
        facts.append(Fact(text, "evenness", *_hull(parts), case.scope.recording))
    word = "even" if worst >= ALIKE else "fairly even" if worst >= SOMEWHAT_ALIKE else "uneven"
    answer = ""
    if case.asked.is_polar and case.asked.quantity == "evenness" and case.asked.cannot is None:
        answer = "yes, " if (worst >= SOMEWHAT_ALIKE) != asks_for_opposite("evenness", case.asked.plain) else "no, "
    text = f"{answer}{case.whose} gait{case.where} was {word}: {'; '.join(said)}"
    return Composed(sentence(text), tuple(facts), tuple(span for _, parts, _ in found for span in parts))


def intensity(case: Case) -> Composed | None:
    """Return how strongly the sensor moved."""
    if case.asked.pick in {"most", "least"} or (case.asked.quantity == "when" and case.asked.pick):
        return _extreme(case, "intensity")
    rows = _rows(case)
    if not len(rows):
        return None
    values = case.recording.facts.intensity_mg[rows]
    middle, share = float(np.median(values)), float((values >= MOVING_MG).mean())
    word, answer = intensity_word(middle), ""
    if case.asked.quantity == "intensity" and case.asked.cannot is None:
        answer = "still: " if word == "still" else ""
        if case.asked.is_polar:
            answer = "yes, " if is_intensity_so(case.asked.plain, word) else "no, "
    more, where = (f" (median of {_windows(len(rows))})", " over the whole recording") if len(rows) > 1 else ("", "")
    text = f"{answer}the sensor shows {movement_words(middle)}{case.where or where}: {words.mg(middle):g} mg{more}"
    if len(rows) > 1 and share < 1:
        text += f", with movement in {100 * share:.0f} % of them"
    if len(values) >= FEW_WINDOWS and values.max() >= 2 * max(middle, 1.0):
        at = case.recording.timeline.windows.start_s[rows[int(values.argmax())]]
        text += f", most at {clock(at)} with {values.max():.0f} mg"
    fact = Fact(
        f"median {words.mg(middle):g} mg over {_windows(len(rows))}",
        "intensity",
        *_hull(case.scope.spans),
        case.scope.recording,
    )
    return Composed(sentence(text), (fact,), case.scope.spans)


def peak(case: Case) -> Composed:
    """Return the strongest acceleration, and when."""
    times, samples = samples_of(case)
    size = np.linalg.norm(samples[:, ACC], axis=1) / STANDARD_GRAVITY
    at, most_g = float(times[size.argmax()]), float(size.max())
    segment = case.recording.timeline.at(at)
    is_one = main_activity(case) is not None
    doing = f", {segment.activity}" if segment is not None and case.recording.names_activities and not is_one else ""
    text = f"the strongest acceleration{case.where} was {most_g:.2f} g at {clock(at)}{doing}"
    fact = Fact(f"peak {most_g:.2f} g at {clock(at)}", "peak", at, at, case.scope.recording)
    return Composed(sentence(text), (fact,), (Span(at, at),))


def _extreme(case: Case, what: FactKind) -> Composed:
    """Return the stretch with the largest or smallest cadence or intensity."""
    known = [one for one in case.segments() if one.activity in case.recording.timeline.activities] or case.segments()
    values = [(one, one.cadence_spm if what == "cadence" else one.intensity_mg) for one in known]
    with_value = [(one, value) for one, value in values if value is not None]
    if not with_value:
        return _no_steps(case, what)
    pick = max if case.asked.pick == "most" else min
    best, value = pick(with_value, key=lambda pair: pair[1])
    unit = "steps a minute" if what == "cadence" else "mg"
    word = {
        ("cadence", "most"): "fastest", ("cadence", "least"): "slowest",
        ("intensity", "most"): "most vigorous", ("intensity", "least"): "least vigorous",
    }[what, case.asked.pick or "most"]  # fmt: skip
    doing = f"{best.activity}, " if case.recording.names_activities else ""
    text = f"the {word} stretch{case.where} was {doing}{span_of(best)}, with {value:.0f} {unit}"
    return Composed(sentence(text), case.segment_facts([best]), (span_of(best),))


def _gaits(case: Case) -> list[tuple[str, list[Span]]]:
    """Return the gaits of a part with their spans; where nothing is named, all of it is one."""
    if not case.recording.names_activities:
        return [("the recording", list(case.scope.spans))]
    gaits: dict[str, list[Segment]] = {}
    for one in case.segments():
        if one.activity in (*GAITS, UNKNOWN):  # what is unknown may be a gait, if it has steps
            gaits.setdefault(one.activity, []).append(one)
    if case.scope.is_moment:
        return [(name, [span_of(one) for one in found]) for name, found in gaits.items()]
    return [(name, case.parts(found)) for name, found in gaits.items()]


def _rows(case: Case, name: str | None = None) -> np.ndarray:
    """Return which windows of the timeline lie in the scope, or in its stretches of a gait."""
    if case.scope.is_moment or name is None or not case.recording.names_activities:
        return rows_of(case)
    parts = case.parts([one for one in case.segments() if one.activity == name])
    return case.recording.rows_in(parts)


def _values(case: Case, name: str | None, fact: str) -> np.ndarray:
    return np.asarray(getattr(case.recording.facts, fact)[_rows(case, name)])


def _finite(case: Case, name: str | None, fact: str) -> np.ndarray:
    values = _values(case, name, fact)
    return np.asarray(values[np.isfinite(values)])


def _no_steps(case: Case, what: str) -> Composed:
    rows = _rows(case)
    values = case.recording.facts.intensity_mg[rows] if len(rows) else np.zeros(0)
    moves = len(values) and float(np.median(values)) >= MOVING_MG
    why = "there is movement, but no steady rhythm of steps" if moves else "the sensor hardly moves"
    asked = {"steps": "No steps can be told", "evenness": "The evenness of a gait cannot be told"}.get(
        what, "No cadence can be told"
    )
    middle = f" ({words.mg(float(np.median(values))):g} mg)" if len(values) else ""
    fact = (
        Fact(
            f"median {words.mg(float(np.median(values))):g} mg over {_windows(len(values))}",
            "intensity",
            *_hull(case.scope.spans),
            case.scope.recording,
        )
        if len(values)
        else None
    )
    return Composed(f"{asked}{case.where}: {why}{middle}.", (fact,) if fact else (), case.scope.spans)


def _while(case: Case, name: str) -> str:
    if case.scope.words and (case.scope.activities or case.scope.is_moment):
        return case.scope.words
    return f"{during(name) if name in GAITS else ''} {case.scope.words}".strip()


def _spread(values: np.ndarray) -> str:
    if len(values) < FEW_WINDOWS:
        return ""
    low, high = np.percentile(values, [10, 90])
    return f" (mostly {low:.0f} to {high:.0f})" if high - low >= 4 else ""  # noqa: PLR2004 - steps a minute, no difference


def _alike(symmetry: float) -> str:
    return "very like" if symmetry >= ALIKE else "somewhat like" if symmetry >= SOMEWHAT_ALIKE else "unlike"


def _steady(periodicity: float) -> str:
    return "steady" if periodicity >= STEADY else "fairly regular"


def _windows(count: int) -> str:
    return f"{count} window{'' if count == 1 else 's'}"


def _hull(spans: list[Span] | tuple[Span, ...]) -> tuple[float, float]:
    return spans[0].start_s, spans[-1].end_s
