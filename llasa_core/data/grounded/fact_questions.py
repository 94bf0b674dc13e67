"""Questions about what was measured in one window, and their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from llasa_core.data.channels import CHANNELS
from llasa_core.data.grounded import words
from llasa_core.data.grounded.measured import GAITS, Claim, Measured, Said, rounded

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.data.grounded.draw import Draw


class Topic(NamedTuple):
    """What is asked about, in several phrasings, and who answers."""

    name: str
    questions: tuple[str, ...]
    answer: Callable[[Measured, Draw], Said]


def _moving(window: Measured, draw: Draw) -> Said:
    claim = (Claim("moving", window.is_moving),)
    if draw.chance(0.5):
        return Said("Moving." if window.is_moving else "At rest.", claim)
    size = words.intensity(window)
    text = f"It {'moves' if window.is_moving else 'is at rest'}: the acceleration deviates by {size.text} on average."
    return Said(text, (*claim, *size.claims))


def _intensity(window: Measured, draw: Draw) -> Said:
    claim = (Claim("intensity", window.intensity),)
    if draw.chance(0.5):
        return Said(f"{window.intensity.capitalize()}.", claim)
    size = words.intensity(window)
    return Said(f"{window.intensity.capitalize()}, {size.text} of mean amplitude deviation.", (*claim, *size.claims))


def _deviation(window: Measured, _: Draw) -> Said:
    size = words.intensity(window)
    return Said(f"{size.text[:1].upper()}{size.text[1:]}.", size.claims)


def _cadence(window: Measured, draw: Draw) -> Said:
    if not window.has_steps:
        claims = (Claim("cadence_spm", None), Claim("moving", window.is_moving))
        return Said(f"None: {_why_no_steps(window)}.", claims)
    steps = words.cadence(window)
    if draw.chance(0.5):
        return Said(f"{steps.text.capitalize()}.", steps.claims)
    hz = rounded(window.cadence_spm / 60, 1)
    return Said(
        f"{steps.text.capitalize()}, which is {hz:.1f} steps a second.",
        (*steps.claims, Claim("step_hz", hz, "Hz")),
    )


def _why_no_steps(window: Measured) -> str:
    if not window.is_moving:
        return "the device is at rest"
    if not window.is_rhythmic:
        return "there is no steady rhythm"
    is_gait = window.activity is None or window.activity in GAITS
    return "no steps can be told from the rhythm" if is_gait else "the rhythm is not one of steps"


def _frequency(window: Measured, _: Draw) -> Said:
    if not window.is_moving:
        return Said("None: the device is at rest.", (Claim("dominant_hz", None), Claim("moving", value=False)))
    beat = words.frequency(window)
    return Said(f"{beat.text}.", beat.claims)


def _rhythmic(window: Measured, draw: Draw) -> Said:
    claim = (Claim("rhythmic", window.is_rhythmic),)
    if draw.chance(0.5):
        return Said("Yes." if window.is_rhythmic else "No.", claim)
    value = rounded(window.periodicity, 2)
    more = Claim("periodicity", value)
    return Said(f"{'Yes' if window.is_rhythmic else 'No'}, the autocorrelation peaks at {value:.2f}.", (*claim, more))


def _symmetry(window: Measured, _: Draw) -> Said:
    if not window.has_steps:
        return Said(f"That cannot be told: {_why_no_steps(window)}.", (Claim("symmetry", None),))
    value = rounded(window.symmetry, 2)
    word = "Very alike" if value >= 0.85 else "Somewhat alike" if value >= 0.6 else "Unlike"  # noqa: PLR2004 - in words
    return Said(f"{word}: the symmetry is {value:.2f}.", (Claim("symmetry", value),))


def _up(window: Measured, draw: Draw) -> Said:
    claim = (Claim("up_axis", window.up_axis),)
    if window.up_axis is None:
        return Said("None, the device is tilted.", claim)
    sign, axis = window.up_axis[0], window.up_axis[1]
    if draw.chance(0.5):
        return Said(f"The {axis} axis, pointing {'up' if sign == '+' else 'down'}.", claim)
    value = rounded(window.mean[CHANNELS.index(f"acc_{axis}")], 1)
    mean = Claim("mean", value, "m/s^2", channel=f"acc_{axis}")
    return Said(
        f"The {axis} axis points {'up' if sign == '+' else 'down'}: it measures {value:.1f} m/s² on average.",
        (*claim, mean),
    )


def _changes_posture(window: Measured, draw: Draw) -> Said:
    claim = (Claim("changes_posture", window.changes_posture),)
    if draw.chance(0.5):
        return Said("Yes." if window.changes_posture else "No.", claim)
    value = int(rounded(window.posture_change_deg, 0))
    text = f"{'Yes' if window.changes_posture else 'No'}, gravity turns by {value} degrees."
    return Said(text, (*claim, Claim("posture_change_deg", value, "deg")))


def _strongest_acc(window: Measured, _: Draw) -> Said:
    claim = (Claim("strongest_acc", window.strongest_acc),)
    axis = window.strongest_acc
    return Said(f"The {axis} axis." if axis else "None stands out.", claim)


def _strongest_gyr(window: Measured, _: Draw) -> Said:
    claim = (Claim("strongest_gyr", window.strongest_gyr),)
    axis = window.strongest_gyr
    return Said(f"The {axis} axis." if axis else "None stands out.", claim)


def _turning(window: Measured, _: Draw) -> Said:
    value = words.rate(window.turning_dps)
    return Said(f"At {value:g} degrees a second.", (Claim("turning_dps", value, "deg/s"),))


def _peak_turning(window: Measured, _: Draw) -> Said:
    value = words.rate(window.peak_turning_dps)
    return Said(f"At {value:g} degrees a second.", (Claim("peak_turning_dps", value, "deg/s"),))


def _heading(window: Measured, _: Draw) -> Said:
    value = int(rounded(window.heading_deg, 0))
    claim = (Claim("heading_deg", value, "deg"),)
    if not value:
        return Said("Not at all.", claim)
    return Said(f"By {abs(value)} degrees to the {'left' if value > 0 else 'right'}.", claim)


def _peak(window: Measured, draw: Draw) -> Said:
    value = rounded(window.peak_g, 2)
    claim = Claim("peak_g", value, "g")
    if draw.chance(0.5):
        return Said(f"{value:.2f} g.", (claim,))
    at = rounded(window.peak_s, 1)
    return Said(f"{value:.2f} g, {at:.1f} s after the start.", (claim, Claim("peak_s", at, "s")))


def _trend(window: Measured, draw: Draw) -> Said:
    claim = (Claim("trend", window.trend),)
    short = {"grows": "It grows.", "fades": "It fades.", "steady": "It stays much the same."}[window.trend]
    if draw.chance(0.5):
        return Said(short, claim)
    first, second = words.mg(window.first_half_mg), words.mg(window.second_half_mg)
    text = f"{short[:-1]}: {first:g} mg in the first half, {second:g} mg in the second."
    return Said(text, (*claim, Claim("first_half_mg", first, "mg"), Claim("second_half_mg", second, "mg")))


def _statistic(field: str, channel: str) -> Callable[[Measured, Draw], Said]:
    position, sensor = CHANNELS.index(channel), channel[:3]
    digits, unit = words.DIGITS_OF[sensor], words.UNIT_OF[sensor]

    def answer(window: Measured, draw: Draw) -> Said:
        del draw
        value = rounded(getattr(window, field)[position], digits)
        claim = Claim(field, value, unit.replace("²", "^2"), channel=channel)
        return Said(f"{value:.{digits}f} {unit}.", (claim,))

    return answer


def _range(channel: str) -> Callable[[Measured, Draw], Said]:
    position, sensor = CHANNELS.index(channel), channel[:3]
    digits, unit = words.DIGITS_OF[sensor], words.UNIT_OF[sensor]

    def answer(window: Measured, draw: Draw) -> Said:
        del draw
        low, high = rounded(window.low[position], digits), rounded(window.high[position], digits)
        plain = unit.replace("²", "^2")
        claims = (Claim("low", low, plain, channel=channel), Claim("high", high, plain, channel=channel))
        return Said(f"From {low:.{digits}f} to {high:.{digits}f} {unit}.", claims)

    return answer


_STATISTICS = {
    "mean": ("What is the mean of the {of}?", "What is the average {of}?", "How large is the {of} on average?"),
    "std": (
        "What is the standard deviation of the {of}?",
        "How much does the {of} vary, as a standard deviation?",
        "Give the standard deviation of the {of}.",
    ),
    "low": ("What is the smallest value of the {of}?", "What is the minimum of the {of}?", "How low does the {of} go?"),
    "high": (
        "What is the largest value of the {of}?",
        "What is the maximum of the {of}?",
        "How high does the {of} go?",
    ),
}

TOPICS: tuple[Topic, ...] = (
    Topic(
        "moving",
        (
            "Does the device move or is it at rest?",
            "Is there any movement?",
            "Is the sensor moving or at rest?",
            "Was the device being moved?",
        ),
        _moving,
    ),
    Topic(
        "intensity",
        (
            "How intense is the movement?",
            "Is the movement still, light, moderate or vigorous?",
            "How vigorous is this?",
            "Rate the intensity of the movement.",
        ),
        _intensity,
    ),
    Topic(
        "intensity_mg",
        (
            "What is the mean amplitude deviation of the acceleration?",
            "By how much does the size of the acceleration deviate from its mean, on average?",
            "Give the mean amplitude deviation in mg.",
        ),
        _deviation,
    ),
    Topic(
        "cadence",
        (
            "What is the cadence?",
            "How many steps a minute are taken?",
            "How fast are the steps?",
            "What is the step rate?",
            "At what rate does the person step?",
        ),
        _cadence,
    ),
    Topic(
        "frequency",
        (
            "What is the dominant frequency of the acceleration?",
            "At which frequency is the acceleration strongest?",
            "Where does the spectrum of the acceleration peak?",
        ),
        _frequency,
    ),
    Topic(
        "rhythmic",
        ("Is the movement rhythmic?", "Does the movement repeat in a steady rhythm?", "Is there a regular rhythm?"),
        _rhythmic,
    ),
    Topic(
        "symmetry",
        ("How alike are left and right steps?", "How alike are one step and the next?"),
        _symmetry,
    ),
    Topic(
        "up",
        (
            "Which axis of the device is upright?",
            "Along which axis does gravity lie?",
            "How is the device held?",
            "Which axis is vertical?",
        ),
        _up,
    ),
    Topic(
        "posture change",
        (
            "Does the posture of the device change?",
            "Is the device turned from one posture to another?",
            "Does the direction of gravity change between start and end?",
        ),
        _changes_posture,
    ),
    Topic(
        "strongest acc",
        (
            "On which axis does the acceleration vary most?",
            "Which axis has the strongest acceleration signal?",
            "Which accelerometer axis moves most?",
        ),
        _strongest_acc,
    ),
    Topic(
        "strongest gyr",
        (
            "About which axis does the angular rate vary most?",
            "Which gyroscope axis is the most active?",
            "About which axis does the device rock most?",
        ),
        _strongest_gyr,
    ),
    Topic(
        "turning",
        (
            "How fast does the device turn on average?",
            "What is the mean turning rate?",
            "How quickly does the device rotate, on average?",
        ),
        _turning,
    ),
    Topic(
        "peak turning",
        ("How fast does the device turn at most?", "What is the peak turning rate?", "What is the fastest rotation?"),
        _peak_turning,
    ),
    Topic(
        "heading",
        (
            "How far does the device turn about the vertical?",
            "By how much does the heading change?",
            "Seen from above, how far does it turn, and which way?",
        ),
        _heading,
    ),
    Topic(
        "peak",
        (
            "What is the largest acceleration?",
            "How strong is the strongest acceleration?",
            "What is the peak of the acceleration's size?",
        ),
        _peak,
    ),
    Topic(
        "trend",
        (
            "Does the movement grow or fade?",
            "Does the movement get stronger or weaker?",
            "How does the intensity change from the first half to the second?",
        ),
        _trend,
    ),
    *(
        Topic(
            f"{field} {channel}",
            tuple(text.format(of=words.CHANNEL_WORDS[channel]) for text in texts),
            _statistic(field, channel),
        )
        for field, texts in _STATISTICS.items()
        for channel in CHANNELS
    ),
    *(
        Topic(
            f"range {channel}",
            tuple(
                text.format(of=words.CHANNEL_WORDS[channel])
                for text in ("What is the range of the {of}?", "Between which values does the {of} lie?")
            ),
            _range(channel),
        )
        for channel in CHANNELS
    ),
)
"""All that can be asked of one window, in fixed order."""
N_NAMED = 16
"""The first topics, each with a name of its own; the others are statistics of channels."""


def ask(topic: Topic, window: Measured, draw: Draw) -> tuple[str, Said]:
    """Return a question on a topic, and its answer."""
    return draw.one(topic.questions), topic.answer(window, draw)


def some_topics(draw: Draw, count: int) -> list[Topic]:
    """Return different topics: mostly named ones, now and then a statistic of one channel."""
    statistics = [draw.one(TOPICS[N_NAMED:])] if draw.chance(0.6) else []
    return [*draw.some(TOPICS[:N_NAMED], count - len(statistics)), *statistics]
