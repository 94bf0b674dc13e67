"""What a person asks of Slurm: `--slurm-set KEY=VALUE`, which becomes `#SBATCH --KEY=VALUE`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llasa_core.errors import ErrorGroup, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Options = dict[str, str | None]
"""sbatch's long options without their dashes; None for one without a value, such as `exclusive`."""

OURS = {
    "array": "a run is one job",
    "chdir": "the job runs where the command was typed",
    "error": "all that the job says goes to one log, which is followed",
    "output": "all that the job says goes to one log, which is followed",
    "parsable": "the job's number is always asked for",
    "wrap": "the script is written here",
}
"""Options that would break what this side relies on, and why."""

DEVICE_OPTIONS = ("gpus", "gpus-per-node", "gpus-per-task", "gpus-per-socket", "gres", "tres-per-node")
"""Each asks for GPUs."""


def parse_options(flags: Sequence[str]) -> Options:
    """Read the values of `--slurm-set`; later ones win.

    Args:
        flags: `KEY=VALUE` each, or `KEY` for an option without a value.

    Returns:
        The options, in the order in which they were given.

    Raises:
        UsageError: one of them is wrong.
        ErrorGroup: more are.
    """
    mistakes = [mistake for flag in flags if (mistake := _mistake(flag))]
    if mistakes:
        raise mistakes[0] if len(mistakes) == 1 else ErrorGroup(mistakes)
    options: Options = {}
    for flag in flags:
        name, equals, value = flag.partition("=")
        options[name] = value if equals else None
    return options


def with_gpus(options: Mapping[str, str | None], gpus: int | None) -> Options:
    """Ask for `gpus` GPUs on each node, unless the options speak of GPUs themselves.

    `gpus-per-node=0` says that there are none to ask for: `gpus` then counts CPU processes.
    """
    asked = dict(options)
    if gpus is not None and not any(name in options for name in DEVICE_OPTIONS):
        asked["gpus-per-node"] = str(gpus)
    if asked.get("gpus-per-node") == "0":
        del asked["gpus-per-node"]
    return asked


def n_nodes(options: Mapping[str, str | None]) -> str:
    """Return how many nodes are asked for, as it was written."""
    return options.get("nodes") or "1"


def _mistake(flag: str) -> UsageError | None:
    name, equals, value = flag.partition("=")
    shown = f"--slurm-set {flag!r}"
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name) or (equals and not value) or not value.isprintable():
        return UsageError(
            f'"{flag}" is no option of sbatch',
            where=shown,
            fix="write a long option without its dashes: `--slurm-set time=12:00:00`, `--slurm-set exclusive`",
        )
    if name in OURS:
        return UsageError(
            f"`{name}` cannot be chosen: {OURS[name]}", where=shown, fix=f"leave `--slurm-set {name}=…` out"
        )
    return None
