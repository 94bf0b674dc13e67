"""`llasa chat`: a conversation about a recording, or one answer."""

from __future__ import annotations

import sys
import time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

from llasa_cli import console, keyboard
from llasa_cli.checkpoint_flags import BaseLm, Device, Encoder, Quantize, check_device, chosen_or_shipped
from llasa_cli.flags import JsonFlag
from llasa_cli.placement_flag import PlacementFlag
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
from llasa_cli.upright_flag import UprightFlag
from llasa_cli.window_flags import AllowUpsample
from llasa_core.chat.settings import ChatSettings
from llasa_core.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from llasa_core.chat.conversation import Conversation
    from llasa_core.chat.known_recording import KnownRecording
    from llasa_core.data.read_options import ReadOptions
    from llasa_core.model.config import QuantizationName
    from llasa_core.model.multimodal import LlasaModel
    from llasa_core.timeline.classifier import WindowClassifier
    from llasa_core.timeline.options import Upright

DEFAULTS = ChatSettings()

MOST_RECORDINGS = 4
"""Compared at once."""

SensorFiles = Annotated[
    list[Path],
    typer.Option(
        "--sensor", metavar="FILE", help="The recording: anything that prepare-data reads. Twice or more: compare them."
    ),
]
RecordingName = Annotated[
    str | None, typer.Option("--recording", metavar="NAME", help="Which one, where FILE holds several.")
]
CheckpointFolder = Annotated[
    Path | None, typer.Option("--model", metavar="CHECKPOINT", help="Who answers; by default the shipped checkpoint.")
]
Question = Annotated[str | None, typer.Option("--ask", metavar="TEXT", help="Answer this and exit.")]
MaxWindows = Annotated[
    int,
    typer.Option(
        "--windows",
        min=1,
        metavar="N",
        help="Windows that the LM is asked about where the checkpoint has no light head.",
    ),
]
MaxNewTokens = Annotated[int, typer.Option("--max-new-tokens", min=1, metavar="N", help="Longest answer.")]
Temperature = Annotated[
    float, typer.Option("--temperature", min=0.0, metavar="T", help="0 gives the likeliest answer; above, it is drawn.")
]
Compiled = Annotated[
    bool,
    typer.Option("--compile", help="On a GPU: make kernels for decoding first, which takes a while; quicker answers."),
]
Seed = Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Makes the drawing of answers repeatable.")]


def chat(  # noqa: PLR0913, PLR0917 - a flag each
    sensor: SensorFiles,
    model: CheckpointFolder = None,
    base_lm: BaseLm = None,
    encoder: Encoder = None,
    ask: Question = None,
    as_json: JsonFlag = False,
    recording: RecordingName = None,
    upright: UprightFlag = None,
    placement: PlacementFlag = None,
    max_windows: MaxWindows = DEFAULTS.max_windows,
    max_new_tokens: MaxNewTokens = DEFAULTS.max_new_tokens,
    temperature: Temperature = DEFAULTS.temperature,
    seed: Seed = DEFAULTS.seed,
    device: Device = None,
    quantize: Quantize = None,
    compiled: Compiled = False,
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
    from llasa_core.timeline.upright import upright_spans

    _check_files(sensor)
    check_device(device)
    _check_compiled(device, quantize, compiled=compiled)
    checkpoint = Checkpoint(chosen_or_shipped(model), base_lm, encoder, device, quantize, compiled=compiled)
    spans = upright_spans(upright or ())
    reading = Reading(options, recording, max_windows, spans, placement, allow_upsample=allow_upsample)
    known = reading.of(sensor, checkpoint)

    from llasa_core.chat.conversation import Conversation
    from llasa_core.model.taught import only_names

    settings = ChatSettings(max_windows, max_new_tokens, temperature, seed, only_names=only_names(checkpoint.folder))
    conversation = Conversation(known, checkpoint.load, settings)
    watch.load = watch.elapsed()
    if questions is None:
        keyboard.Keyboard(conversation, lambda paths: reading.of(paths, checkpoint)).talk()
    elif as_json:
        console.show(_replies(conversation, questions, watch), as_json=True)
    else:
        _answer(conversation, questions)


def _answer(conversation: Conversation, questions: Iterable[str]) -> None:
    """Answer one question after another; one that cannot be asked is told, and does not keep the others waiting."""
    refused: list[UsageError] = []
    for question in questions:
        try:
            keyboard.show_answer(conversation, question)
        except UsageError as error:
            refused.append(error)
            console.show_error(str(error))
    if refused:
        raise typer.Exit(refused[0].exit_code)


def _check_compiled(device: str | None, quantize: str | None, *, compiled: bool) -> None:
    """Refuse `--compile` where it cannot help; torch is imported only where it is asked for."""
    if not compiled:
        return
    if quantize is not None:
        raise UsageError("an LM in 4 bits is not compiled", where="--compile", fix="leave out one of the two")
    import torch

    if device == "cpu" or not torch.cuda.is_available():
        raise UsageError("decoding is compiled for a GPU alone", where="--compile", fix="leave out `--compile`")


def _compile(model: LlasaModel) -> None:
    from llasa_core.model.llama import LlamaLm
    from llasa_core.model.llama.static_token import StaticToken

    if not isinstance(model.lm, LlamaLm):
        console.note("this LM is no plain Llama: it is not compiled")
        return
    console.note("kernels are made at the first answer that the LM gives")
    model.lm.read_one_with(StaticToken(model.lm))


class Checkpoint:
    """Who answers; what names activities and what answers are loaded apart, each when it is needed."""

    def __init__(
        self,
        folder: Path,
        base_lm: str | None,
        encoder: Path | None,
        device: str | None,
        quantize: Literal["nf4"] | None = None,
        *,
        compiled: bool = False,
    ) -> None:
        self.folder, self._base_lm, self._encoder, self._device = folder, base_lm, encoder, device
        self._quantization: QuantizationName = quantize or "none"
        self._is_compiled = compiled
        self._model: LlasaModel | None = None
        self._classifier: WindowClassifier | None = None

    def load(self) -> LlasaModel:
        """Load the model."""
        if self._model is None:
            from llasa_core.model.adapted import unknown_to_lm
            from llasa_core.model.any_checkpoint import load_any

            if said := unknown_to_lm(self.folder):
                console.note(said)
            self._model = load_any(
                self.folder,
                base_lm=self._base_lm,
                encoder=self._encoder,
                device=self._device,
                say=console.note,
                quantization=self._quantization,
            )
            if self._is_compiled:
                _compile(self._model)
        return self._model

    @property
    def has_head(self) -> bool:
        """Whether windows are named without the LM."""
        from llasa_core.timeline.classifier import HeadClassifier

        return isinstance(self.classifier, HeadClassifier)

    @property
    def classifier(self) -> WindowClassifier:
        """What names the windows: the light head, else the LM; of a checkpoint without activities, nothing."""
        if self._classifier is None:
            self._classifier = self._find_classifier()
        return self._classifier

    def _find_classifier(self) -> WindowClassifier:
        from llasa_core.chat.classifiers import Nameless, WhenNeeded
        from llasa_core.model.adapted import read_any_head
        from llasa_core.timeline.classifier import HeadClassifier, classifier_of

        head = None if self._encoder is not None else read_any_head(self.folder)
        if head is not None:
            return HeadClassifier(head)
        from llasa_core.model.any_checkpoint import read_any_config

        config = read_any_config(self.folder, base_lm=self._base_lm, encoder=self._encoder)
        about = config.activities, config.sampling_rate_hz, config.window_s
        if not config.activities:
            console.note("this checkpoint names no activities: there is no timeline of them, but all that was measured")
            return Nameless(config.sampling_rate_hz, config.window_s)

        def load() -> WindowClassifier:
            model = self.load()
            console.note("this checkpoint has no light head: its LM is asked about every window, which takes longer")
            return classifier_of(model, *about, config.temperature)

        return WhenNeeded(load, *about)


class Reading(NamedTuple):
    """How recordings are read."""

    options: ReadOptions
    name: str | None
    max_windows: int
    upright: tuple[Upright, ...]
    placement: str | None
    allow_upsample: bool

    def of(self, paths: Sequence[Path], checkpoint: Checkpoint) -> list[KnownRecording]:
        """Read recordings.

        Raises:
            DataError: one cannot be read.
            UsageError: too many are named, or the head does not know the placement.
        """
        from llasa_core.chat.known_recording import know

        _check_files(paths)
        return [
            know(
                path,
                self.options,
                checkpoint.classifier,
                name=self.name,
                allow_upsample=self.allow_upsample,
                upright=self.upright,
                placement=self.placement,
                most_windows=None if checkpoint.has_head else self.max_windows,
            )
            for path in paths
        ]


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
        from llasa_core.chat.question import checked

        return iter([checked(ask)])
    if not console.is_tty(sys.stdin):
        lines = (line for line in sys.stdin if line.strip())
        first = next(lines, None)  # waited for here, so that nothing is loaded where nothing is asked
        if first is None:
            raise UsageError("there is no question on stdin", fix="pass `--ask TEXT`, or pipe a question, one a line")
        return chain([first], lines)
    if as_json:
        raise UsageError("`--json` needs a question", fix="pass `--ask TEXT`, or pipe a question, one a line")
    return None


def _check_files(paths: Sequence[Path]) -> None:
    """Say what is missing before anything is loaded."""
    if len(paths) > MOST_RECORDINGS:
        raise UsageError(
            f"{len(paths)} recordings; at most {MOST_RECORDINGS} are compared",
            fix="leave some out; `llasa timeline` takes any number",
        )
    for path in paths:
        if not path.exists():
            raise DataError("there is no such file or folder", where=path, fix="check the path")


def _replies(conversation: Conversation, questions: Iterable[str], watch: Stopwatch) -> dict[str, Any]:
    """Answer everything and return the object that `--json` promises; `answer` is the last one."""
    for question in questions:
        for _ in conversation.ask(question):
            watch.first_token = watch.first_token or watch.elapsed()
    first = conversation.recordings[0]
    return {
        **reply_of(conversation),
        "activity": first.activity,
        "windows": _windows(first),
        "recordings": [one.timeline.as_dict() for one in conversation.recordings],
        "turns": [{"from": turn.speaker, "value": turn.text} for turn in conversation.turns],
        "notes": [note for one in conversation.recordings for note in (*one.timeline.notes, *one.timeline.warnings)],
        "timings_s": {"load": watch.load, "first_token": watch.first_token, "total": watch.elapsed()},
    }


def reply_of(conversation: Conversation) -> dict[str, Any]:
    """Return the last answer and what it rests on, for JSON."""
    grounded = conversation.grounded
    assert grounded is not None  # noqa: S101 - something was asked
    window_s = conversation.recordings[0].window_s
    return {
        "question": grounded.question,
        "answer": conversation.answer,
        "answered_by": "model" if grounded.answer is None else "timeline and facts",
        "scope": [scope.as_dict() for scope in grounded.scopes],
        "facts": [fact._asdict() for fact in grounded.facts],
        "unsupported": [{"text": mark.text, "kind": mark.kind, "why": mark.why} for mark in conversation.marks],
        "answer_windows": [
            {"recording": at, "start_s": start_s, "end_s": start_s + window_s} for at, start_s in grounded.window_starts
        ],
    }


def _windows(recording: KnownRecording) -> list[dict[str, Any]]:
    """Return the likeliest activity of each window of the timeline."""
    if not recording.names_activities:
        return []
    table = recording.timeline.windows
    return [
        {
            "start_s": float(start_s),
            "end_s": float(start_s) + table.window_s,
            "activity": recording.timeline.activities[int(row.argmax())],
            "probability": float(row.max()),
        }
        for start_s, row in zip(table.start_s, table.probability, strict=True)
    ]
