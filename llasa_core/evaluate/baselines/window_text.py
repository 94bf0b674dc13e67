"""A window as numbers in a prompt, for language models that take nothing but text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

RATES_HZ = (5.0, 2.5, 1.25)
"""Lines a second, tried in this order. The original gave language models 10, which makes 2,000 tokens of 6 seconds."""
DIGITS = 1
"""Decimals of each reading: tenths of m/s² and of rad/s."""

_ASK = """\
A motion sensor that a person wore or carried recorded {window_s:g} seconds. Each line is the mean of one moment, \
{rate_hz:g} moments a second: acceleration along x, y and z in m/s², with gravity, then turning rate about x, y and z \
in rad/s.

{readings}

What was the person doing? It is one of these: {classes}. Answer with its name alone."""


def text_prompt(window: np.ndarray, sampling_rate_hz: float, rate_hz: float, classes: Sequence[str]) -> str:
    """Return a question about one window that holds its readings.

    Args:
        window: [time, channel], m/s² and rad/s.
        sampling_rate_hz: of the window.
        rate_hz: lines a second; each is the mean of so many samples as that takes, rounded to whole ones.
        classes: what can be answered, in this order.
    """
    group = max(1, round(sampling_rate_hz / rate_hz))
    n_lines = max(1, len(window) // group)
    means = window[: n_lines * group].reshape(n_lines, -1, window.shape[1]).mean(1)
    readings = "\n".join(" ".join(f"{value:.{DIGITS}f}" for value in line) for line in means.tolist())
    return _ASK.format(
        window_s=len(window) / sampling_rate_hz,
        rate_hz=sampling_rate_hz / group,
        readings=readings,
        classes=", ".join(classes),
    )


def fitting_rate(longest: Callable[[float], int], room: int) -> float:
    """Return the highest of `RATES_HZ` at which all prompts fit.

    Args:
        longest: gives the tokens that the longest prompt takes at a rate, its answer included.
        room: tokens that the LM reads.

    Raises:
        ModelError: they fit at none.
    """
    for rate_hz in RATES_HZ:
        if longest(rate_hz) <= room:
            return rate_hz
    raise ModelError(
        f"a window as text takes {longest(RATES_HZ[-1]):,} tokens even at {RATES_HZ[-1]:g} Hz, the LM reads {room:,}",
        fix="leave `lm_text` out of `eval.baselines`",
    )
