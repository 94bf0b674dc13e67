"""The original's way of asking, for comparison: free text that is parsed; what cannot be parsed is wrong.

Source:
    LLaSA's closed-set evaluation lists the classes, asks for the answer in a fixed form and compares what stands behind
    it. The words here are our own. It takes whatever stands there for an answer; we count what is no class as unclear.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.data.activity_words import names_of
from llasa_core.data.qa import SENSOR

if TYPE_CHECKING:
    from collections.abc import Sequence

MARKER = "The identified class is:"
UNCLEAR = -1
"""Of an answer that names none of the classes, or several."""
_ASK = (
    "{sensor}\nThese motion sensor readings belong to exactly one of these classes: {classes}. "
    "Decide which one it is, and end your answer with the line '{marker} X', where X is that class."
)


def protocol_prompt(classes: Sequence[str]) -> str:
    """Return the prompt, the classes in their own order."""
    return _ASK.format(sensor=SENSOR, classes=", ".join(classes), marker=MARKER)


def parsed_class(text: str, classes: Sequence[str], *, needs_marker: bool = True) -> int:
    """Return which class an answer names behind the marker, `UNCLEAR` where it names none.

    Without a marker it is unclear too, unless none is needed: then the whole first line counts.

    The last marker counts; case, quotes and punctuation around the name do not. Another name of a class, such as
    `running` for jogging, is that class.
    """
    _, marker, rest = text.casefold().rpartition(MARKER.casefold())
    if needs_marker and not marker:
        return UNCLEAR
    lines = rest.strip().splitlines()
    said = lines[0].strip(" .,;:!'\"*`<>()[]") if lines else ""
    meant = [number for number, name in enumerate(classes) if said == name.casefold()]
    meant = meant or [number for number, name in enumerate(classes) if said in names_of(name)]
    return meant[0] if len(meant) == 1 else UNCLEAR
