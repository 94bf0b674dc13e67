"""A conversation written to a file, with what its answers rest on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from llasa_core.files import written_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from llasa_core.chat.known_recording import KnownRecording


def save_conversation(path: Path, recordings: Sequence[KnownRecording], replies: Sequence[Mapping[str, Any]]) -> None:
    """Write questions, answers and facts, whole or not at all: as JSON where the name ends so, else as text.

    Raises:
        RunError: the disk is full.
    """
    files = [str(one.file) for one in recordings]
    if path.suffix.lower() == ".json":
        text = json.dumps({"recordings": files, "conversation": list(replies)}, indent=2, ensure_ascii=False)
    else:
        text = "\n\n".join([f"Recordings: {', '.join(files)}", *(_as_text(one) for one in replies)])
    with written_whole(path) as beside:
        beside.write_text(f"{text}\n", encoding="utf-8")


def _as_text(reply: Mapping[str, Any]) -> str:
    lines = [f"Q: {reply['question']}", f"A: {reply['answer']}"]
    lines += [f"   not supported: {mark['text']}; {mark['why']}" for mark in reply["unsupported"]]
    lines += [f"   {fact['text']}" for fact in reply["facts"]]
    return "\n".join(lines)
