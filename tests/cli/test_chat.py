from __future__ import annotations

import io
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import pytest

from llasa_cli.app import main

EXAMPLES = Path(__file__).parents[2] / "examples"
WALKING = str(EXAMPLES / "walking.csv")
SHORT = ["--max-new-tokens", "6"]


@pytest.fixture
def chat(tiny_checkpoint: Path) -> list[str]:
    """Return the command line of a chat about a recording of 18 s."""
    return ["chat", "--sensor", WALKING, "--model", str(tiny_checkpoint), *SHORT]


def test_ask_prints_the_answer_alone_on_stdout(chat: list[str], capsys: pytest.CaptureFixture[str]):
    assert main([*chat, "--ask", "What is the person doing?"]) == 0

    shown = capsys.readouterr()
    assert len(shown.out) > 1
    assert shown.out.endswith("\n")
    assert re.fullmatch(r"windows: (\d × (walking|sitting|lying)(, )?)+\n", shown.err)


def test_json_prints_one_object_with_all_that_is_promised(chat: list[str], capsys: pytest.CaptureFixture[str]):
    assert main([*chat, "--ask", "What is the person doing?", "--json"]) == 0

    shown = capsys.readouterr()
    reply = json.loads(shown.out)
    assert shown.err == ""
    assert reply["turns"] == [
        {"from": "human", "value": "What is the person doing?"},
        {"from": "gpt", "value": reply["answer"]},
    ]
    assert reply["activity"].keys() == {"walking", "sitting", "lying"}
    assert sum(reply["activity"].values()) == pytest.approx(1)
    assert [(window["start_s"], window["end_s"]) for window in reply["windows"]] == [(0, 6), (6, 12), (12, 18)]
    assert reply["windows_in_recording"] == 3
    assert reply["answer_window"]["start_s"] in (0, 6, 12)
    assert 0 < reply["timings_s"]["load"] <= reply["timings_s"]["first_token"] <= reply["timings_s"]["total"]


def test_the_answer_is_the_same_with_and_without_json(chat: list[str], capsys: pytest.CaptureFixture[str]):
    drawn = [*chat, "--ask", "What is this?", "--temperature", "1", "--seed", "3"]
    main(drawn)
    as_text = capsys.readouterr().out
    main([*drawn, "--json"])

    assert json.loads(capsys.readouterr().out)["answer"] + "\n" == as_text


def test_fewer_windows_can_be_looked_at(chat: list[str], capsys: pytest.CaptureFixture[str]):
    main([*chat, "--ask", "What is this?", "--windows", "1"])

    assert capsys.readouterr().err.endswith("(1 of 3 looked at)\n")


def test_questions_on_stdin_are_one_conversation(
    chat: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "stdin", io.StringIO("What is the person doing?\n\nAre you sure?\n"))
    assert main([*chat, "--json"]) == 0

    reply = json.loads(capsys.readouterr().out)
    assert [turn["value"] for turn in reply["turns"][::2]] == ["What is the person doing?", "Are you sure?"]
    assert reply["answer"] == reply["turns"][3]["value"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminal like this")
def test_a_person_at_a_terminal_can_talk_stop_an_answer_and_leave(chat: list[str]):
    with Terminal([*chat[:-2], "--max-new-tokens", "1900"]) as terminal:
        begin = terminal.until("> ")
        assert "walking.csv: 18 s at 50 Hz" in begin
        assert re.search("acc_x +[0-9.]+ [\u2800-\u28ff]{20}", begin)
        assert "windows: 3 × " in begin
        assert "there is no command `/what`" in terminal.say("/what").until("> ")
        terminal.say("What is the person doing?").until("\n")
        terminal.some()  # the answer has begun
        assert "(stopped)" in terminal.interrupt().until("> ")
        assert "forgotten" in terminal.say("/reset").until("> ")
        assert "/quit or Ctrl-D ends" in terminal.interrupt().until("> ")
        assert "longer than the 2048 that the LM reads" in terminal.say("x" * 400).until("> ")
        assert terminal.press("\x04").exit_code() == 0


class Terminal:
    """`llasa` at a pseudo-terminal of its own."""

    def __init__(self, arguments: list[str]) -> None:
        import pty  # noqa: PLC0415 - not on Windows

        self._handle, other_end = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "llasa_cli.app", *arguments],
            stdin=other_end,
            stdout=other_end,
            stderr=other_end,
            env={**os.environ, "COLUMNS": "80", "TERM": "xterm"},
        )
        os.close(other_end)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._handle)

    def some(self, timeout_s: float = 300) -> str:
        """Return what is shown next."""
        ready, _, _ = select.select([self._handle], [], [], timeout_s)
        assert ready, "nothing was shown"
        return os.read(self._handle, 65536).decode(errors="replace")

    def until(self, end: str) -> str:
        """Return what is shown, up to a text."""
        shown = ""
        give_up = time.monotonic() + 300
        while end not in shown:
            assert time.monotonic() < give_up, shown
            shown += self.some()
        return shown

    def press(self, keys: str) -> Self:
        """Type keys."""
        os.write(self._handle, keys.encode())
        return self

    def say(self, line: str) -> Self:
        """Type a line."""
        return self.press(line + "\n")

    def interrupt(self) -> Self:
        """Do what Ctrl-C does, once `input` has had the time to listen."""
        time.sleep(0.2)
        self._process.send_signal(signal.SIGINT)
        return self

    def exit_code(self) -> int:
        """Wait for the end."""
        return self._process.wait(300)
