"""The extra that ONNX needs."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from llasa_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

NEEDED = ("onnx", "onnxscript", "onnxruntime")
"""Packages of the extra `[onnx]`."""


def check_packages(find: Callable[[str], object | None] = find_spec) -> None:
    """Make sure that the extra is there, before anything else is done.

    Args:
        find: returns something for a package that can be imported.

    Raises:
        UsageError: one is missing.
    """
    missing = [name for name in NEEDED if find(name) is None]
    if missing:
        raise UsageError(
            f"`--onnx` needs packages that are not installed: {', '.join(missing)}",
            where="llasa export",
            fix="pip install 'llasa[onnx]'",
        )
