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
OPEN = "Describe how the person moves, if at all."
"""A question that only a model answers."""


@pytest.fixture
def chat(tiny_checkpoint: Path) -> list[str]:
    """Return the command line of a chat about a recording of 18 s."""
    return ["chat", "--sensor", WALKING, "--model", str(tiny_checkpoint), *SHORT]


def test_ask_prints_the_answer_alone_on_stdout(chat: list[str], capsys: pytest.CaptureFixture[str]):
    assert main([*chat, "--ask", OPEN]) == 0

    shown = capsys.readouterr()
    assert len(shown.out) > 1
    assert shown.out.endswith("\n")
    assert re.search(r"the model's words, about 0:\d\d–0:\d\d; the timeline has\n  \w+ 0:00–0:", shown.err)


def test_json_prints_one_object_with_all_that_is_promised(chat: list[str], capsys: pytest.CaptureFixture[str]):
    assert main([*chat, "--ask", OPEN, "--json"]) == 0

    reply = json.loads(capsys.readouterr().out)
    assert reply["turns"] == [{"from": "human", "value": OPEN}, {"from": "gpt", "value": reply["answer"]}]
    assert reply["activity"].keys() == {"walking", "sitting", "lying"}
    assert sum(reply["activity"].values()) == pytest.approx(1)
    assert [(window["start_s"], window["end_s"]) for window in reply["windows"]] == [(0, 6), (6, 12), (12, 18)]
    assert reply["answered_by"] == "model"
    assert reply["answer_windows"][0]["start_s"] in (0, 6, 12)
    assert reply["scope"] == [{"recording": 0, "spans": [{"start_s": 0, "end_s": 18}], "words": "", "activities": []}]
    assert isinstance(reply["unsupported"], list)
    assert 0 < reply["timings_s"]["load"] <= reply["timings_s"]["first_token"] <= reply["timings_s"]["total"]


def test_a_composed_answer_needs_no_language_model():
    # in a process of its own, where nothing has imported torch
    code = (
        "import sys; from llasa_cli.app import main; "
        f"code = main(['chat', '--sensor', {WALKING!r}, '--ask', 'How long was I walking?', '--json']); "
        "sys.exit(code or ('torch' in sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert found.returncode == 0, found.stderr
    reply = json.loads(found.stdout)
    assert reply["answer"] == "You were walking for 18 s, from 0:00 to 0:18."
    assert reply["answered_by"] == "timeline and facts"
    assert [(fact["kind"], fact["start_s"], fact["end_s"]) for fact in reply["facts"]] == [
        ("total", 0.0, 18.0),
        ("segment", 0.0, 18.0),
    ]


def test_two_recordings_are_compared(capsys: pytest.CaptureFixture[str]):
    stairs = str(EXAMPLES / "stairs.csv")
    assert (
        main(["chat", "--sensor", WALKING, "--sensor", stairs, "--ask", "Which recording has more steps a minute?"])
        == 0
    )

    assert capsys.readouterr().out == (
        "The steps were fastest in walking.csv: about 103 steps a minute; stairs.csv: about 78 steps a minute.\n"
    )


def test_the_answer_is_the_same_with_and_without_json(chat: list[str], capsys: pytest.CaptureFixture[str]):
    drawn = [*chat, "--ask", OPEN, "--temperature", "1", "--seed", "3"]
    main(drawn)
    as_text = capsys.readouterr().out
    main([*drawn, "--json"])

    assert json.loads(capsys.readouterr().out)["answer"] + "\n" == as_text


def test_without_a_head_the_lm_is_asked_about_as_many_windows_as_are_allowed(
    chat: list[str], capsys: pytest.CaptureFixture[str]
):
    main([*chat, "--ask", "How long is the recording?", "--windows", "1", "--json"])

    shown = capsys.readouterr()
    assert shown.err == "this checkpoint has no light head: its LM is asked about every window, which takes longer\n"
    assert len(json.loads(shown.out)["windows"]) == 1


def test_questions_on_stdin_are_one_conversation(
    chat: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{OPEN}\n\nHow long is the recording?\n"))
    assert main([*chat, "--json"]) == 0

    reply = json.loads(capsys.readouterr().out)
    assert [turn["value"] for turn in reply["turns"][::2]] == [OPEN, "How long is the recording?"]
    assert reply["answer"] == reply["turns"][3]["value"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminal like this")
def test_a_person_at_a_terminal_can_talk_stop_an_answer_and_leave(chat: list[str], tmp_path: Path):
    with Terminal([*chat[:-2], "--max-new-tokens", "1900"]) as terminal:
        begin = terminal.until("> ")
        assert "walking.csv: 18 s at 50 Hz" in begin
        assert re.search("acc_x +[0-9.]+ [\u2800-\u28ff]{20}", begin)
        assert "in all: " in begin
        assert "there is no command `/what`" in terminal.say("/what").until("> ")
        assert "The recording lasts 18 s, at 50 Hz." in terminal.say("How long is the recording?").until("\n> ")
        assert "18 s recorded" in terminal.say("/facts").until("> ")
        terminal.say(OPEN).until("\n")
        terminal.some()  # the answer has begun
        assert "(stopped)" in terminal.interrupt().until("> ")
        assert "0:02–0:08" in terminal.say("/window 0:05").until("> ")
        assert "0:20 is outside of walking.csv" in terminal.say("/window 0:20").until("> ")
        assert re.search("0:03 +0:09", terminal.say("/plot 0:03 0:09").until("> "))
        assert "2 answers" in terminal.say(f"/save {tmp_path / 'talk.json'}").until("> ")
        assert "stairs.csv: 15 s at 50 Hz" in terminal.say(f"/load {EXAMPLES / 'stairs.csv'}").until("> ")
        assert "The recording lasts 15 s" in terminal.say("\x1b[A" * 8).until("\n> ")  # the up key brings it back
        assert "there is no such file" in terminal.say("/load nowhere.csv").until("> ")
        assert "forgotten" in terminal.say("/reset").until("> ")
        assert "/quit or Ctrl-D ends" in terminal.interrupt().until("> ")
        assert terminal.press("\x04").exit_code() == 0
    saved = json.loads((tmp_path / "talk.json").read_text())
    assert [reply["question"] for reply in saved["conversation"]] == ["How long is the recording?", OPEN]


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
