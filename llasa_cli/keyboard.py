"""A person at the keyboard: what they see of a recording, and the loop that reads questions and shows answers."""

from __future__ import annotations

import shlex
import shutil
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from llasa_cli import console
from llasa_core.errors import LlasaError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.chat.conversation import Conversation
    from llasa_core.chat.known_recording import KnownRecording

WIDEST_PLOT = 100
MOST_FACTS = 20
"""Facts that `/facts` shows; `/save` keeps them all."""
FEW_FACTS = 4
"""That are shown with every answer."""
PROMPT = "> "
HELP = """\
Type a question about the recording, such as: How long was I walking?
  /facts            what the last answer rests on; before the first question, the timeline
  /window 3:20      what was measured around a time
  /plot [1:00 2:30] draw the signal, or a part of it
  /load FILE...     talk about another recording, or compare several
  /save FILE        write the conversation with its facts, as text or .json
  /reset            forget what was said
  /help             show this
  /quit             end, as Ctrl-D does; Ctrl-C stops an answer"""


class Keyboard:
    """The loop at the keyboard."""

    def __init__(self, conversation: Conversation, read: Callable[[Sequence[Path]], Sequence[KnownRecording]]) -> None:
        """Begin; `read` reads what `/load` names."""
        self._conversation = conversation
        self._read = read
        self._log: list[dict[str, object]] = []

    def talk(self) -> None:
        """Answer a person until they leave."""
        _keep_history()
        introduce(self._conversation.recordings)
        console.note(HELP)
        while (line := _read_line()) not in {None, "/quit", "/exit"}:
            if not line:
                continue
            try:
                self._obey(line) if line.startswith("/") else self._ask(line)
            except KeyboardInterrupt:
                console.note("(stopped)")
            except LlasaError as error:  # about this line: the next may be better
                console.show_error(str(error))

    def _ask(self, question: str) -> None:
        from llasa_cli.chat import reply_of

        try:
            show_answer(self._conversation, question)
        finally:
            if self._conversation.answer:  # a stopped one, too, as far as it came
                self._log.append(reply_of(self._conversation))

    def _obey(self, line: str) -> None:
        command, *words = _split(line)
        commands = {
            "/help": self._help,
            "/reset": self._reset,
            "/facts": self._facts,
            "/window": self._window,
            "/plot": self._plot,
            "/load": self._load,
            "/save": self._save,
        }
        if command not in commands:
            console.note(f"there is no command `{command}`; `/help` lists them")
            return
        commands[command](words)

    def _help(self, _words: Sequence[str]) -> None:
        console.note(HELP)

    def _reset(self, _words: Sequence[str]) -> None:
        self._conversation.reset()
        self._log.clear()
        console.note("forgotten; the recording is still here")

    def _facts(self, _words: Sequence[str]) -> None:
        from llasa_core.timeline.text import table_text

        grounded = self._conversation.grounded
        if grounded is None:
            console.show("\n\n".join(table_text(one.timeline) for one in self._conversation.recordings))
            return
        many = len(self._conversation.recordings) > 1
        for fact in grounded.facts[:MOST_FACTS]:
            console.show(f"{f'[{fact.recording + 1}] ' if many else ''}{fact.text}")
        if len(grounded.facts) > MOST_FACTS:
            console.note(f"and {len(grounded.facts) - MOST_FACTS} more")
        if not grounded.facts:
            console.note("the last answer rests on no measured fact")

    def _window(self, words: Sequence[str]) -> None:
        from llasa_core.chat.window_text import window_text

        middle_s = _one_time("/window", words)
        for recording in self._conversation.recordings:
            console.show(window_text(recording, middle_s))

    def _plot(self, words: Sequence[str]) -> None:
        from llasa_core.chat.asking.times import find_time
        from llasa_core.chat.spans import Span

        for recording in self._conversation.recordings:
            span = Span(recording.timeline.start_s, recording.timeline.end_s)
            if words:
                time, _ = find_time(" to ".join(words) if len(words) == 2 else " ".join(words))  # noqa: PLR2004 - from, to
                part = None if time is None else time.on(recording.timeline).cut(span)
                if part is None:
                    raise UsageError(f"`{' '.join(words)}` is no part of the recording", fix="write `/plot 1:00 2:30`")
                span = part
            _draw(recording, span)

    def _load(self, words: Sequence[str]) -> None:
        if not words:
            raise UsageError("`/load` needs a file", fix="write `/load walk.csv`, or two files to compare them")
        self._conversation.load(self._read([Path(word).expanduser() for word in words]))
        self._log.clear()
        introduce(self._conversation.recordings)

    def _save(self, words: Sequence[str]) -> None:
        from llasa_core.chat.saved import save_conversation

        if len(words) != 1:
            raise UsageError("`/save` needs one file", fix="write `/save walk.txt`, or `/save walk.json`")
        path = Path(words[0]).expanduser()
        save_conversation(path, self._conversation.recordings, self._log)
        console.note(f"{path}: {len(self._log)} {'answer' if len(self._log) == 1 else 'answers'}")


def introduce(recordings: Sequence[KnownRecording]) -> None:
    """Show a person what each recording looks like."""
    from llasa_core.chat.spans import Span
    from llasa_core.timeline.text import table_text

    for recording in recordings:
        timeline = recording.timeline
        n_parts = len(timeline.gaps) + 1
        in_parts = f", in {n_parts} parts with gaps between" if n_parts > 1 else ""
        duration = console.duration(recording.recorded_s)
        console.note(f"{recording.file.name}: {duration} at {recording.source_hz:.4g} Hz{in_parts}")
        for text in (*timeline.notes, *timeline.warnings):
            console.note(f"  {text}")
        if console.is_tty(sys.stderr) and _can_show("\u28ff", sys.stderr):
            _draw(recording, Span(timeline.start_s, timeline.end_s), console.note)
        if recording.names_activities and len(timeline.segments) <= MOST_FACTS:
            console.note(table_text(timeline).partition("\n")[2].lstrip("\n"))


def show_answer(conversation: Conversation, question: str) -> None:
    """Stream one answer to stdout, and tell on stderr what it rests on and what of it is not supported."""
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
    for line in evidence_lines(conversation):
        console.note(line)


def evidence_lines(conversation: Conversation) -> list[str]:
    """Return what the last answer rests on, and what of it the recording does not support."""
    grounded = conversation.grounded
    if grounded is None:
        return []
    lines = [f'[not supported by the recording: "{mark.text}"; {mark.why}]' for mark in conversation.marks]
    if grounded.answer is None:
        from llasa_core.chat.spans import Span

        window_s = grounded.recordings[0].window_s
        shown = ", ".join(str(Span(start, start + window_s)) for _, start in grounded.window_starts)
        lines.append(f"the model's words, about {shown}{'; the timeline has' if grounded.facts else ''}")
    lines += [f"  {fact.text}" for fact in grounded.facts[:FEW_FACTS]]
    if len(grounded.facts) > FEW_FACTS:
        lines.append(f"  and {len(grounded.facts) - FEW_FACTS} more")
    return lines


def _draw(recording: KnownRecording, span: object, write: Callable[[str], object] = console.show) -> None:
    from llasa_core.chat.plot import plot_span

    width = min(WIDEST_PLOT, shutil.get_terminal_size().columns - 1)
    write(plot_span(recording, span, width))  # type: ignore[arg-type]


def _one_time(command: str, words: Sequence[str]) -> float:
    from llasa_core.chat.asking.times import find_time

    time, _ = find_time(" ".join(words))
    if time is None or not isinstance(time.start, float):
        raise UsageError(f"`{command}` needs a time", fix=f"write `{command} 3:20`")
    return time.start


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        raise UsageError(f"a quote is open in `{line}`", fix="close it, or leave it out") from None


def _can_show(text: str, stream: TextIO) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


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
