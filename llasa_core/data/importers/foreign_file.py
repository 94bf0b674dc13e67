"""The items of a file that somebody else wrote: LLaVA-style, SensorCaps, or OpenSQA as a model generated it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llasa_core.data.importers.conversations import exchanges_of, messages_of
from llasa_core.data.importers.generated import generated_items, is_generated
from llasa_core.data.importers.item import CAPTION_QUESTION, NARRATION_QUESTION, Exchange, ForeignItem
from llasa_core.data.importers.json_values import json_values
from llasa_core.data.importers.row import Row, short
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from llasa_core.data.importers.item import WindowName

UNREADABLE = "item that cannot be read"


def items_in(path: Path, ignore: Sequence[str] = (), *, skipped: Counter[str] | None = None) -> Iterator[ForeignItem]:
    """Yield the items of a JSON or JSON Lines file, in order.

    Args:
        path: the file.
        ignore: keys that say nothing.
        skipped: takes the count of items that cannot be read, which are left out; None refuses the file.

    Raises:
        DataError: the file is not JSON, or an item cannot be read; with line and column.
    """
    for nth, value in enumerate(json_values(path)):
        try:
            yield from items_of(Row(value, ignore), nth)
        except DataError:
            if skipped is None:
                raise
            skipped[UNREADABLE] += 1


def items_of(row: Row, nth: int) -> list[ForeignItem]:
    """Return the items of one object of a file, which is the nth.

    Raises:
        DataError: it is none.
    """
    if row.has("conversations") and not row.has("window") and is_generated(messages := messages_of(row)):
        return generated_items(messages, row, nth)
    if row.has("caption") or row.has("narration"):
        return _caption_items(row, nth)
    windows = _windows(row)
    return [_item(row, nth, windows, exchanges_of(row, len(windows)))]


def _item(
    row: Row, nth: int, windows: tuple[WindowName, ...], exchanges: tuple[Exchange, ...], suffix: str = ""
) -> ForeignItem:
    return ForeignItem(
        place=row.place,
        id=(row.text("id") or str(nth)) + suffix,
        windows=windows,
        exchanges=exchanges,
        label=row.text("label"),
        subject=row.text("subject"),
        dataset=row.text("dataset"),
    )


def _caption_items(row: Row, nth: int) -> list[ForeignItem]:
    """Return the items of a SensorCaps row: its caption, and its narration."""
    windows = _windows(row)
    caption, narration = row.text("caption"), row.text("narration")
    items = []
    if caption is not None:
        exchange = Exchange(CAPTION_QUESTION, caption.strip())
        items.append(replace(_item(row, nth, windows, (exchange,), "-caption"), kind="caption"))
    if narration is not None:
        exchange = Exchange(NARRATION_QUESTION, narration.strip())
        items.append(replace(_item(row, nth, windows, (exchange,), "-narration"), kind="reasoning"))
    return items


def _windows(row: Row) -> tuple[WindowName, ...]:
    found = row.get("window")
    if found is None:
        found = row.get("index")
    if found is None:
        raise row.error("the item names no window: it has neither `image` nor `index`")
    names = found if isinstance(found, list) else [found]
    if not names:
        raise row.error("the item names no window: its list is empty")
    for name in names:
        is_number = isinstance(name, int) and not isinstance(name, bool) and name >= 0
        if not is_number and not (isinstance(name, str) and name.strip()):
            raise row.error(f"`{row.key_of('window')}` is neither a file nor the number of a window, but {short(name)}")
    return tuple(names)
