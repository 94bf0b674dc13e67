"""`llasa export`: a checkpoint for other programs."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llasa_cli import console
from llasa_cli.checkpoint_flags import BaseLm
from llasa_cli.flags import JsonFlag, RunsFolder
from llasa_core.errors import UsageError

if TYPE_CHECKING:
    from llasa_core.export.hub import Pushed
    from llasa_core.export.merge import MergedFolder
    from llasa_core.export.onnx import OnnxFile
    from llasa_core.export.source import Source

From = Annotated[
    Path,
    typer.Argument(metavar="CHECKPOINT|RECIPE", help="A checkpoint folder, or a recipe whose checkpoint is taken."),
]
MergeFlag = Annotated[
    bool, typer.Option("--merge", help="Merge adapter and LM into a Hugging Face folder that is a checkpoint too.")
]
OnnxFlag = Annotated[
    bool, typer.Option("--onnx", help="Write encoder and projector as one ONNX file, checked in onnxruntime.")
]
ToFolder = Annotated[Path | None, typer.Option("--to", metavar="FOLDER", help="Where --merge and --onnx write.")]
ToHub = Annotated[
    str | None,
    typer.Option(
        "--to-hub", metavar="OWNER/NAME", help="Push to the Hugging Face hub, merged with --merge; token from HF_TOKEN."
    ),
]
PublicFlag = Annotated[bool, typer.Option("--public", help="Let everybody see what --to-hub pushes.")]


@dataclass(frozen=True)
class Exported:
    """What was written and pushed; None where it was not asked for."""

    checkpoint: Path
    merged: MergedFolder | None
    onnx: OnnxFile | None
    hub: Pushed | None

    def __str__(self) -> str:
        return "\n".join(str(part) for part in (self.merged, self.onnx, self.hub) if part is not None)


def export(  # noqa: PLR0913, PLR0917 - a flag each
    source: From,
    merge: MergeFlag = False,
    onnx: OnnxFlag = False,
    to: ToFolder = None,
    to_hub: ToHub = None,
    public: PublicFlag = False,
    base_lm: BaseLm = None,
    runs: RunsFolder = Path("runs"),
    as_json: JsonFlag = False,
) -> None:
    """Write a checkpoint as a merged Hugging Face folder or as ONNX, or push it to the hub.

    The checkpoint itself stays as it is. A repository on the hub is private unless --public is given.
    """
    _check_flags(merge=merge, onnx=onnx, to=to, to_hub=to_hub, public=public)
    from llasa_core.export.source import find_source

    found = find_source(source, runs)
    _check_first(found, to, to_hub, merge=merge, onnx=onnx)
    merged = _merge(found, to, base_lm) if merge and to else None
    written = _onnx(found, to) if onnx and to else None
    pushed = _push(found, merged, to_hub, public=public) if to_hub else None
    console.show(Exported(found.folder, merged, written, pushed), as_json=as_json)


def _check_flags(*, merge: bool, onnx: bool, to: Path | None, to_hub: str | None, public: bool) -> None:
    where = "llasa export"
    if not (merge or onnx or to_hub):
        raise UsageError("nothing is asked for", where=where, fix="pass `--merge`, `--onnx` or `--to-hub OWNER/NAME`")
    if (merge or onnx) and to is None:
        flag = "--merge" if merge else "--onnx"
        raise UsageError(f"`{flag}` does not know where to write", where=where, fix="pass `--to FOLDER`")
    if to is not None and not (merge or onnx):
        raise UsageError("`--to` goes with `--merge` or `--onnx`", where=where, fix="pass one of them, or leave it out")
    if public and not to_hub:
        raise UsageError(
            "`--public` goes with `--to-hub`", where=where, fix="pass `--to-hub OWNER/NAME`, or leave it out"
        )


def _check_first(found: Source, to: Path | None, to_hub: str | None, *, merge: bool, onnx: bool) -> None:
    """Find what would fail before anything is computed."""
    if onnx:
        from llasa_core.export.packages import check_packages

        check_packages()
    if merge and to:
        from llasa_core.export.merge import check_mergeable

        check_mergeable(found, to)
    if to_hub:
        from llasa_core.export.hub import check_push

        check_push(to_hub)


def _merge(found: Source, folder: Path, base_lm: str | None) -> MergedFolder:
    from llasa_core.export.merge import export_merged

    console.note(f"merging {found.folder}")
    return export_merged(found, folder, base_lm=base_lm, say=console.note)


def _onnx(found: Source, folder: Path) -> OnnxFile:
    from llasa_core.export.onnx import export_onnx

    console.note("writing encoder and projector as ONNX, and comparing onnxruntime with torch")
    return export_onnx(found, folder)


def _push(found: Source, merged: MergedFolder | None, repo: str, *, public: bool) -> Pushed:
    from huggingface_hub import utils

    from llasa_core.export.hub import push

    if not console.is_tty(sys.stderr):
        utils.disable_progress_bars()  # type: ignore[attr-defined]
    folder = found.folder if merged is None else merged.folder
    card = found.card() if merged is None else (folder / "README.md").read_text(encoding="utf-8")
    console.note(f"pushing {folder} to {repo}")
    return push(folder, repo, card, is_public=public, say=console.note)
