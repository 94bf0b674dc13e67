"""`llasa inspect`: what is in a recording, a data folder, one of its windows, a checkpoint or an adapted folder."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llasa_cli import console
from llasa_cli.flags import JsonFlag
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
    wrong_flag,
)
from llasa_cli.window_flags import FLAG_OF, AllowUpsample, Stride, TargetRate, windows_of
from llasa_core.errors import DataError, ErrorGroup, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.data.windows import WindowConfig
    from llasa_core.inspect.looked import Looked, Paper

    Look = Callable[[console.Update], Looked]

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
WIDEST, WIDTH_ELSEWHERE = 120, 100
"""Columns of text, on a terminal and in a file."""
MANIFEST = "manifest.json"

LookedPath = Annotated[
    Path,
    typer.Argument(
        metavar="PATH",
        help="A recording, a folder or archive of them, a data folder, a checkpoint, or what `adapt` wrote.",
        show_default=False,
    ),
]
RecordingName = Annotated[
    str | None, typer.Option("--recording", metavar="NAME", help="Which one, where PATH holds several.")
]
Window = Annotated[
    str | None,
    typer.Option(
        "--window",
        metavar="WINDOW",
        help="Of a data folder: the window to look at, such as 12 or windows-00000.h5:12. "
        "Of a recording: the length of its windows, such as 6s.",
    ),
]
Png = Annotated[Path | None, typer.Option("--png", metavar="FILE", help="Draw a figure of it too.")]
Verify = Annotated[bool, typer.Option("--verify", help="Of a data folder: compare the checksums of its shards.")]
Audit = Annotated[
    bool,
    typer.Option(
        "--audit", help="Check the questions and answers of a data folder, or of a LLaVA-style JSON file, one by one."
    ),
]
Windows = Annotated[
    Path | None,
    typer.Option(
        "--windows", metavar="PATH", help="With --audit of a JSON file: the folder, or array, of its windows."
    ),
]
MaxTokens = Annotated[
    int, typer.Option("--max-tokens", min=1, metavar="N", help="With --audit: name items of more tokens than this.")
]


def inspect(  # noqa: PLR0913, PLR0917 - each flag is one
    path: LookedPath,
    recording: RecordingName = None,
    window: Window = None,
    png: Png = None,
    verify: Verify = False,
    as_json: JsonFlag = False,
    file_format: FormatFlag = "auto",
    rate: SourceRate = None,
    columns: Columns = None,
    acc_unit: AccUnitFlag = None,
    gyr_unit: GyrUnitFlag = None,
    label_column: LabelColumn = None,
    subject_column: SubjectColumn = None,
    label_from: LabelFrom = None,
    subject_from: SubjectFrom = None,
    labels: Labels = None,
    label_map: LabelMap = None,
    bad_rows: BadRows = "error",
    allow_missing: AllowMissing = None,
    keep_frame: KeepFrame = False,
    stride: Stride = None,
    target_rate: TargetRate = 20.0,
    allow_upsample: AllowUpsample = False,
    audit: Audit = False,
    windows: Windows = None,
    max_tokens: MaxTokens = 2048,
) -> None:
    """Show what is in a recording, data folder or checkpoint.

    Of recordings it says what prepare-data would decide, and on what evidence, without writing anything; it ends with
    exit code 2 where prepare-data would refuse. With --audit it ends with exit code 1 where something must be repaired.
    """
    if audit:
        _check_audit(path, {"--recording": recording, "--window": window, "--png": png, "--verify": verify or None})
        _audit(path, windows, max_tokens, as_json=as_json)
        return
    if windows is not None:
        raise UsageError("--windows is about the windows of an audited file", where=path, fix="pass `--audit` too")
    if png is not None:
        check_png(png)
    look = _look_at_ours(path, recording, window, verify=verify)
    if look is None:
        options = read_options(
            "inspect",
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
            bad_rows=bad_rows,
            allow_missing=allow_missing,
            keep_frame=keep_frame,
        )
        config = _window_config(window, stride, target_rate, allow_upsample=allow_upsample)
        look = _look_at_recordings(path, recording, options, config, verify=verify)
    with console.progress(f"inspect {path.name}", 100) as progress:
        looked = look(progress)
    console.show(looked.as_dict() if as_json else looked.as_text(_paper()), as_json=as_json)
    errors = list(looked.refusals)
    if png is not None:
        try:
            looked.draw(png)
        except (DataError, UsageError) as error:  # there is nothing to draw, perhaps for the very reason above
            errors.append(error)
    if errors:
        raise errors[0] if len(errors) == 1 else ErrorGroup(errors)


def _audit(path: Path, windows: Path | None, max_tokens: int, *, as_json: bool) -> None:
    from llasa_core.data.audit.audit import audit
    from llasa_core.inspect.audited import shared_samples

    with console.progress(f"audit {path.name}") as progress:
        report = audit(
            path,
            windows=windows,
            max_tokens=max_tokens,
            same_samples=lambda store: shared_samples(store, progress),
            progress=progress,
        )
    console.show(report, as_json=as_json)
    if report.must_be_repaired:
        raise typer.Exit(1)


def _check_audit(path: Path, flags: dict[str, object]) -> None:
    if wrong := [flag for flag, value in flags.items() if value is not None]:
        raise UsageError(f"{wrong[0]} says nothing about an audit", where=path, fix=f"leave out `{wrong[0]}`")


def _look_at_ours(path: Path, recording: str | None, window: str | None, *, verify: bool) -> Look | None:
    """Return what looks at a data folder, a window or a checkpoint; None where the path is none of them."""
    from llasa_core.inspect.adapted import look_at_adapted
    from llasa_core.inspect.checkpoint import is_checkpoint, look_at_checkpoint
    from llasa_core.model.adapted import is_adapted

    if path.suffix == ".h5" and (path.parent / MANIFEST).is_file():
        raise UsageError(
            "a shard is looked at in its data folder",
            where=path,
            fix=f"`llasa inspect {path.parent}`, with `--window {path.name}:0` for its first window",
        )
    is_data = (path / MANIFEST).is_file()
    if not is_data and not is_adapted(path) and not is_checkpoint(path):
        return None
    flags = {"--recording": recording is not None, "--window": window is not None, "--verify": verify}
    takes = {"--verify"} if is_data and window is None else {"--window"} if is_data else set()
    if wrong := [flag for flag, is_given in flags.items() if is_given and flag not in takes]:
        what = "a data folder" if is_data else "an adapted folder" if is_adapted(path) else "a checkpoint"
        together = " with `--window`" if is_data and window is not None else ""
        raise UsageError(f"{wrong[0]} says nothing about {what}{together}", where=path, fix=f"leave out `{wrong[0]}`")
    if not is_data:
        return lambda _progress: look_at_adapted(path) if is_adapted(path) else look_at_checkpoint(path)
    return _look_at_data(path, window, verify=verify)


def _look_at_data(path: Path, window: str | None, *, verify: bool) -> Look:
    from llasa_core.inspect.data_folder import look_at_data
    from llasa_core.inspect.window import look_at_window

    if window is not None:
        return lambda _progress: look_at_window(path, window)
    return lambda progress: look_at_data(path, verify=verify, progress=progress)


def _look_at_recordings(
    path: Path, recording: str | None, options: ReadOptions, config: WindowConfig, *, verify: bool
) -> Look:
    from llasa_core.inspect.recordings import look_at_recordings

    if verify:
        raise UsageError("--verify says nothing about recordings", where=path, fix="leave out `--verify`")
    return lambda progress: look_at_recordings(path, options, config, recording, progress)


def _window_config(window: str | None, stride: str | None, target_rate: float, *, allow_upsample: bool) -> WindowConfig:
    """Return what windows are, from the flags that `prepare-data` has too."""
    from pydantic import ValidationError

    try:
        return windows_of(window or "6s", stride, target_rate, None, allow_upsample=allow_upsample)
    except ValidationError as error:
        raise wrong_flag(error, "inspect", FLAG_OF) from error


def check_png(path: Path) -> None:
    """Refuse to draw over anything but a picture.

    Raises:
        UsageError: it is a folder, has another suffix, or holds something else.
    """
    if path.suffix.lower() != ".png":
        raise UsageError(f"--png draws a PNG file, not {path.name}", fix=f"write `--png {path.with_suffix('.png')}`")
    if path.is_dir():
        raise UsageError("--png names a folder", where=path, fix="name a file in it, such as `figure.png`")
    if path.is_file() and path.stat().st_size:
        with path.open("rb") as file:
            if file.read(len(PNG_MAGIC)) != PNG_MAGIC:
                raise UsageError("the file is no PNG, so it is not replaced", where=path, fix="pass another `--png`")


def _paper() -> Paper:
    from llasa_core.inspect.looked import Paper
    from llasa_core.inspect.sparkline import BLOCKS, GAP

    is_terminal = console.is_tty(sys.stdout)
    width = min(WIDEST, shutil.get_terminal_size().columns - 1) if is_terminal else WIDTH_ELSEWHERE
    try:
        (BLOCKS + GAP).encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return Paper(width, is_ascii=True)
    return Paper(width)
