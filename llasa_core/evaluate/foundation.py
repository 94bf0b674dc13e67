"""What everything that an evaluation keeps depends on: other weights, other data or another seed begin anew."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from llasa_core import __version__
from llasa_core.data.store import MANIFEST
from llasa_core.files import sha256_of

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.evaluate.exam import Exam

NOT_WEIGHTS = {"README.md", "recipe.yaml", "calibration.json"}
"""Files of a checkpoint that change no answer: an evaluation may write the last one itself."""
MIB = 1 << 20


def foundation_of(exam: Exam, checkpoint: Path, encoder: Path | None = None) -> dict[str, Any]:
    """Return plain values that name a checkpoint's weights, its base LM, the data and the seed."""
    return {
        "llasa": __version__,
        "checkpoint": fingerprint(checkpoint),
        "encoder": None if encoder is None else sha256_of(encoder),
        "base_lm": exam.checkpoint.base_lm,
        "data": sha256_of(exam.store.folder / MANIFEST),
        "parting": list(exam.store.parting),
        "seed": exam.seed,
    }


def fingerprint(folder: Path) -> str:
    """Hash each file's name, size, first and last MiB: whole files of gigabytes would take minutes."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in NOT_WEIGHTS):
        size = file.stat().st_size
        digest.update(f"{file.relative_to(folder).as_posix()} {size}\n".encode())
        with file.open("rb") as content:
            digest.update(content.read(MIB))
            content.seek(max(MIB, size - MIB))
            digest.update(content.read())
    return digest.hexdigest()
