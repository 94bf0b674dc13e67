from __future__ import annotations

import io
import json
import math
import os
import pty
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from llasa_cli import console

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Walk:
    """A result that people read as text."""

    steps: int
    file: Path
    speed: float = math.nan

    def __str__(self) -> str:
        return f"{self.steps} steps"


@dataclass(frozen=True)
class Named:
    """A result that says itself what JSON holds."""

    secret: str

    def as_dict(self) -> dict[str, Any]:
        """Return everything but the secret."""
        return {"walk": Walk(2, Path("b"), 1.5), "counts": np.array([1, 2]), "mean": np.float32(0.5)}


class Terminal(io.StringIO):
    """A stream that a person reads."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_the_result_goes_to_stdout_and_notes_to_stderr(capsys: pytest.CaptureFixture[str]):
    console.show(Walk(3, Path("a")))
    console.note("reading")

    assert capsys.readouterr() == ("3 steps\n", "reading\n")


def test_json_is_one_object_on_one_line(capsys: pytest.CaptureFixture[str]):
    console.show(Walk(3, Path("a")), as_json=True)
    console.show(Named("s"), as_json=True)

    first, second = capsys.readouterr().out.splitlines()
    assert json.loads(first) == {"steps": 3, "file": "a", "speed": None}  # JSON has no NaN
    assert json.loads(second) == {
        "walk": {"steps": 2, "file": "b", "speed": 1.5},
        "counts": [1, 2],
        "mean": 0.5,
    }


def test_an_error_is_red_on_a_terminal_unless_colour_is_unwanted(monkeypatch: pytest.MonkeyPatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    console.show_error("a\n  where: b")
    monkeypatch.setenv("NO_COLOR", "1")
    console.show_error("a")

    assert stream.getvalue() == "\x1b[31merror:\x1b[0m a\n  where: b\nerror: a\n"


def test_an_error_in_a_pipe_has_no_colour(capsys: pytest.CaptureFixture[str]):
    console.show_error("a")

    assert capsys.readouterr().err == "error: a\n"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Return a list whose last number is the time."""
    times = [0.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: times[-1])
    return times  # type: ignore[return-value]


def test_progress_in_a_pipe_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str], clock: list[float]):
    with console.progress("reading", 100) as update:
        for second in range(0, 30, 4):
            clock.append(second)
            update(second * 2, "7 files")

    assert capsys.readouterr().err.splitlines() == [
        "reading: 24 of 100, 38 s left, 7 files",
        "reading: 48 of 100, 26 s left, 7 files",
    ]


def test_progress_without_a_total_counts(capsys: pytest.CaptureFixture[str], clock: list[float]):
    with console.progress("reading") as update:
        clock.append(11)
        update(5)

    assert capsys.readouterr().err == "reading: 5\n"


def all_of(terminal: int) -> str:
    """Read a pseudo-terminal whose other end is closed; what was written may come in several parts."""
    parts = []
    with suppress(OSError):  # Linux's way to say that there is no more
        while part := os.read(terminal, 4096):
            parts.append(part)
    os.close(terminal)
    return b"".join(parts).decode()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_progress_on_a_terminal_is_a_bar_that_goes_away(monkeypatch: pytest.MonkeyPatch):
    ours, theirs = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(theirs, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        with console.progress("reading", 4) as update:
            update(2, "loss 0.5")
    shown = all_of(ours)

    assert "reading" in shown
    assert " 50 %" in shown
    assert "loss 0.5" in shown
    assert shown.endswith("\x1b[2K")  # the last thing it does is to clear its line


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59, "59 s"), (60, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")]
)
def test_times_are_written_as_people_say_them(seconds: float, text: str):
    assert console.duration(seconds) == text


def test_a_closed_stream_is_no_terminal():
    stream = Terminal()
    stream.close()

    assert not console.is_tty(stream)
