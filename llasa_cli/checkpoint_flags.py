"""Which checkpoint answers, with what, and where: the flags of all commands that load one, and what they mean."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from llasa_core.errors import ModelError, UsageError

SHIPPED_RECIPE = "smol"
"""Recipe whose shipped checkpoint serves where none is named."""

BaseLm = Annotated[
    str | None, typer.Option("--base-lm", metavar="PATH", help="Another place of the checkpoint's base LM.")
]
Encoder = Annotated[
    Path | None,
    typer.Option("--encoder", metavar="FILE", help="LIMU-BERT weights for a checkpoint of the original LLaSA."),
]
Quantize = Annotated[
    Literal["nf4"] | None,
    typer.Option(
        "--quantize",
        help="Hold the LM in 4 bits: one of 7 B fits a GPU of 16 GB. Needs the extra `[qlora]`.",
    ),
]
Device = Annotated[
    Literal["cpu", "cuda"] | None,
    typer.Option("--device", help="Where to compute; by default on a GPU if there is one."),
]


def chosen_or_shipped(chosen: Path | None) -> Path:
    """Return the checkpoint that was named, else the shipped one.

    Raises:
        ModelError: none was named, and none was shipped.
    """
    from llasa_core.model.shipped import shipped

    folder = chosen or shipped(SHIPPED_RECIPE)
    if folder is None:
        raise ModelError(
            "this installation holds no checkpoint",
            fix="pass `--model CHECKPOINT` with a folder that `llasa finetune` wrote",
        )
    return folder


def check_device(device: str | None) -> None:
    """Refuse a device that is not there; torch is imported only where a GPU is asked for.

    Raises:
        UsageError: there is no CUDA device.
    """
    if device == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise UsageError("there is no CUDA device", where="--device cuda", fix="leave out `--device`")
