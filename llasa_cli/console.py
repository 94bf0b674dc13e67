"""What a command shows: its result on stdout, all else on stderr, bars and colour only where a person looks."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any, Protocol, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PLAIN_PAUSE_S = 10.0
"""Shortest time between two lines of progress where there is no terminal."""


class Update(Protocol):
    """What `progress` yields."""

    def __call__(self, done: float, words: str = "") -> None:
        """Take how much is done so far, and a few words about it such as the loss."""


def show(value: Any, *, as_json: bool = False) -> None:
    """Write a command's result to stdout.

    Args:
        value: text, or an object whose `str()` is for people and whose `as_dict()` is for programs; a dataclass needs
            no `as_dict()`.
        as_json: write one JSON object on one line.
    """
    text = json.dumps(_plain(value), ensure_ascii=False, allow_nan=False) if as_json else str(value)
    _write(sys.stdout, text)


def show_indented(value: Any) -> None:
    """Write a result that is JSON and that people read too."""
    _write(sys.stdout, json.dumps(value, indent=2, ensure_ascii=False))


def note(text: str) -> None:
    """Write a line about what is happening to stderr."""
    _write(sys.stderr, text)


def show_error(text: str) -> None:
    """Write an error for people to stderr."""
    note(f"{_red('error:')} {text}")


def show_error_json(parts: Mapping[str, Any]) -> None:
    """Write an error for programs to stderr: one object on one line, and nothing after it."""
    note(json.dumps(_plain(parts), ensure_ascii=False))


def _red(word: str) -> str:
    return f"\x1b[31m{word}\x1b[0m" if is_coloured(sys.stderr) else word


def green(words: str) -> str:
    """Return words as a terminal shows them in green."""
    return f"\x1b[32m{words}\x1b[0m"


def is_coloured(stream: TextIO) -> bool:
    """Return whether a person reads this stream in colour."""
    return is_tty(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def is_tty(stream: TextIO) -> bool:
    """Return whether a person reads this stream; closed streams have no reader."""
    return not stream.closed and stream.isatty()


@contextmanager
def progress(title: str, total: float | None = None) -> Iterator[Update]:
    """Show how far a long job is: a bar on a terminal, elsewhere one plain line now and then.

    Yields:
        A function to call with what is done so far, in units of `total`, and a few words such as the loss.
    """
    if is_tty(sys.stderr):
        with _bar(title, total) as update:
            yield update
    else:
        yield _plain_lines(title, total)


@contextmanager
def _bar(title: str, total: float | None) -> Iterator[Update]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %" if total else "{task.completed:g}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[words]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(title, total=total, words="")
        yield lambda done, words="": bars.update(task, completed=done, words=words)


def _plain_lines(title: str, total: float | None) -> Update:
    begun = said = time.monotonic()

    def update(done: float, words: str = "") -> None:
        nonlocal said
        now = time.monotonic()
        if now - said < PLAIN_PAUSE_S:
            return
        said = now
        of_total = f" of {total:g}, {_left(now - begun, done, total)} left" if total else ""
        note(f"{title}: {done:g}{of_total}{', ' + words if words else ''}")

    return update


def _left(elapsed_s: float, done: float, total: float) -> str:
    return duration(elapsed_s / done * (total - done)) if done else "unknown time"


def duration(seconds: float) -> str:
    """Write a time as people say it: `8 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004 - a minute
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def _write(stream: TextIO, text: str) -> None:
    stream.write(text if text.endswith("\n") else f"{text}\n")
    stream.flush()


def _plain(value: Any) -> Any:
    """Turn whatever a command returns into what JSON can hold."""
    value = _opened(value)
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON knows no NaN
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _opened(value: Any) -> Any:
    if hasattr(value, "as_dict"):
        return value.as_dict()
    if hasattr(value, "model_dump"):  # pydantic's
        return value.model_dump(mode="json")
    if hasattr(value, "tolist"):  # numpy's scalars and arrays
        return value.tolist()
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
