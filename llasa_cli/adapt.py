"""`llasa adapt`: one's own activities, from a handful of labelled windows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from llasa_cli import console
from llasa_cli.checkpoint_flags import chosen_or_shipped
from llasa_cli.flags import FreshFlag, JsonFlag
from llasa_cli.reading import (
    AccUnitFlag,
    AllowMissing,
    BadRows,
    Columns,
    FormatFlag,
    GyrUnitFlag,
    KeepFrame,
    LabelColumn,
    LabelFrom,
    LabelMap,
    Labels,
    SourceRate,
    SubjectColumn,
    SubjectFrom,
    read_options,
)
from llasa_cli.window_flags import AllowUpsample, seconds_of
from llasa_core.errors import UsageError

if TYPE_CHECKING:
    from llasa_core.inspect.adapted import AdaptedFound

STRIDES_S = (0.5, 60.0)
"""Shortest and longest stride that makes sense."""

LabelledFiles = Annotated[
    list[Path] | None,
    typer.Option("--labelled", metavar="FILE...", help="Recordings with labels, or folders of them."),
]
MoreFiles = Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...", help="More of them.", show_default=False)]
OutFolder = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="The small folder to make.")]
CheckpointFolder = Annotated[
    Path | None,
    typer.Option("--model", metavar="CHECKPOINT", help="Whose light head learns; by default the shipped checkpoint."),
]
ReplaceFlag = Annotated[
    bool, typer.Option("--replace", help="Know these activities only, and none of the checkpoint's own.")
]
Stride = Annotated[
    str | None,
    typer.Option(
        "--stride", metavar="SECONDS", help="From one window to the next; by default half a window.", show_default=False
    ),
]


class Result(NamedTuple):
    """What is shown."""

    found: AdaptedFound
    warnings: list[str]

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {"folder": str(self.found.folder), **self.found.as_dict(), "warnings": self.warnings}

    def __str__(self) -> str:
        return self.found.as_text()


def adapt(  # noqa: PLR0913, PLR0917 - a flag each
    out: OutFolder,
    labelled: LabelledFiles = None,
    more: MoreFiles = None,
    model: CheckpointFolder = None,
    replace: ReplaceFlag = False,
    stride: Stride = None,
    labels: Labels = None,
    label_column: LabelColumn = None,
    label_from: LabelFrom = None,
    label_map: LabelMap = None,
    subject_column: SubjectColumn = None,
    subject_from: SubjectFrom = None,
    file_format: FormatFlag = "auto",
    rate: SourceRate = None,
    columns: Columns = None,
    acc_unit: AccUnitFlag = None,
    gyr_unit: GyrUnitFlag = None,
    bad_rows: BadRows = "error",
    allow_upsample: AllowUpsample = False,
    allow_missing: AllowMissing = None,
    keep_frame: KeepFrame = False,
    fresh: FreshFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Make a checkpoint know activities of your own, from a handful of labelled windows, in seconds.

    `llasa timeline --model FOLDER` names them beside the old ones. A label may be any word; what looks like a misspelt
    known activity is asked about.
    """
    reading = read_options(
        "adapt",
        file_format=file_format,
        rate=rate,
        columns=columns,
        acc_unit=acc_unit,
        gyr_unit=gyr_unit,
        label_column=label_column,
        subject_column=subject_column,
        label_from=label_from,
        subject_from=subject_from,
        labels=labels,
        label_map=label_map,
        new_activities=True,
        bad_rows=bad_rows,
        allow_missing=allow_missing,
        keep_frame=keep_frame,
    )
    files = [*(labelled or ()), *(more or ())]
    if not files:
        raise UsageError("there is nothing to learn from", fix="pass recordings with `--labelled FILE...`")
    stride_s = _stride_s(stride)
    _check_out(out, fresh=fresh)
    from llasa_core.adapt.adapting import Adapting
    from llasa_core.adapt.adapting import adapt as learn
    from llasa_core.inspect.adapted import look_at_adapted
    from llasa_core.model.adapted import save_adapted

    adapting = Adapting(replace, stride_s, allow_upsample)
    with console.progress("adapt", 100) as progress:
        adapted = learn(chosen_or_shipped(model), files, reading, adapting, progress)
    save_adapted(adapted.head, adapted.checkpoint, out)
    for warning in adapted.warnings:
        console.note(f"warning: {warning}")
    console.show(Result(look_at_adapted(out), adapted.warnings), as_json=as_json)


def _check_out(out: Path, *, fresh: bool) -> None:
    from llasa_core.model.adapted import is_adapted

    if is_adapted(out):
        if not fresh:
            raise UsageError("there is an adapted folder here", where=out, fix="pass `--fresh` to replace it")
    elif out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise UsageError("there is something else here", where=out, fix="name a folder that is not there yet")


def _stride_s(text: str | None) -> float | None:
    if text is None:
        return None
    stride_s = seconds_of("--stride", text)
    if not STRIDES_S[0] <= stride_s <= STRIDES_S[1]:
        raise UsageError(
            f"--stride is {stride_s:g} s", fix=f"pass {STRIDES_S[0]:g} to {STRIDES_S[1]:g} s, such as `--stride 3s`"
        )
    return stride_s
