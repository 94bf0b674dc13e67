"""A confusion matrix: a table whose cells are shaded by their share of the row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llasa_core.evaluate.page.figure import figure
from llasa_core.evaluate.page.html import Html, element
from llasa_core.evaluate.page.table import scrolling

if TYPE_CHECKING:
    from llasa_core.evaluate.page.blocks import Matrix


def draw_matrix(matrix: Matrix) -> Html:
    """Return a figure of a matrix: what is right is blue, what is wrong is red, the more the darker."""
    counts = np.asarray(matrix.counts)
    totals = counts.sum(1)
    shares = counts / np.maximum(totals, 1)[:, None]
    says = f"{matrix.row_label} ↓", f"{matrix.column_label} →"
    corner = element("td", *(element("span", words) for words in says), class_="corner")
    heads = [element("th", element("span", name), scope="col") for name in matrix.column_names]
    body = [
        element("tr", element("th", name, scope="row"), *_cells(matrix, counts[row], shares[row], name))
        for row, name in enumerate(matrix.row_names)
    ]
    table = element(
        "table",
        element("thead", element("tr", corner, *heads)),
        element("tbody", *body),
        class_="matrix",
    )
    return figure(matrix.title, scrolling(table, matrix.title), matrix.caption, class_="wide")


def _cells(matrix: Matrix, counts: np.ndarray, shares: np.ndarray, row_name: str) -> list[Html]:
    return [
        _cell(int(count), float(share), name, row_name)
        for count, share, name in zip(counts, shares, matrix.column_names, strict=True)
    ]


def _cell(count: int, share: float, column_name: str, row_name: str) -> Html:
    if not count:
        return element("td", "0", class_="none")
    kind = "right" if column_name == row_name else "wrong"
    says = f"{100 * share:.0f} % of {row_name}"
    return element("td", f"{count:,}", class_=kind, style=f"--share:{share:.3f}", title=says)
