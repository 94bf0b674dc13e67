"""`--upright START-END`: seconds in which the person stands or walks, which tell how the device is worn."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from llasa_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.timeline.options import Upright

SHORTEST_S = 1.0
UprightFlag = Annotated[
    list[str] | None,
    typer.Option(
        "--upright",
        metavar="START-END",
        help="Seconds in which the person stands or walks, such as 0:05-0:15: they tell how the device is worn.",
    ),
]
_TIME = r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?) ?s?"
_SPAN = re.compile(rf"\s*{_TIME}\s*[-–]\s*{_TIME}\s*", re.ASCII)


def upright_spans(flags: Sequence[str] | None) -> tuple[Upright, ...]:
    """Read `0:05-0:15`, `5-15` or `1:02:03-1:02:10`, on each recording's own clock; one for each time the flag is set.

    Raises:
        UsageError: one is no span, or too short.
    """
    from llasa_core.timeline.options import Upright

    spans = []
    for text in flags or ():
        match = _SPAN.fullmatch(text)
        if match is None:
            raise UsageError(f'--upright is no span of time: "{text}"', fix="write it like `--upright 0:05-0:15`")
        parts = [float(part or 0) for part in match.groups()]
        start_s, end_s = (3600 * hours + 60 * minutes + seconds for hours, minutes, seconds in (parts[:3], parts[3:]))
        if end_s - start_s < SHORTEST_S:
            raise UsageError(
                f"--upright {text} lasts {end_s - start_s:g} s",
                fix=f"name {SHORTEST_S:g} s at least, better 5, in which the person stands or walks",
            )
        spans.append(Upright(start_s, end_s))
    return tuple(spans)
