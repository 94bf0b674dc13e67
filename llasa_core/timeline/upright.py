"""Seconds in which a person is upright, as people write them: `0:05-0:15`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llasa_core.errors import UsageError
from llasa_core.timeline.options import Upright

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORTEST_S = 1.0
_TIME = r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?) ?s?"
_SPAN = re.compile(rf"\s*{_TIME}\s*[-–]\s*{_TIME}\s*", re.ASCII)


def upright_spans(texts: Iterable[str], called: str = "--upright") -> tuple[Upright, ...]:
    """Read `0:05-0:15`, `5-15` or `1:02:03-1:02:10`, on each recording's own clock.

    Args:
        texts: one for each span.
        called: how the setting is called where it was written.

    Raises:
        UsageError: one is no span, or too short.
    """
    spans = []
    for text in texts:
        match = _SPAN.fullmatch(text)
        if match is None:
            raise UsageError(f'{called} is no span of time: "{text}"', fix=f"write it like `{called} 0:05-0:15`")
        parts = [float(part or 0) for part in match.groups()]
        start_s, end_s = (3600 * hours + 60 * minutes + seconds for hours, minutes, seconds in (parts[:3], parts[3:]))
        if end_s - start_s < SHORTEST_S:
            raise UsageError(
                f"{called} {text} lasts {end_s - start_s:g} s",
                fix=f"name {SHORTEST_S:g} s at least, better 5, in which the person stands or walks",
            )
        spans.append(Upright(start_s, end_s))
    return tuple(spans)
