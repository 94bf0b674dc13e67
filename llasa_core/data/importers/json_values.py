"""The JSON values of a file one after the other: a JSON array however it is indented, or JSON Lines.

A file of any size takes little memory: what was read is forgotten, and only one value is held.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK = 1 << 20
"""Letters read at once."""
LONGEST = 1 << 26
"""Letters of one value; a longer one is taken for a file that is no list of items."""
_SPACE = " \t\r\n"
_DECODER = json.JSONDecoder()


class Value(NamedTuple):
    """A JSON value, and where it begins."""

    place: Place
    json: Any


def json_values(path: Path, *, shown_as: Path | None = None) -> Iterator[Value]:
    """Yield the values of a JSON array, or of a file that holds one value after the other.

    Args:
        path: the file; its suffix says nothing.
        shown_as: the name for it in errors; its own if left out.

    Raises:
        DataError: there is no such file, or it is not JSON; with line and column.
    """
    shown = shown_as or path
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from _values(_Text(file, shown))
    except FileNotFoundError as error:
        raise DataError("there is no such file", where=shown, fix="check its name") from error
    except UnicodeDecodeError as error:
        raise DataError(f"the file is not UTF-8: {error.reason}", where=shown, fix="save it as UTF-8") from error


def _values(text: _Text) -> Iterator[Value]:
    if text.next_letter() != "[":
        while text.next_letter():
            yield text.value()
        return
    text.skip()
    letter = text.next_letter()
    while letter != "]":
        yield text.value()
        letter = text.next_letter()
        if letter == ",":
            text.skip()
            if text.next_letter() == "]":
                raise text.error("an item is missing after the last comma")
        elif letter != "]":
            raise text.error("expected `,` or `]`" if letter else "the file ends without its closing `]`")
    text.skip()
    if text.next_letter():
        raise text.error("the list has ended, and something follows")


class _Text:
    """A file as a moving stretch of text; knows the line and column of what comes next."""

    def __init__(self, file: TextIO, shown: Path) -> None:
        self._file, self._shown = file, shown
        self._text, self._at = "", 0
        self._row, self._column = 1, 1
        self._is_end = False

    def next_letter(self) -> str:
        """Return the next letter that is no space, and stay before it; nothing at the end."""
        while True:
            rest = self._at
            while rest < len(self._text) and self._text[rest] in _SPACE:
                rest += 1
            self._move(rest)
            if rest < len(self._text):
                return self._text[rest]
            if self._is_end:
                return ""
            self._read_on()

    def skip(self) -> None:
        """Go on after the next letter."""
        self._move(self._at + 1)

    def value(self) -> Value:
        """Return the next value, and go on after it.

        Raises:
            DataError: it is not JSON, or too long.
        """
        while True:
            try:
                found, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._is_end or not self._is_cut_off(error):
                    raise self._not_json(error) from error
            except RecursionError as error:
                raise self.error("not JSON that can be read: it is nested too deeply") from error
            else:
                if end < len(self._text) or self._is_end:  # else a number might go on
                    value = Value(Place(self._shown, self._row, self._column), found)
                    self._move(end)
                    return value
            if len(self._text) - self._at > LONGEST:
                raise self.error(f"one value is longer than {LONGEST >> 20} MB, so this is no list of items")
            self._read_on()

    def error(self, message: str) -> DataError:
        """Return an error about what comes next."""
        return DataError(message, where=Place(self._shown, self._row, self._column), fix="repair the file")

    def _not_json(self, error: json.JSONDecodeError) -> DataError:
        self._move(error.pos)
        message = error.msg[:1].lower() + error.msg[1:]
        return self.error(f"not JSON: {message.removesuffix(' at').removesuffix(' starting')}")

    def _is_cut_off(self, error: json.JSONDecodeError) -> bool:
        """Whether the text may just end too early."""
        return error.msg.startswith("Unterminated string") or error.pos >= len(self._text) - len("-Infinity")

    def _move(self, to: int) -> None:
        n_lines = self._text.count("\n", self._at, to)
        if n_lines:
            self._row += n_lines
            self._column = to - self._text.rfind("\n", self._at, to)
        else:
            self._column += to - self._at
        self._at = to

    def _read_on(self) -> None:
        held = len(self._text) - self._at
        more = self._file.read(max(CHUNK, held))
        self._text = self._text[self._at :] + more
        self._at = 0
        self._is_end = not more
