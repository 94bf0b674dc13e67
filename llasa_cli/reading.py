"""Flags that say how recordings are read, the same in every command that reads some."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from llasa_core.data.channels import AccUnit, GyrUnit
from llasa_core.data.read_options import FormatName, LabelFile, ReadOptions
from llasa_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import ValidationError

FormatFlag = Annotated[
    FormatName,
    typer.Option(
        "--format",
        metavar="NAME",
        help="Read files of this format only, such as phyphox or csv; docs/formats.md lists them. "
        "With auto the content decides.",
    ),
]
SourceRate = Annotated[
    float | None, typer.Option("--rate", metavar="HZ", help="Rate of files that have no time column.")
]
Columns = Annotated[
    str | None,
    typer.Option("--columns", metavar="NAMES", help="Columns of a CSV, with commas: [t,]ax,ay,az,gx,gy,gz."),
]
AccUnitFlag = Annotated[AccUnit | None, typer.Option("--acc-unit", help="Unit of acceleration in the files.")]
GyrUnitFlag = Annotated[GyrUnit | None, typer.Option("--gyr-unit", help="Unit of angular rate in the files.")]
LabelColumn = Annotated[
    str | None, typer.Option("--label-column", metavar="NAME", help="Column that names the activity.")
]
SubjectColumn = Annotated[
    str | None, typer.Option("--subject-column", metavar="NAME", help="Column that names the person.")
]
LabelFrom = Annotated[
    Literal["folder"] | None,
    typer.Option("--label-from", help="The name of the folder around a recording is its activity."),
]
SubjectFrom = Annotated[
    Literal["folder"] | None,
    typer.Option("--subject-from", help="The name of the folder around a recording is its person."),
]
Labels = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        metavar="FILE",
        help="Activities by time: columns start, end, activity [, file] [, subject]; in seconds of the recording, "
        "or as dates.",
    ),
]
LabelMap = Annotated[
    list[str] | None,
    typer.Option("--label-map", metavar="LABEL=ACTIVITY", help="Rename a label, such as wlk=walking; may be repeated."),
]
BadRows = Annotated[
    Literal["error", "drop"],
    typer.Option("--bad-rows", help="A row that cannot be read: refuse the file, or leave the row out."),
]
AllowMissing = Annotated[
    Literal["gyro"] | None,
    typer.Option("--allow-missing", help="Take recordings without a gyroscope, with zeros in its place."),
]
KeepFrame = Annotated[
    bool, typer.Option("--keep-frame", help="Leave the acceleration of iOS as it is, instead of turning it round.")
]

_FLAG_OF: dict[tuple[str | int, ...], str] = {("ReadOptions", "sampling_rate_hz"): "--rate"}


def read_options(  # noqa: PLR0913 - each flag is one
    command: str,
    *,
    file_format: FormatName = "auto",
    rate: float | None = None,
    columns: str | None = None,
    acc_unit: AccUnit | None = None,
    gyr_unit: GyrUnit | None = None,
    label_column: str | None = None,
    subject_column: str | None = None,
    label_from: Literal["folder"] | None = None,
    subject_from: Literal["folder"] | None = None,
    labels: Path | None = None,
    label_map: Sequence[str] | None = None,
    new_activities: bool = False,
    bad_rows: Literal["error", "drop"] = "error",
    allow_missing: Literal["gyro"] | None = None,
    keep_frame: bool = False,
    describe_only: bool = False,
) -> ReadOptions:
    """Return what the flags of a command say of the files.

    Two are no flags: `describe_only` is for inspections, `new_activities` for `adapt`.

    Raises:
        UsageError: a flag's value makes no sense.
        DataError: the file of labels cannot be read.
    """
    from pydantic import ValidationError

    try:
        return ReadOptions(
            format=file_format,
            sampling_rate_hz=rate,
            columns=tuple(name.strip() for name in columns.split(",")) if columns else None,
            acc_unit=acc_unit,
            gyr_unit=gyr_unit,
            label_column=label_column,
            subject_column=subject_column,
            label_from=label_from,
            subject_from=subject_from,
            labels=LabelFile.of(labels) if labels else None,
            label_map=tuple(map(_renaming, label_map or ())),
            new_activities=new_activities,
            bad_rows=bad_rows,
            allow_missing_gyro=allow_missing == "gyro",
            keep_frame=keep_frame,
            describe_only=describe_only,
        )
    except ValidationError as error:
        raise wrong_flag(error, command, _FLAG_OF) from error


def wrong_flag(error: ValidationError, command: str, flag_of: Mapping[tuple[str | int, ...], str]) -> UsageError:
    """Return the error for a setting that a flag set wrongly.

    Args:
        error: the first of several is told.
        command: for the fix.
        flag_of: which flag sets a setting, named by its class and field.
    """
    first = error.errors()[0]
    flag = flag_of.get((error.title, *first["loc"]))
    message = first["msg"].removeprefix("Value error, ").replace("Input should", "it should")
    return UsageError(f"{flag}: {message}" if flag else message, fix=f"`llasa {command} --help` says what it takes")


def _renaming(text: str) -> tuple[str, str]:
    label, sign, activity = text.partition("=")
    if not (label and sign and activity):
        raise UsageError(f'--label-map is not LABEL=ACTIVITY: "{text}"', fix="write it like `--label-map wlk=walking`")
    return label.strip(), activity.strip()
