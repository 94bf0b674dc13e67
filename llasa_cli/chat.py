"""`llasa chat`: a conversation about a recording, or one answer."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

from llasa_cli import console, keyboard
from llasa_cli.flags import JsonFlag
from llasa_cli.reading import (
    AccUnitFlag,
    AllowMissing,
    BadRows,
    Columns,
    FormatFlag,
    GyrUnitFlag,
    KeepFrame,
    SourceRate,
    read_options,
)
from llasa_cli.window_flags import AllowUpsample
from llasa_core.chat.settings import ChatSettings
from llasa_core.errors import ModelError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from llasa_core.chat.conversation import Conversation
    from llasa_core.chat.recording_windows import RecordingWindows, WholeRecording

DEFAULTS = ChatSettings()
SHIPPED_RECIPE = "smol"
"""Recipe whose shipped checkpoint answers when none is named."""

SensorFile = Annotated[
    Path, typer.Option("--sensor", metavar="FILE", help="The recording: anything that prepare-data reads.")
]
RecordingName = Annotated[
    str | None, typer.Option("--recording", metavar="NAME", help="Which one, where FILE holds several.")
]
CheckpointFolder = Annotated[
    Path | None, typer.Option("--model", metavar="CHECKPOINT", help="Who answers; by default the shipped checkpoint.")
]
BaseLm = Annotated[
    str | None, typer.Option("--base-lm", metavar="PATH", help="Another place of the checkpoint's base LM.")
]
Encoder = Annotated[
    Path | None,
    typer.Option("--encoder", metavar="FILE", help="LIMU-BERT weights for a checkpoint of the original LLaSA."),
]
Question = Annotated[str | None, typer.Option("--ask", metavar="TEXT", help="Answer this and exit.")]
MaxWindows = Annotated[
    int, typer.Option("--windows", min=1, metavar="N", help="Windows of a long recording that are looked at.")
]
MaxNewTokens = Annotated[int, typer.Option("--max-new-tokens", min=1, metavar="N", help="Longest answer.")]
Temperature = Annotated[
    float, typer.Option("--temperature", min=0.0, metavar="T", help="0 gives the likeliest answer; above, it is drawn.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Makes the drawing of answers repeatable.")]
Device = Annotated[
    Literal["cpu", "cuda"] | None,
    typer.Option("--device", help="Where to compute; by default on a GPU if there is one."),
]


def chat(  # noqa: PLR0913, PLR0917 - a flag each
    sensor: SensorFile,
    model: CheckpointFolder = None,
    base_lm: BaseLm = None,
    encoder: Encoder = None,
    ask: Question = None,
    as_json: JsonFlag = False,
    recording: RecordingName = None,
    max_windows: MaxWindows = DEFAULTS.max_windows,
    max_new_tokens: MaxNewTokens = DEFAULTS.max_new_tokens,
    temperature: Temperature = DEFAULTS.temperature,
    seed: Seed = DEFAULTS.seed,
    device: Device = None,
    file_format: FormatFlag = "auto",
    rate: SourceRate = None,
    columns: Columns = None,
    acc_unit: AccUnitFlag = None,
    gyr_unit: GyrUnitFlag = None,
    bad_rows: BadRows = "error",
    allow_upsample: AllowUpsample = False,
    allow_missing: AllowMissing = None,
    keep_frame: KeepFrame = False,
) -> None:
    """Talk about a recording, or answer `--ask` or the questions on stdin, one a line, and exit."""
    watch = Stopwatch()
    questions = _questions(ask, as_json=as_json)
    options = read_options(
        "chat",
        file_format=file_format,
        rate=rate,
        columns=columns,
        acc_unit=acc_unit,
        gyr_unit=gyr_unit,
        bad_rows=bad_rows,
        allow_missing=allow_missing,
        keep_frame=keep_frame,
    )
    settings = ChatSettings(max_windows, max_new_tokens, temperature, seed)

    from llasa_core.chat.recording_windows import read_recording

    found = read_recording(sensor, options, recording)
    if questions is None:
        keyboard.introduce(found)
    checkpoint = Chosen(_checkpoint(model), base_lm, encoder)
    windows = _cut(found, checkpoint, allow_upsample=allow_upsample)
    conversation = _begin(windows, checkpoint, device, settings)
    watch.load = watch.elapsed()
    if questions is None:
        keyboard.talk(conversation)
    elif as_json:
        console.show(_reply(conversation, questions, watch), as_json=True)
    else:
        for question in questions:
            keyboard.show_answer(conversation, question)
        console.note(str(conversation.view))


class Chosen(NamedTuple):
    """A checkpoint, and what goes with it."""

    folder: Path
    base_lm: str | None
    encoder: Path | None


class Stopwatch:
    """Times in seconds since the command began."""

    def __init__(self) -> None:
        self._begun = time.perf_counter()
        self.load = 0.0
        self.first_token: float | None = None

    def elapsed(self) -> float:
        """Return the seconds so far, to a millisecond."""
        return round(time.perf_counter() - self._begun, 3)


def _questions(ask: str | None, *, as_json: bool) -> Iterator[str] | None:
    """Return what is asked on the command line or on stdin; None where a person sits at the keyboard."""
    if ask is not None:
        return iter([ask])
    if not console.is_tty(sys.stdin):
        lines = (line for line in sys.stdin if line.strip())
        first = next(lines, None)  # waited for here, so that nothing is loaded where nothing is asked
        if first is None:
            raise UsageError("there is no question on stdin", fix="pass `--ask TEXT`, or pipe a question, one a line")
        return chain([first], lines)
    if as_json:
        raise UsageError("`--json` needs a question", fix="pass `--ask TEXT`, or pipe a question, one a line")
    return None


def _checkpoint(chosen: Path | None) -> Path:
    from llasa_core.model.shipped import shipped

    folder = chosen or shipped(SHIPPED_RECIPE)
    if folder is None:
        raise ModelError(
            "this installation holds no checkpoint",
            fix="pass `--model CHECKPOINT` with a folder that `llasa finetune` wrote",
        )
    return folder


def _cut(recording: WholeRecording, checkpoint: Chosen, *, allow_upsample: bool) -> RecordingWindows:
    from llasa_core.chat.recording_windows import cut_for_chat
    from llasa_core.model.any_checkpoint import read_any_config

    config = read_any_config(checkpoint.folder, base_lm=checkpoint.base_lm, encoder=checkpoint.encoder)
    return cut_for_chat(
        recording,
        sampling_rate_hz=config.sampling_rate_hz,
        window_s=config.window_s,
        allow_upsample=allow_upsample,
    )


def _begin(windows: RecordingWindows, checkpoint: Chosen, device: str | None, settings: ChatSettings) -> Conversation:
    import torch

    from llasa_core.chat.conversation import Conversation
    from llasa_core.data.grounded.activities import PLAIN_QUESTION
    from llasa_core.model.adapted import unknown_to_lm
    from llasa_core.model.any_checkpoint import load_any, read_any_config

    if device == "cuda" and not torch.cuda.is_available():
        raise UsageError("there is no CUDA device", where="--device cuda", fix="leave out `--device`")
    folder, base_lm, encoder = checkpoint
    if said := unknown_to_lm(folder):
        console.note(said)
    config = read_any_config(folder, base_lm=base_lm, encoder=encoder)
    model = load_any(folder, base_lm=base_lm, encoder=encoder, device=device, say=console.note)
    temperature = config.temperature(PLAIN_QUESTION)
    return Conversation(model, config.activities, windows, settings, temperature=temperature)


def _reply(conversation: Conversation, questions: Iterable[str], watch: Stopwatch) -> dict[str, Any]:
    """Answer everything and return the object that `--json` promises; `answer` is the last one."""
    answer = ""
    for question in questions:
        answer = ""
        for piece in conversation.ask(question):
            watch.first_token = watch.first_token or watch.elapsed()
            answer += piece
    start_s, end_s = conversation.answers_from_s
    return {
        "answer": answer,
        "activity": conversation.view.mean,
        "windows": [asdict(window) for window in conversation.view.windows],
        "windows_in_recording": conversation.view.n_windows,
        "answer_window": {"start_s": start_s, "end_s": end_s},
        "turns": [{"from": turn.speaker, "value": turn.text} for turn in conversation.turns],
        "notes": list(conversation.recording.notes),
        "timings_s": {"load": watch.load, "first_token": watch.first_token, "total": watch.elapsed()},
    }
