"""`llasa prepare-data`: raw recordings to a data folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from pydantic import ValidationError

from llasa_cli import console
from llasa_cli.flags import FreshFlag, JsonFlag
from llasa_core.data.channels import AccUnit, GyrUnit
from llasa_core.data.read_options import FormatName, ReadOptions
from llasa_core.errors import UsageError

if TYPE_CHECKING:
    from llasa_core.data.windows import WindowConfig

FLAG_OF: dict[tuple[str | int, ...], str] = {
    ("WindowConfig", "window_s"): "--window",
    ("WindowConfig", "stride_s"): "--stride",
    ("WindowConfig", "sampling_rate_hz"): "--target-rate",
    ("ReadOptions", "sampling_rate_hz"): "--rate",
}
"""Which flag sets a setting that can be wrong."""

SourcePaths = Annotated[
    list[Path], typer.Argument(metavar="SOURCE...", help="Recordings: files, folders, or a zip as it was downloaded.")
]
OutFolder = Annotated[Path, typer.Option("--out", metavar="DATA", help="The data folder to make.")]
FormatFlag = Annotated[FormatName, typer.Option("--format", help="By default the content decides.")]
Window = Annotated[str, typer.Option(metavar="SECONDS", help="Length of a window.")]
Stride = Annotated[
    str | None,
    typer.Option(metavar="SECONDS", help="From one window to the next; 3s, or 6s with --compat.", show_default=False),
]
TargetRate = Annotated[float, typer.Option("--target-rate", metavar="HZ", help="Rate of the windows.")]
SourceRate = Annotated[
    float | None, typer.Option("--rate", metavar="HZ", help="Rate of files that have no time column.")
]
Columns = Annotated[
    str | None,
    typer.Option(metavar="NAMES", help="Columns of a CSV, with commas: [time,] acc x y z, gyr x y z."),
]
AccUnitFlag = Annotated[AccUnit | None, typer.Option("--acc-unit", help="Unit of acceleration in the files.")]
GyrUnitFlag = Annotated[GyrUnit | None, typer.Option("--gyr-unit", help="Unit of angular rate in the files.")]
LabelColumn = Annotated[str | None, typer.Option(metavar="NAME", help="Column that names the activity.")]
SubjectColumn = Annotated[str | None, typer.Option(metavar="NAME", help="Column that names the person.")]
LabelFrom = Annotated[
    Literal["folder"] | None, typer.Option(help="The name of the folder around a file is its activity.")
]
LabelMap = Annotated[
    list[str] | None,
    typer.Option(metavar="LABEL=ACTIVITY", help="Rename a label, such as wlk=walking; may be repeated."),
]
Qa = Annotated[
    Literal["facts", "none"],
    typer.Option("--qa", help="facts: templated questions about the labels; none: no questions."),
]
Compat = Annotated[
    Literal["limu-bert"] | None, typer.Option(help="Resample and cut as LIMU-BERT's published preprocessing does.")
]
BadRows = Annotated[
    Literal["error", "drop"], typer.Option(help="A row that cannot be read: refuse the file, or leave the row out.")
]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Leave out files that cannot be read, and count them.")]
AllowUpsample = Annotated[bool, typer.Option("--allow-upsample", help="Take recordings below the windows' rate.")]
AllowMissing = Annotated[
    Literal["gyro"] | None, typer.Option(help="Take recordings without a gyroscope, with zeros in its place.")
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Processes that read side by side; by default as the input needs."),
]
Seed = Annotated[int, typer.Option(min=0, metavar="N", help="Chooses the phrasing of the questions.")]


def prepare_data(  # noqa: PLR0913, PLR0917 - each flag is one
    sources: SourcePaths,
    out: OutFolder,
    file_format: FormatFlag = "auto",
    window: Window = "6s",
    stride: Stride = None,
    target_rate: TargetRate = 20.0,
    rate: SourceRate = None,
    columns: Columns = None,
    acc_unit: AccUnitFlag = None,
    gyr_unit: GyrUnitFlag = None,
    label_column: LabelColumn = None,
    subject_column: SubjectColumn = None,
    label_from: LabelFrom = None,
    label_map: LabelMap = None,
    qa: Qa = "facts",
    compat: Compat = None,
    bad_rows: BadRows = "error",
    skip_bad: SkipBad = False,
    allow_upsample: AllowUpsample = False,
    allow_missing: AllowMissing = None,
    workers: Workers = None,
    seed: Seed = 7,
    fresh: FreshFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Turn raw IMU recordings into HDF5 windows and QA JSON."""
    from llasa_core.data.prepare import PrepareSettings, prepare

    try:
        settings = PrepareSettings(
            windows=_windows(window, stride, target_rate, compat, allow_upsample=allow_upsample),
            reading=ReadOptions(
                format=file_format,
                sampling_rate_hz=rate,
                columns=tuple(name.strip() for name in columns.split(",")) if columns else None,
                acc_unit=acc_unit,
                gyr_unit=gyr_unit,
                label_column=label_column,
                subject_column=subject_column,
                label_from=label_from,
                label_map=tuple(map(_renaming, label_map or ())),
                bad_rows=bad_rows,
                allow_missing_gyro=allow_missing == "gyro",
            ),
            qa=qa,
            skip_bad=skip_bad,
            seed=seed,
        )
    except ValidationError as error:
        raise _wrong_flag(error) from error
    with console.progress("prepare-data", 100) as progress:
        report = prepare(sources, out, settings, workers=workers, fresh=fresh, progress=progress)
    console.show(report, as_json=as_json)


def _windows(
    window: str, stride: str | None, target_rate: float, compat: Literal["limu-bert"] | None, *, allow_upsample: bool
) -> WindowConfig:
    from llasa_core.data.windows import WindowConfig

    window_s = _seconds("--window", window)
    default_stride = window_s if compat else WindowConfig().stride_s  # published windows lie side by side
    return WindowConfig(
        sampling_rate_hz=target_rate,
        window_s=window_s,
        stride_s=_seconds("--stride", stride) if stride else default_stride,
        compat=compat,
        allow_upsample=allow_upsample,
    )


def _seconds(flag: str, text: str) -> float:
    """Read a length of time: `6s`, `6 s` or `6`."""
    try:
        return float(text.strip().removesuffix("s"))
    except ValueError as error:
        raise UsageError(f'{flag} is not a length in seconds: "{text}"', fix=f"write it like `{flag} 6s`") from error


def _wrong_flag(error: ValidationError) -> UsageError:
    first = error.errors()[0]
    flag = FLAG_OF.get((error.title, *first["loc"]))
    message = first["msg"].removeprefix("Value error, ").replace("Input should", "it should")
    return UsageError(f"{flag}: {message}" if flag else message, fix="`llasa prepare-data --help` says what it takes")


def _renaming(text: str) -> tuple[str, str]:
    label, sign, activity = text.partition("=")
    if not (label and sign and activity):
        raise UsageError(f'--label-map is not LABEL=ACTIVITY: "{text}"', fix="write it like `--label-map wlk=walking`")
    return label.strip(), activity.strip()
