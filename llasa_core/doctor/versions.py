"""Installed packages against the ranges that LLaSA asks for."""

from __future__ import annotations

import importlib
import platform
import sys
from importlib import metadata
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from llasa_core import __version__
from llasa_core.doctor.fact import Fact, Section

if TYPE_CHECKING:
    from collections.abc import Iterable

LEAST_PYTHON = (3, 11)
LEFT_OUT = {"dev", "cluster"}
"""Extras for developing and for preparing data on many machines."""


def versions() -> Section:
    """Return the versions of Python, LLaSA and every package that it asks for."""
    return Section("versions", (_python(), Fact("llasa", __version__), *package_facts(_asked_for()), *_imports()))


def package_facts(requirements: Iterable[str]) -> list[Fact]:
    """Compare what is installed with requirements such as `torch>=2.11` and `flash-attn>=2.7; extra == "flash"`."""
    parsed = [Requirement(text) for text in requirements]
    facts = [_package(one, None) for one in parsed if one.marker is None or one.marker.evaluate({"extra": ""})]
    for one in parsed:
        extra = _extra_of(one)
        if extra and extra not in LEFT_OUT:
            facts.append(_package(one, extra))
    return facts


def _asked_for() -> list[str]:
    try:
        return metadata.requires("llasa") or []
    except metadata.PackageNotFoundError:
        return []


def _extra_of(requirement: Requirement) -> str | None:
    if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
        return None
    extras = metadata.metadata("llasa").get_all("Provides-Extra") or [] if _asked_for() else []
    return next((extra for extra in extras if requirement.marker.evaluate({"extra": extra})), None)


def _package(wanted: Requirement, extra: str | None) -> Fact:
    range_ = str(wanted.specifier)
    details = {"wanted": range_, "extra": extra, "installed": None, "is_in_range": False}
    try:
        found = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        if extra:
            return Fact(wanted.name, f"not installed (`pip install 'llasa[{extra}]'`)", "note", details=details)
        fix = f"`pip install '{wanted.name}{range_}'`"
        return Fact(wanted.name, f"not installed, {range_} is needed", "broken", fix, details)
    is_in_range = wanted.specifier.contains(found, prereleases=True)
    details |= {"installed": found, "is_in_range": is_in_range}
    if is_in_range:
        return Fact(wanted.name, found, details=details)
    fix = f"`pip install '{wanted.name}{range_}'`"
    return Fact(wanted.name, f"{found}, tested with {range_}", "warning", fix, details)


def _python() -> Fact:
    found = platform.python_version()
    details = {"executable": sys.executable, "system": platform.platform()}
    if sys.version_info[:2] >= LEAST_PYTHON:
        return Fact("python", found, details=details)
    least = ".".join(map(str, LEAST_PYTHON))
    return Fact("python", f"{found}, {least} or later is needed", "broken", f"install Python {least}", details)


def _imports() -> list[Fact]:
    """Import what breaks in ways that a version does not tell: libraries of C++ and CUDA."""
    return [fact for name in ("torch", "h5py") if (fact := import_fact(name)) is not None]


def import_fact(name: str) -> Fact | None:
    """Return what is wrong with a module; None where it can be imported, or is not installed at all."""
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        return None if error.name == name else _broken(name, error)
    except Exception as error:  # noqa: BLE001 - a library that fails to load raises whatever it likes
        return _broken(name, error)
    return None


def _broken(name: str, error: Exception) -> Fact:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return Fact(f"import {name}", f"fails: {reason}", "broken", f"install {name} again: `pip install -U {name}`")
