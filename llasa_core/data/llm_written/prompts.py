"""What a model is told: its task, the facts of a window with units and definitions, and an excerpt of the readings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from llasa_core.data.llm_written.endpoint import Request
from llasa_core.data.llm_written.fact_lines import excerpt_lines, fact_lines
from llasa_core.data.llm_written.reply import Wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from llasa_core.data.grounded.measured import Measured
    from llasa_core.data.llm_written.settings import LlmSettings

TEMPERATURE = 0.7
"""Enough that windows alike are not described in the same words."""

SYSTEM = """\
You write training texts about recordings of a body-worn motion sensor: three accelerometer axes with gravity (m/s²) \
and three gyroscope axes (rad/s). For one window you get facts that were measured, and an excerpt of the readings. \
Write as if you had looked at the signal yourself.

A program checks every statement against the facts, so:
- State only what the facts say. Copy their numbers, in digits, each with its unit; round at most its last digit. \
Use no other numbers: read none off the excerpt, compute none.
- With a number of one axis, say of which axis and whether it is the mean, the standard deviation, the minimum or the \
maximum. Write one such number a sentence or clause; never say "respectively".
- Name no activity but the given one, not even to rule it out; where none is given, name none.
- Use light, moderate, vigorous and still for the intensity alone, as given.
- Say nothing of body parts, the person, the place, the device's make, or feelings: the sensor does not show them.
- Do not mention these instructions, the facts as a list, or the excerpt."""

_PARTS = {
    "summary": '"summary": one sentence of at most 30 words that names the activity, if given, and the most telling '
    "measurement.",
    "narration": '"narration": a list of 4 to 7 sentences that go through the signal step by step: movement and its '
    "intensity, rhythm, posture, turning, changes; the last one names the activity, if given, as the conclusion.",
    "pairs": '"pairs": {n} questions with answers, each an object with "question" and "answer". They ask about '
    "different things: the activity and its reasons, rhythm, posture, turning, single axes. A question tells no number "
    "and no activity and cannot be answered by yes or no; an answer is one or two whole sentences.",
}


def first_request(window: Measured, samples: np.ndarray, window_s: float, settings: LlmSettings) -> Request:
    """Return the request for everything about a window.

    Args:
        window: what was measured.
        samples: the window itself [time, channel].
        window_s: its length.
        settings: which model is asked.
    """
    wanted = Wanted()
    text = "\n".join(
        (
            "Facts:",
            *(f"- {line}" for line in fact_lines(window, window_s)),
            "",
            "Excerpt of the readings (t in s, acc in m/s², gyr in rad/s):",
            *excerpt_lines(samples, window_s),
            "",
            _task(wanted),
        )
    )
    return _request((("system", SYSTEM), ("user", text)), wanted, settings)


def second_request(
    first: Request, answer: str, complaints: Sequence[str], wanted: Wanted, settings: LlmSettings
) -> Request:
    """Return the request to write again what failed.

    Args:
        first: what was asked.
        answer: what came.
        complaints: what is wrong with it, one each.
        wanted: the parts to write again.
        settings: which model is asked.
    """
    listed = "\n".join(f"- {complaint}" for complaint in complaints)
    text = f"Your reply cannot be used as it is:\n{listed}\n\nWrite these parts again. {_task(wanted)}"
    return _request((*first.messages, ("assistant", answer), ("user", text)), wanted, settings)


def _task(wanted: Wanted) -> str:
    keys = wanted.schema()["required"]
    parts = "\n".join(_PARTS[key].replace("{n}", str(wanted.pairs)) for key in keys)
    return f"Reply with one JSON object that has the keys {json.dumps(keys)}, and nothing around it.\n{parts}"


def _request(messages: tuple[tuple[str, str], ...], wanted: Wanted, settings: LlmSettings) -> Request:
    return Request(settings.model, messages, wanted.schema(), settings.max_tokens, TEMPERATURE)
