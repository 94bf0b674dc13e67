"""The extra that serving needs."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from llasa_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

NEEDED = {
    "fastapi": "fastapi",
    "uvicorn": "uvicorn",
    "plotly": "plotly",
    "prometheus_client": "prometheus-client",
    "python_multipart": "python-multipart",
}
"""Packages of the extra `[serve]`: what is imported, and what pip calls it."""


def check_packages(find: Callable[[str], object | None] = find_spec) -> None:
    """Make sure that the extra is there, before anything else is done.

    Args:
        find: returns something for a package that can be imported.

    Raises:
        UsageError: one is missing.
    """
    missing = [name for module, name in NEEDED.items() if find(module) is None]
    if missing:
        raise UsageError(
            f"`llasa serve` needs packages that are not installed: {', '.join(missing)}",
            where="llasa serve",
            fix="pip install 'llasa[serve]'",
        )
