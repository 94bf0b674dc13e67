from __future__ import annotations

import numpy as np
import pytest

from llasa_core.evaluate.page.axes import Scale, round_axis, round_ticks, share_axis, short
from llasa_core.evaluate.page.decimate import kept_points
from llasa_core.evaluate.page.html import Html, element, rounded


def words(ticks: list[tuple[float, str]]) -> list[str]:
    """Return what is written at ticks."""
    return [text for _, text in ticks]


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ((0, 1), ["0.00", "0.25", "0.50", "0.75", "1.00"]),
        ((0, 180), ["0", "50", "100", "150"]),
        ((-1, 1), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]),
        ((0, 25000), ["0", "10,000", "20,000"]),
        ((0.1, 0.12), ["0.100", "0.105", "0.110", "0.115", "0.120"]),
    ],
)
def test_ticks_are_round(ends: tuple[float, float], expected: list[str]):
    assert words(round_ticks(*ends)) == expected


def test_shares_go_from_0_to_1():
    assert share_axis([0.91, 0.97, float("nan")])[:2] == (0, 1)
    assert share_axis([])[:2] == (0, 1)


def test_an_axis_ends_at_a_tick_unless_that_is_far_away():
    assert round_axis(0, 9.5) == (0, 10, [(0, "0.0"), (2.5, "2.5"), (5, "5.0"), (7.5, "7.5"), (10, "10.0")])
    assert round_axis(0, 10.1)[1] == pytest.approx(10.1)
    assert round_axis(3, 3)[:2] == (2.5, 3.5)


def test_a_scale_may_go_upwards():
    y = Scale(0, 10, 200, 100)

    assert [y(0), y(5), y(10)] == [200, 150, 100]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.12345, "0.123"), (0.5, "0.5"), (-12.345, "−12.35"), (1234.5, "1,234"), (0, "0"), (float("nan"), "–")],
)
def test_numbers_are_short(value: float, expected: str):
    assert short(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(12.0, "12"), (0.04, "0"), (-0.04, "0"), (-0.06, "-0.1"), (9.96, "10")]
)
def test_lengths_are_short(value: float, expected: str):
    assert rounded(value) == expected


def test_a_long_line_keeps_its_extremes():
    values = np.sin(np.arange(5000) / 100)
    values[3333] = 9
    values[1234] = -9
    kept = kept_points(values)

    assert len(kept) <= 400
    assert {0, 1234, 3333, 4999} <= set(kept.tolist())
    assert (np.diff(kept) > 0).all()


def test_a_short_line_is_kept():
    assert kept_points(np.arange(5.0)).tolist() == [0, 1, 2, 3, 4]


def test_text_is_escaped_and_elements_are_not():
    assert element("p", "a < b", element("b", "&"), class_="x", aria_label='"', id=None) == (
        '<p class="x" aria-label="&quot;">a &lt; b<b>&amp;</b></p>'
    )
    assert element("p", Html("<i></i>")) == "<p><i></i></p>"
    assert element("meta", charset="utf-8") == '<meta charset="utf-8">'
