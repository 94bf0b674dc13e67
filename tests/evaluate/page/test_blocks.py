"""What is drawn of each block."""

from __future__ import annotations

import math
import re

import numpy as np

from llasa_core.evaluate.page.bars import draw_bars
from llasa_core.evaluate.page.blocks import Bar, Bars, Chart, Example, Line, Matrix, Table
from llasa_core.evaluate.page.chart import draw_chart
from llasa_core.evaluate.page.example import draw_example
from llasa_core.evaluate.page.matrix import draw_matrix
from llasa_core.evaluate.page.table import draw_table

ACCURACY = Line("smol", [0, 90, 180], [0.95, 0.5, 0.25], [0.9, 0.4, 0.2], [1.0, 0.6, 0.3])


def test_a_chart_has_its_names_its_ticks_and_its_numbers():
    drawn = draw_chart(
        Chart("Turned", "angle", "accuracy", [ACCURACY, Line("forest", [0, 180], [1, 0.5])], caption="Turned by it.")
    )

    assert re.findall(r"<li>.*?</svg>(\w+)</li>", drawn) == ["smol", "forest"]
    assert re.findall(r'text-anchor="end">([^<]*)<', drawn) == ["0.00", "0.25", "0.50", "0.75", "1.00"]
    assert "<figcaption>Turned by it.</figcaption>" in drawn
    assert "<title>smol, 90: 0.5 (0.4 – 0.6)</title>" in drawn
    assert '<th scope="row">180</th><td class="number">0.25 (0.2 – 0.3)</td><td class="number">0.5</td>' in drawn
    assert "smol goes from 0.95 at 0 to 0.25 at 180; forest goes from 1 at 0 to 0.5 at 180." in drawn


def test_a_chart_of_one_line_needs_no_legend_and_one_of_a_thousand_points_no_table():
    xs = np.linspace(0, 1, 1000).tolist()
    drawn = draw_chart(Chart("Risk", "coverage", "risk", [Line("smol", xs, xs)], has_markers=False))

    assert "legend" not in drawn
    assert "<details>" not in drawn
    assert len(drawn) < 20_000


def test_a_line_breaks_where_there_is_no_number():
    drawn = draw_chart(Chart("A", "x", "y", [Line("a", [0, 1, 2, 3], [0.1, math.nan, 0.3, 0.4])]))
    (path,) = re.findall(r'<path d="([^"]*)" class="line s0">', drawn)

    assert (path.count("M"), path.count("L")) == (2, 1)
    assert "nan" not in drawn


def test_ticks_that_would_run_into_each_other_stay_without_words():
    ticks = [(0, "0"), (1, "1"), (180, "180")]
    drawn = draw_chart(Chart("A", "x", "y", [Line("a", [0, 1, 180], [0, 0, 0])], x_ticks=ticks))

    assert re.findall(r'text-anchor="middle">([^<]*)<', drawn) == ["0", "180", "x"]


def test_bars_begin_at_0_and_show_their_ends():
    drawn = draw_bars(Bars("Accuracy", [Bar("smol", 0.5, 0.4, 0.75, is_strong=True, note="8 people"), Bar("b", 0.25)]))

    assert re.findall(r'<rect x="([^"]*)" y="3" width="([^"]*)"', drawn) == [("0.00%", "50.00%"), ("0.00%", "25.00%")]
    assert 'x1="40.00%" x2="75.00%"' in drawn
    assert "<b>0.500</b><small> 0.400 – 0.750, 8 people</small>" in drawn


def test_a_matrix_shades_by_the_share_of_the_row():
    names = ("walking", "sitting")
    drawn = draw_matrix(Matrix("Confusion", names, names, np.array([[3, 1], [0, 0]])))

    assert '<td class="right" style="--share:0.750" title="75 % of walking">3</td>' in drawn
    assert '<td class="wrong" style="--share:0.250" title="25 % of walking">1</td>' in drawn
    assert drawn.count('<td class="none">0</td>') == 2


def test_a_table_aligns_numbers_to_the_right():
    drawn = draw_table(
        Table(("", "accuracy", "note"), [("smol", "0.95", "ours"), ("gru", "–", "3 runs")], strong_row=1)
    )

    assert '<tr><th scope="row">smol</th><td class="number">0.95</td><td>ours</td></tr>' in drawn
    assert '<tr class="strong"><th scope="row">gru</th>' in drawn


def test_a_table_without_rows_is_a_head():
    assert "<tbody></tbody>" in draw_table(Table(("a", "b"), []))


def test_an_example_draws_all_six_channels_and_says_whether_it_is_wrong():
    window = np.zeros((120, 6), np.float32)
    drawn = draw_example(Example("Walking", np.arange(120) / 20, window, [("model", "Sitting."), ("facts", "a\nb")]))

    assert drawn.count('class="signal s') == 6
    assert '<span class="badge">wrong</span>' in drawn
    assert "<dt>facts</dt><dd><p>a</p><p>b</p></dd>" in drawn
    assert ">6 s</text>" in drawn


def test_a_long_signal_is_drawn_by_its_envelope():
    window = np.random.default_rng(0).normal(size=(60_000, 6)).astype(np.float32)

    assert len(draw_example(Example("An hour", np.arange(60_000) / 20, window, []))) < 60_000
