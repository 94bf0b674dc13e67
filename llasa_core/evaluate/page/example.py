"""One window: its signals drawn, and what was said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llasa_core.data.channels import ACC, CHANNELS, GYR
from llasa_core.evaluate.page import svg
from llasa_core.evaluate.page.axes import Scale, round_axis, round_ticks
from llasa_core.evaluate.page.decimate import kept_points
from llasa_core.evaluate.page.figure import legend
from llasa_core.evaluate.page.html import Html, element, joined, paragraphs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.page.blocks import Example

WIDTH, HEIGHT = 320.0, 118.0
LEFT, TOP, RIGHT, BOTTOM = 34.0, 22.0, 6.0, 20.0


class Sensor(NamedTuple):
    """What is drawn in one panel."""

    name: str
    channels: slice
    least_spread: float
    """A still sensor is drawn as a line, not as its noise."""


ACCELERATION = Sensor("acceleration (m/s²)", ACC, 2.0)
TURNING = Sensor("turning (rad/s)", GYR, 0.5)


def draw_example(example: Example) -> Html:
    """Return a card: both sensors over time, and beside them who said what."""
    seconds = np.asarray(example.seconds, np.float64)
    panels = [_panel(seconds, example.window, sensor, is_last=sensor is TURNING) for sensor in (ACCELERATION, TURNING)]
    badge = element("span", "wrong" if example.is_wrong else "right", class_="badge")
    signals = element("div", *panels, legend(("x", "y", "z"), has_marks=False), class_="signals")
    return element(
        "article",
        element("h3", example.title, " ", badge),
        signals,
        _words(example.words),
        class_=f"example {'is-wrong' if example.is_wrong else 'is-right'}",
    )


def _words(words: Sequence[tuple[str, str]]) -> Html:
    said = [(element("dt", who), element("dd", paragraphs(text) if text.strip() else "–")) for who, text in words]
    return element("dl", *(part for pair in said for part in pair))


def _panel(seconds: np.ndarray, window: np.ndarray, sensor: Sensor, *, is_last: bool) -> Html:
    signals = np.asarray(window[:, sensor.channels], np.float64)
    step = (seconds[-1] - seconds[0]) / max(len(seconds) - 1, 1)
    x = Scale(float(seconds[0]), float(seconds[-1] + step), LEFT, WIDTH - RIGHT)  # the last sample lasts a step too
    height = HEIGHT if is_last else HEIGHT - BOTTOM + 10
    low, high, ticks = round_axis(*_range(signals, sensor.least_spread), 4)
    y = Scale(low, high, HEIGHT - BOTTOM, TOP)
    parts = [svg.text(sensor.name, 0, 12, class_="label")]
    for value, words in ticks:
        parts.append(svg.rule(LEFT, y(value), WIDTH - RIGHT, y(value), "grid"))
        parts.append(svg.text(words, LEFT - 6, y(value) + 4, anchor="end"))
    if is_last:
        parts += _time_axis(x)
    parts += [_signal(seconds, signals[:, axis], x, y, axis) for axis in range(signals.shape[1])]
    return svg.drawing(WIDTH, height, _in_words(signals, sensor), *parts)


def _range(signals: np.ndarray, least: float) -> tuple[float, float]:
    finite = signals[np.isfinite(signals)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    missing = max(0.0, least - (high - low)) / 2
    return low - missing, high + missing


def _time_axis(x: Scale) -> list[Html]:
    ticks = round_ticks(x.low, x.high, 7)
    *others, (last, words) = ticks
    named = [*others, (last, f"{words} s")]
    return [svg.text(said, min(x(at), WIDTH - 12), HEIGHT - 4, anchor="middle") for at, said in named]


def _signal(seconds: np.ndarray, values: np.ndarray, x: Scale, y: Scale, axis: int) -> Html:
    kept = kept_points(values)
    return svg.line([(x(float(seconds[at])), y(float(values[at]))) for at in kept.tolist()], f"signal s{axis}")


def _in_words(signals: np.ndarray, sensor: Sensor) -> str:
    means = joined(
        (
            f"{name} {mean:.1f} ± {std:.1f}"
            for name, mean, std in zip(CHANNELS[sensor.channels], signals.mean(0), signals.std(0), strict=True)
        ),
        ", ",
    )
    return f"{sensor.name} over time, mean and standard deviation: {means}"
