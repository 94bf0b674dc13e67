"""`llasa timeline`: what a person did when, over one long recording or many."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from llasa_cli import console
from llasa_cli.checkpoint_flags import BaseLm, chosen_or_shipped
from llasa_cli.flags import JsonFlag
from llasa_cli.inspect import check_png
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
    SubjectColumn,
    read_options,
)
from llasa_cli.upright_flag import UprightFlag
from llasa_cli.window_flags import AllowUpsample, seconds_of
from llasa_core.errors import DataError, ErrorGroup, LlasaError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.timeline.classifier import WindowClassifier
    from llasa_core.timeline.options import TimelineOptions
    from llasa_core.timeline.timeline import Timeline

BETWEEN = (1.0, 60.0)
"""Shortest and longest stride that makes sense, in seconds."""

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", help="Recordings, or folders of them: anything that prepare-data reads."),
]
CsvFile = Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write a row for each segment.")]
Png = Annotated[Path | None, typer.Option("--png", metavar="FILE", help="Draw the signal with its segments.")]
CheckpointFolder = Annotated[
    Path | None,
    typer.Option("--model", metavar="CHECKPOINT", help="Who names the windows; by default the shipped checkpoint."),
]
Stride = Annotated[
    str | None,
    typer.Option("--stride", metavar="SECONDS", help="From one window to the next; by default 3s.", show_default=False),
]
WatchFlag = Annotated[bool, typer.Option("--watch", help="Follow a file that grows, until Ctrl-C.")]


def timeline(  # noqa: PLR0913, PLR0917 - a flag each
    files: Files,
    csv_file: CsvFile = None,
    png: Png = None,
    as_json: JsonFlag = False,
    model: CheckpointFolder = None,
    base_lm: BaseLm = None,
    stride: Stride = None,
    upright: UprightFlag = None,
    placement: PlacementFlag = None,
    watch: WatchFlag = False,
    file_format: FormatFlag = "auto",
    rate: SourceRate = None,
    columns: Columns = None,
    acc_unit: AccUnitFlag = None,
    gyr_unit: GyrUnitFlag = None,
    subject_column: SubjectColumn = None,
    bad_rows: BadRows = "error",
    allow_upsample: AllowUpsample = False,
    allow_missing: AllowMissing = None,
    keep_frame: KeepFrame = False,
) -> None:
    """Show what a person did when: segments with activity, cadence and intensity, and how long each took.

    A file that cannot be read is named and the others go on; the exit code is 2 then.
    """
    reading = read_options(
        "timeline",
        file_format=file_format,
        rate=rate,
        columns=columns,
        acc_unit=acc_unit,
        gyr_unit=gyr_unit,
        subject_column=subject_column,
        bad_rows=bad_rows,
        allow_missing=allow_missing,
        keep_frame=keep_frame,
    )
    if png is not None:
        check_png(png)
    _check_csv(csv_file)
    from llasa_core.timeline.classifier import load_classifier
    from llasa_core.timeline.options import TimelineOptions
    from llasa_core.timeline.upright import upright_spans

    options = TimelineOptions(
        stride_s=_stride_s(stride),
        allow_upsample=allow_upsample,
        upright=upright_spans(upright or ()),
        placement=placement,
    )
    if watch:
        _check_watch(files, csv_file, png)
    classifier = load_classifier(chosen_or_shipped(model), base_lm=base_lm, say=console.note)
    if watch:
        _watch(files[0], reading, classifier, options, as_json=as_json)
        return
    every = Everything([], [])
    _read(every, files, reading, classifier, options)
    _show(every, csv_file, png, as_json=as_json)
    if every.failed:
        raise every.failed[0] if len(every.failed) == 1 else ErrorGroup(every.failed)


class Everything(NamedTuple):
    """What came of all files."""

    timelines: list[Timeline]
    failed: list[LlasaError]

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `--json` prints: of the one recording, or of all under `recordings`."""
        if len(self.timelines) == 1 and not self.failed:
            return self.timelines[0].as_dict()
        totals: dict[str, float] = {}
        for one in self.timelines:
            for name, seconds in one.totals_s.items():
                totals[name] = round(totals.get(name, 0.0) + seconds, 3)
        return {
            "recordings": [one.as_dict() for one in self.timelines],
            "totals_s": totals,
            "failed": [error.as_dict() for error in self.failed],
        }

    def __str__(self) -> str:
        from llasa_core.timeline.text import table_text

        return "\n\n".join(table_text(one) for one in self.timelines)


def _read(
    every: Everything,
    paths: Sequence[Path],
    reading: ReadOptions,
    classifier: WindowClassifier,
    options: TimelineOptions,
) -> None:
    from llasa_core.timeline.timeline import timelines_in

    with console.progress("timeline", 100 * len(paths)) as progress:
        for nth, path in enumerate(paths):
            before = 100.0 * nth
            try:
                for found in timelines_in(
                    path,
                    reading,
                    classifier,
                    options,
                    progress=lambda done, words, before=before: progress(before + done, words),  # type: ignore[misc]
                    on_error=every.failed.append,
                ):
                    every.timelines.append(found)
            except DataError as error:
                every.failed.append(error)
    for one in every.timelines:
        for warning in one.warnings:
            console.note(f"warning: {one.name}: {warning}")


def _show(every: Everything, csv_file: Path | None, png: Path | None, *, as_json: bool) -> None:
    if csv_file is not None:
        from llasa_core.timeline.text import write_csv

        write_csv(every.timelines, csv_file)
    if png is not None:
        from llasa_core.timeline.figure import draw_timeline

        for nth, one in enumerate(every.timelines):
            is_one = len(every.timelines) == 1
            draw_timeline(one, png if is_one else png.with_stem(f"{png.stem}-{nth + 1}"))
    if every.timelines:
        console.show(every, as_json=as_json)


def _watch(
    path: Path, reading: ReadOptions, classifier: WindowClassifier, options: TimelineOptions, *, as_json: bool
) -> None:
    """Tell what is done now whenever that changes; at Ctrl-C show the whole timeline, and end as what is done does."""
    from llasa_core.timeline.following import follow
    from llasa_core.timeline.text import clock_text, table_text

    console.note(f"watching {path}; Ctrl-C ends it")
    last: Timeline | None = None
    told: tuple[str, float] | None = None
    reasons: set[str] = set()

    def waiting(error: DataError) -> None:
        if error.message not in reasons:
            reasons.add(error.message)
            console.note(f"waiting: {error.message}")

    try:
        for last in follow(path, reading, classifier, options, waiting=waiting):
            now = last.segments[-1]
            if as_json:
                console.show(last, as_json=True)
            elif (now.activity, now.start_s) != told:
                told = now.activity, now.start_s
                console.show(f"{clock_text(now.end_s)}  {now.activity} since {clock_text(now.start_s)}")
    except KeyboardInterrupt:
        if last is not None and not as_json:
            console.show(table_text(last))


def _stride_s(text: str | None) -> float | None:
    if text is None:
        return None
    stride_s = seconds_of("--stride", text)
    if not BETWEEN[0] <= stride_s <= BETWEEN[1]:
        raise UsageError(
            f"--stride is {stride_s:g} s", fix=f"pass {BETWEEN[0]:g} to {BETWEEN[1]:g} s, such as `--stride 3s`"
        )
    return stride_s


def _check_csv(path: Path | None) -> None:
    if path is not None and path.suffix.lower() != ".csv":
        raise UsageError(f"--csv writes a CSV file, not {path.name}", fix=f"write `--csv {path.with_suffix('.csv')}`")


def _check_watch(files: Sequence[Path], *outputs: Path | None) -> None:
    if len(files) > 1:
        raise UsageError("--watch follows one file", fix="name one file, or leave out `--watch`")
    if any(outputs):
        raise UsageError(
            "--csv and --png are of a whole recording", fix="leave out `--watch`, or write them afterwards"
        )
