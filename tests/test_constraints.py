"""The versions that `make` installs, against what the project asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]


def plain(name: str) -> str:
    """Return a package's name as an index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def asked_for() -> dict[str, list[Requirement]]:
    """Return what pyproject.toml names, dependencies and extras, by package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    found: dict[str, list[Requirement]] = {}
    for line in lines:
        requirement = Requirement(line)
        found.setdefault(plain(requirement.name), []).append(requirement)
    return found


PINS = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def test_no_package_is_pinned_twice():
    names = [plain(pin.name) for pin in PINS]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("pin", PINS, ids=lambda pin: pin.name)
def test_a_pin_is_of_a_package_that_is_asked_for_and_fits_what_is_asked(pin: Requirement):
    (version,) = (specifier.version for specifier in pin.specifier)

    wanted = asked_for()[plain(pin.name)]

    assert all(requirement.specifier.contains(version, prereleases=True) for requirement in wanted)
