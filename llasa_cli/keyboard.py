"""A person at the keyboard: what they see of a recording, and the loop that reads questions and shows answers."""

from __future__ import annotations

import shutil
import sys
from contextlib import closing
from typing import TYPE_CHECKING, TextIO

from llasa_cli import console
from llasa_core.errors import LlasaError

if TYPE_CHECKING:
    from llasa_core.chat.conversation import Conversation
    from llasa_core.chat.recording_windows import WholeRecording

WIDEST_PLOT = 100
PROMPT = "> "
HELP = """\
Type a question about the recording, such as: What is the person doing?
  /reset   forget what was said
  /help    show this
  /quit    end, as Ctrl-D does; Ctrl-C stops an answer"""


def introduce(recording: WholeRecording) -> None:
    """Show a person what the recording looks like while the model has not been loaded yet."""
    from llasa_core.chat.plot import plot

    parts = recording.parts
    in_parts = f", in {len(parts)} parts with gaps between" if len(parts) > 1 else ""
    duration = console.duration(recording.duration_s)
    console.note(f"{recording.file.name}: {duration} at {parts[0].sampling_rate_hz:.4g} Hz{in_parts}")
    for text in recording.notes:
        console.note(f"  {text}")
    if console.is_tty(sys.stderr) and _can_show("\u28ff", sys.stderr):
        width = min(WIDEST_PLOT, shutil.get_terminal_size().columns - 1)
        console.note(plot(recording.samples, recording.duration_s, width))
    console.note("loading the model …")


def show_answer(conversation: Conversation, question: str) -> None:
    """Stream one answer to stdout."""
    has_begun = False
    with closing(conversation.ask(question)) as pieces:
        try:
            for piece in pieces:
                has_begun = True
                sys.stdout.write(piece)
                sys.stdout.flush()
        finally:
            if has_begun:
                console.show("")
    if not has_begun:
        console.note("the model ended its answer before it began")


def _can_show(text: str, stream: TextIO) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def talk(conversation: Conversation) -> None:
    """Answer a person at the keyboard until they leave."""
    _keep_history()
    console.note(f"{conversation.view}\n{HELP}")
    while (line := _read_line()) not in (None, "/quit"):
        if line == "/help":
            console.note(HELP)
        elif line == "/reset":
            conversation.reset()
            console.note("forgotten; the recording is still here")
        elif line.startswith("/"):
            console.note(f"there is no command `{line}`; `/help` lists them")
        elif line:
            _answer_or_stop(conversation, line)


def _answer_or_stop(conversation: Conversation, question: str) -> None:
    try:
        show_answer(conversation, question)
    except KeyboardInterrupt:
        console.note("(stopped)")
    except LlasaError as error:  # about this question: the next may be better
        console.show_error(str(error))


def _keep_history() -> None:
    """Let `input` edit its line and bring back earlier ones with the arrow keys."""
    try:
        import readline  # noqa: F401 - importing it is all that is needed
    except ImportError:  # Windows' console does it by itself
        return


def _read_line() -> str | None:
    """Return what the person typed, or None at the end; the prompt never goes into a redirected stdout."""
    try:
        if console.is_tty(sys.stdout):
            return input(PROMPT).strip()
        sys.stderr.write(PROMPT)
        sys.stderr.flush()
        return input().strip()
    except EOFError:
        console.note("")
        return None
    except KeyboardInterrupt:
        console.note("\n/quit or Ctrl-D ends")
        return ""
