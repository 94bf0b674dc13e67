"""Captions and reasons: what is done, told with what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.data.grounded import words
from llasa_core.data.grounded.measured import Claim, Measured, Said

if TYPE_CHECKING:
    from llasa_core.data.grounded.draw import Draw

CAPTION_QUESTIONS = (
    "Describe this recording and what was measured.",
    "Describe the movement with its figures.",
    "Write a detailed caption for this recording.",
    "Summarise what the accelerometer and the gyroscope show.",
    "Describe the recording in detail.",
    "Give a full account of this recording.",
)
REASON_QUESTIONS = (
    "What is the person doing, and how can you tell?",
    "What is the person doing? Give your reasons.",
    "Which activity is this, and what speaks for it?",
    "Name the activity and the evidence in the signal.",
    "What is the person doing? Explain from the measurements.",
    "What is going on here, and why do you think so?",
)
NARRATION_QUESTIONS = (
    "Think step by step: what do the sensors show, and what is the person doing?",
    "Go through the signal step by step and conclude what the person is doing.",
    "Look at movement, rhythm and posture in turn. What is the person doing?",
)


def reason(window: Measured, activity: str, draw: Draw) -> tuple[str, Said]:
    """Return a question for the activity with reasons, and the answer: `Walking: a steady rhythm of …`."""
    evidence = _evidence(window, draw)
    claims = (Claim("activity", activity), *evidence.claims)
    return draw.one(REASON_QUESTIONS), Said(f"{activity.capitalize()}: {evidence.text}.", claims)


def narration(window: Measured, activity: str, draw: Draw) -> tuple[str, Said]:
    """Return a question for the way to the activity, and the way in steps."""
    rhythm, posture, turning = words.rhythm(window), words.posture(window), _turning(window)
    text = (
        f"There is {rhythm.text}. Gravity shows {posture.text}. The device turns at {turning.text}. "
        f"So the person is {words.doing(activity)}."
    )
    claims = (*rhythm.claims, *posture.claims, *turning.claims, Claim("activity", activity))
    return draw.one(NARRATION_QUESTIONS), Said(text, claims)


def caption(window: Measured, activity: str | None, draw: Draw) -> tuple[str, Said]:
    """Return a request for a caption, and the caption: who nobody labelled is described by the measurements alone."""
    evidence = _evidence(window, draw)
    turning = _turning(window)
    turns = f" The device turns at {turning.text} on average." if draw.chance(0.5) else ""
    claims = (*evidence.claims, *(turning.claims if turns else ()))
    if activity is None:
        return draw.one(CAPTION_QUESTIONS), Said(f"The recording shows {evidence.text}.{turns}", claims)
    claims = (Claim("activity", activity), *claims)
    return draw.one(CAPTION_QUESTIONS), Said(f"A person {words.doing(activity)}: {evidence.text}.{turns}", claims)


def _evidence(window: Measured, draw: Draw) -> Said:
    rhythm, posture = words.rhythm(window), words.posture(window)
    if window.changes_posture:
        value = round(window.posture_change_deg)
        return Said(
            f"{rhythm.text}, with gravity turning by {value} degrees from start to end",
            (*rhythm.claims, Claim("changes_posture", value=True), Claim("posture_change_deg", value, "deg")),
        )
    if not draw.chance(0.3) or not window.is_moving:  # what hardly moves is still, which need not be said
        return Said(f"{rhythm.text}, with {posture.text}", (*rhythm.claims, *posture.claims))
    return Said(f"{rhythm.text}, {window.intensity}, with {posture.text}", _with_intensity(rhythm, posture, window))


def _with_intensity(rhythm: Said, posture: Said, window: Measured) -> tuple[Claim, ...]:
    return (*rhythm.claims, Claim("intensity", window.intensity), *posture.claims)


def _turning(window: Measured) -> Said:
    value = words.rate(window.turning_dps)
    return Said(f"{value:g} degrees a second", (Claim("turning_dps", value, "deg/s"),))
