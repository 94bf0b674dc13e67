"""True answers made wrong, one thing at a time."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from llasa_core.data.llm_written.mentions import Mention, mentions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llasa_core.evaluate.open_ended.items import OpenItem

OTHER_AXIS = {"x": "y", "y": "z", "z": "x"}
OTHER_UNIT = {
    "m/s²": "rad/s",
    "rad/s": "m/s²",
    " mg": " rad/s",
    " degrees a second": " m/s²",
    " g,": " rad/s,",
    " g.": " rad/s.",
}
OTHER_WORD = {
    "Yes": "No",
    "No,": "Yes,",
    "pointing up": "pointing down",
    "points up": "points down",
    "pointing down": "pointing up",
    "points down": "points up",
    "grows": "fades",
    "fades": "grows",
    "to the left": "to the right",
    "to the right": "to the left",
    "hardly any movement": "vigorous movement",
    "At rest": "Moving",
    "Moving": "At rest",
    "Light": "Vigorous",
    "light": "vigorous",
    "moderate": "light",
    "Vigorous": "Light",
    "vigorous movement": "light movement",
    "Only the first": "Only the second",
    "Only the second": "Only the first",
    "The first": "The second",
    "The second": "The first",
    "In the first": "In the second",
    "In the second": "In the first",
    "None stands out: the most vigorous ones are alike.": "Part 1.",
    "None stands out.": "The x axis.",
    "Neither has": "Only the first has",
    "They are alike:": "The first:",
    "The same in both:": "Different things:",
}


def corrupted(item: OpenItem, activities: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what was done, and the reference with it."""
    text = item.reference
    for mention in mentions(text):
        if not re.search(r"parts? |and |to $", text[: mention.start][-6:]) or mention.unit:
            yield "number", _changed(text, mention)
    for match in re.finditer(r"\b([xyz])(?= axis)", text):
        yield "axis", text[: match.start()] + OTHER_AXIS[match[0]] + text[match.end() :]
    for name in sorted(activities, key=len, reverse=True):
        if item.kind != "unanswerable" and (match := re.search(rf"\b{name}\b", text, re.IGNORECASE)):
            other = next(one for one in activities if one not in text.lower() and text.lower() not in one)
            yield "activity", text[: match.start()] + other + text[match.end() :]
            break
    for kind, others in (("sensor", OTHER_UNIT), ("word", OTHER_WORD)):
        for own, other in others.items():
            if own in text:
                yield kind, text.replace(own, other, 1)
                break


def _changed(text: str, mention: Mention) -> str:
    value = mention.value * 1.37 + math.copysign(7 * 10.0**-mention.digits, mention.value)
    return f"{text[: mention.start]}{value:.{mention.digits}f}{text[mention.start + len(mention.written) :]}"
