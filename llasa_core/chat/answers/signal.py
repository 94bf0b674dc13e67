"""What the sensors measured: values of a channel, axes, posture, turning, frequency, rhythm, the course of strength."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from llasa_core.chat.answers import course
from llasa_core.chat.answers.answer import Case, Composed, against_limit, sentence
from llasa_core.chat.answers.course import main_activity
from llasa_core.chat.answers.measured import rows_of, samples_of, spread_of, typical
from llasa_core.chat.asking.polar import asks_for_opposite, is_held_so
from llasa_core.chat.fact import Fact
from llasa_core.chat.spans import Span, clock
from llasa_core.data.channels import ACC, CHANNELS, GYR
from llasa_core.data.facts import CLEARLY, MOVING_MG, POSTURE_CHANGE_DEG
from llasa_core.data.grounded import words
from llasa_core.data.grounded.measured import rounded
from llasa_core.timeline.segments import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from llasa_core.chat.asking.signal import Statistic
    from llasa_core.chat.fact import FactKind

_CALLED: Mapping[Statistic, str] = {
    "mean": "mean",
    "std": "standard deviation",
    "low": "smallest value",
    "high": "largest value",
}
_OVER: Mapping[Statistic, Callable[[np.ndarray], np.floating]] = {
    "mean": np.mean,
    "std": np.std,
    "low": np.min,
    "high": np.max,
}


def statistic(case: Case) -> Composed | None:
    """Return a statistic of one channel, or of each that is named, over all samples of a part."""
    asked = case.asked.signal
    if not asked.is_of_channel:
        return None
    _, samples = samples_of(case)
    said = [_of_channel(case, f"{asked.sensor}_{axis}", samples, asked.statistic or "mean") for axis in asked.axes]
    return _composed(case, " ".join(map(sentence, said)), "statistic")


def _of_channel(case: Case, channel: str, samples: np.ndarray, what: Statistic) -> str:
    values = samples[:, CHANNELS.index(channel)]
    digits, unit = words.DIGITS_OF[channel[:3]], words.UNIT_OF[channel[:3]]
    if what == "range":
        low, high = (f"{rounded(float(end), digits):.{digits}f}" for end in (values.min(), values.max()))
        return f"the {words.CHANNEL_WORDS[channel]}{case.where} ranges from {low} to {high} {unit}"
    value = rounded(float(_OVER[what](values)), digits)
    answer = against_limit(case, value)
    return f"{answer}the {_CALLED[what]} of the {words.CHANNEL_WORDS[channel]}{case.where} is {value:.{digits}f} {unit}"


def axis(case: Case) -> Composed | None:
    """Return the axis on which a sensor's values vary most, if one stands out."""
    found = typical(case)
    if found is None:
        return None
    is_gyr = case.asked.signal.sensor == "gyr"
    best = found.strongest_gyr if is_gyr else found.strongest_acc
    what, on = ("angular rate", "about") if is_gyr else ("acceleration", "on")
    answer = ""
    if case.asked.is_polar:
        answer = "yes, " if best is not None and best in (case.asked.signal.axes or best) else "no, "
    if best is None:
        return _composed(
            case, f"{answer}none stands out: the {what} varies about as much {on} another axis{case.where}"
        )
    return _composed(
        case, f"{answer}the {best} axis: {on} it the {what} varies most{case.where}{spread_of(rows_of(case))}"
    )


def posture(case: Case) -> Composed | None:
    """Return which axis of the device points up or down."""
    found = typical(case)
    if found is None:
        return None
    text = words.posture(found).text
    up = found.up_axis
    if up is not None:
        text = f"the device's {up[1]} axis points {'up' if up[0] == '+' else 'down'}"
    answer = "none: " if up is None and not case.asked.is_polar else ""
    if case.asked.is_polar:
        is_so = is_held_so(case.asked.plain, case.asked.signal.axes, up)
        answer = "" if is_so is None else "yes, " if is_so else "no, "
    return _composed(case, f"{answer}{text}{case.where}{spread_of(rows_of(case))}")


def turned(case: Case) -> Composed | None:
    """Return whether the device was turned from one posture to another: how far gravity moves from start to end."""
    _, samples = samples_of(case)
    second = max(1, round(case.recording.sampling_rate_hz))
    if len(samples) < second:
        return None
    first, last = samples[:second, ACC].mean(axis=0), samples[-second:, ACC].mean(axis=0)
    degrees = _angle_deg(first, last)
    is_turned = degrees > POSTURE_CHANGE_DEG
    answer = _yes_no(case, is_so=is_turned, quantity="turned")
    said = "changes" if is_turned else "does not change"
    by = f"gravity turns by {round(degrees)} degrees from start to end"
    text = f"{answer}the posture of the device {said}{case.where}: {by}"
    return _composed(case, text)


def turning(case: Case) -> Composed | None:
    """Return how fast the device turned on average, or at most."""
    times, samples = samples_of(case)
    dps = np.degrees(np.linalg.norm(samples[:, GYR], axis=1))
    if case.asked.signal.statistic in {"high", "range"} or re.search(r"\bever\b", case.asked.plain):
        at = int(dps.argmax())
        when = f", at {clock(float(times[at]))}" if len(rows_of(case)) > 1 else ""
        most = words.rate(float(dps[at]))
        text = f"{against_limit(case, most)}the device turns at {most:g} degrees a second at most{case.where}{when}"
        return _composed(case, text, spans=(Span(float(times[at]), float(times[at])),))
    mean = words.rate(float(dps.mean()))
    text = f"{against_limit(case, mean)}the device turns at {mean:g} degrees a second on average{case.where}"
    return _composed(case, text)


def heading(case: Case) -> Composed | None:
    """Return how far the device turned about the vertical, and to which side."""
    degrees = _heading_deg(case)
    value = int(rounded(degrees, 0))
    side = "left" if value > 0 else "right"
    answer = ""
    if case.asked.is_polar:
        named = next((one for one in ("left", "right") if one in case.asked.plain), None)
        answer = "yes, " if value and named in {None, side} else "no, "
    if not value:
        return _composed(case, f"{answer or 'not at all: '}the device does not turn about the vertical{case.where}")
    return _composed(
        case, f"{answer}the device turns by {abs(value)} degrees to the {side} about the vertical{case.where}"
    )


def _heading_deg(case: Case) -> float:
    """Return the turn about the vertical, window by window as the device's posture may change."""
    times, samples = samples_of(case)
    length = round(case.recording.window_s * case.recording.sampling_rate_hz)
    total = 0.0
    for first in range(0, len(times), length):
        part = samples[first : first + length]
        mean = part[:, ACC].mean(axis=0)
        up = mean / max(float(np.linalg.norm(mean)), 1e-9)
        total += float(np.degrees((part[:, GYR] * up).sum())) / case.recording.sampling_rate_hz
    return total


def frequency(case: Case) -> Composed | None:
    """Return the frequency at which the acceleration is strongest."""
    found = typical(case)
    if found is None:
        return None
    if np.isnan(found.dominant_hz):
        return _composed(case, f"none: the device is at rest{case.where} ({words.intensity(found).text})")
    answer = against_limit(case, round(found.dominant_hz, 1))
    text = (
        f"{answer}the acceleration{case.where} is strongest at {words.frequency(found).text}{spread_of(rows_of(case))}"
    )
    return _composed(case, text)


def rhythm(case: Case) -> Composed | None:
    """Return whether the movement repeats, and how well."""
    found = typical(case)
    if found is None:
        return None
    height = f"the autocorrelation peaks at {rounded(found.periodicity, 2):.2f}{spread_of(rows_of(case))}"
    answer = _yes_no(case, is_so=found.is_rhythmic, quantity="rhythm")
    if not found.is_moving:
        return _composed(case, f"{answer}the device is at rest{case.where} ({words.intensity(found).text})")
    said = "repeats in a steady rhythm" if found.is_rhythmic else "has no steady rhythm"
    return _composed(case, f"{answer}the movement{case.where} {said}: {height}")


def moving(case: Case) -> Composed | None:
    """Return whether the device moved or was at rest."""
    found, rows = typical(case), rows_of(case)
    if found is None:
        return None
    is_so = case.recording.facts.intensity_mg[rows] >= MOVING_MG
    size = f"the acceleration deviates by {words.intensity(found).text} on average"
    if len(rows) > 1 and 0 < is_so.mean() < 1:
        share = f"in {100 * is_so.mean():.0f} % of {len(rows)} windows"
        answer = "yes, at times: " if case.asked.is_polar else ""
        return _composed(case, f"{answer}the device moves {share} and is at rest in the others{case.where}")
    answer = _yes_no(case, is_so=found.is_moving, quantity="moving")
    said = "it is moving" if found.is_moving else "it is at rest"
    return _composed(case, f"{answer}{said}{case.where}: {size}{spread_of(rows)}")


def trend(case: Case) -> Composed | None:
    """Return whether the movement gets stronger or weaker from the first half of a part to the second."""
    rows = rows_of(case)
    if not len(rows):
        return None
    facts = case.recording.facts.rows(rows)
    if len(rows) == 1:
        first, second = float(facts.first_half_mg[0]), float(facts.second_half_mg[0])
    else:
        middle = (case.scope.spans[0].start_s + case.scope.spans[-1].end_s) / 2
        starts = case.recording.timeline.windows.start_s[rows] + case.recording.window_s / 2
        halves = facts.intensity_mg[starts < middle], facts.intensity_mg[starts >= middle]
        first, second = (float(np.median(half if len(half) else facts.intensity_mg)) for half in halves)
    goes = _course(first, second)
    said = {"grows": "grows", "fades": "fades", "steady": "stays much the same"}[goes]
    sizes = f"{words.mg(first):g} mg in the first half, {words.mg(second):g} mg in the second half"
    answer = ""
    if case.asked.is_polar:
        wanted = _wanted_course(case.asked.plain)
        answer = "yes, " if goes == wanted or (wanted == "changes" and goes != "steady") else "no, "
    return _composed(case, f"{answer}the movement{case.where} {said}: {sizes}")


def _course(first_mg: float, second_mg: float) -> str:
    first, second = max(first_mg, MOVING_MG), max(second_mg, MOVING_MG)
    return "grows" if second >= CLEARLY * first else "fades" if first >= CLEARLY * second else "steady"


def _wanted_course(text: str) -> str:
    if any(word in text for word in ("same", "steady", "constant", "even", "settle into")):
        return "steady"
    if any(word in text for word in ("weaker", "fade", "decreas", "calm", "less", "down", "drop", "quieter", "fall")):
        return "fades"
    return "changes" if "chang" in text else "grows"


def account(case: Case) -> Composed | None:
    """Return what is done with all that speaks for it; of several activities the course of them."""
    known = {one.activity for one in case.segments()} - {UNKNOWN}
    if case.recording.names_activities and main_activity(case) is None and known:
        return course.activity(case)
    activity = main_activity(case) if case.recording.names_activities else None
    found = typical(case, activity)
    if found is None:
        return None
    rhythm_text, turns = words.rhythm(found).text, words.rate(found.turning_dps)
    size = "" if "mg" in rhythm_text else f", {words.intensity(found).text} ({found.intensity})"
    where = "" if activity is not None and activity in case.where else case.where  # not `walking while walking`
    lead = f"{activity}{where}" if activity is not None else f"what is done{case.where} cannot be told"
    if not case.recording.names_activities:
        lead = f"measured{case.where}"
    held = words.posture(found).text
    text = f"{lead}: {rhythm_text}{size}, with {held}. The device turns at {turns:g} degrees a second on average"
    return _composed(case, text)


def _yes_no(case: Case, *, is_so: bool, quantity: str) -> str:
    """Return `yes, ` or `no, ` to a yes/no question, `` to another."""
    if not case.asked.is_polar:
        return ""
    return "yes, " if is_so != asks_for_opposite(quantity, case.asked.plain) else "no, "


def _angle_deg(first: np.ndarray, second: np.ndarray) -> float:
    cosine = float(first @ second) / max(float(np.linalg.norm(first) * np.linalg.norm(second)), 1e-9)
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def _composed(case: Case, text: str, kind: FactKind = "signal", spans: tuple[Span, ...] | None = None) -> Composed:
    where = spans or case.scope.spans
    said = sentence(text)
    return Composed(said, (Fact(said, kind, where[0].start_s, where[-1].end_s, case.scope.recording),), where)
