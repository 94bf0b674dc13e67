"""Hosts: the hostfile that names them, their addresses, and how a command is started on one."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from llasa_core.errors import ErrorGroup, LlasaError, Place, RunError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LOCALHOST = "localhost"
HOST_LINE = re.compile(r"(?P<name>\S+)\s+slots=(?P<slots>\d+)")
HOST_NAME = re.compile(r"(\w[\w.-]*@)?\w[\w.-]*", re.ASCII)
PASSED_ON = (
    *("PYTHONPATH", "PYTHONUNBUFFERED", "LLASA_", "HF_", "TOKENIZERS_", "OMP_", "GOMP_", "MKL_"),
    *("NCCL_", "GLOO_", "TORCH_", "DS_", "DEEPSPEED_"),
)
"""Beginnings of the environment variables that other hosts get too."""
SSH_VARIABLE = "LLASA_SSH"
"""Environment variable: the command to use instead of `ssh`, such as `ssh -F my.config`."""
SSH_OPTIONS = ("-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=15")


@dataclass(frozen=True)
class Host:
    """A host, and how many ranks run on it."""

    name: str
    slots: int


def read_hostfile(file: Path, gpus: int | None = None) -> tuple[Host, ...]:
    """Read a hostfile as DeepSpeed and Open MPI write it: `name slots=n` in each line, `#` before a comment.

    Args:
        file: the hostfile.
        gpus: how many of each host's slots to use; all of them by default.

    Raises:
        UsageError: the file is not there, names no host, or has lines that cannot be used; all are said at once.
    """
    if not file.is_file():
        raise UsageError("there is no such hostfile", where=file, fix="write one line for each host: `name slots=4`")
    hosts: dict[str, Host] = {}
    mistakes: list[LlasaError] = []
    for row, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        words = line.split("#")[0].strip()
        if not words:
            continue
        try:
            host = _host(words, gpus, hosts)
            hosts[host.name] = host
        except UsageError as mistake:
            mistakes.append(UsageError(mistake.message, where=Place(file, row), fix=mistake.fix))
    if mistakes:
        raise mistakes[0] if len(mistakes) == 1 else ErrorGroup(mistakes)
    if not hosts:
        raise UsageError("the hostfile names no host", where=file, fix="write one line for each host: `name slots=4`")
    return tuple(hosts.values())


def _host(words: str, gpus: int | None, before: Mapping[str, Host]) -> Host:
    match = HOST_LINE.fullmatch(words)
    if match is None or not HOST_NAME.fullmatch(match["name"]):
        raise UsageError(f'not a host and its slots: "{words}"', fix="write `name slots=4`")
    host = Host(match["name"], int(match["slots"]))
    if host.name in before:
        raise UsageError(f"host {host.name} is named twice", fix="leave one line, with all of its slots")
    if host.slots == 0:
        raise UsageError(f"host {host.name} has 0 slots", fix="leave the line out, or give it a slot for each GPU")
    if gpus is not None and gpus > host.slots:
        message = f"{gpus} GPUs of each host were asked for, {host.name} has {host.slots} slots"
        raise UsageError(message, fix=f"pass `--gpus {host.slots}` or fewer")
    return host if gpus is None else replace(host, slots=gpus)


def addresses_of(hosts: Sequence[Host]) -> tuple[str, ...]:
    """Return the IPv4 address by which the other hosts reach each host.

    Raises:
        RunError: a name has no address.
    """
    found = [_address_of(host) for host in hosts]
    elsewhere = [address for address in found if not address.startswith("127.")]
    if not elsewhere:
        return tuple(found)
    return tuple(address_towards(elsewhere[0]) if address.startswith("127.") else address for address in found)


def _address_of(host: Host) -> str:
    """Look a host up by its name, else by the name that ssh's settings have for it."""
    for name in _names_of(host):
        try:
            return socket.gethostbyname(name)
        except (OSError, UnicodeError):  # unknown, or no name at all
            continue
    raise RunError(f"host {host.name} has no address", fix="check its name in the hostfile, or add it to /etc/hosts")


def _names_of(host: Host) -> Iterator[str]:
    yield host.name.rpartition("@")[2]
    if shutil.which(_ssh()[0]):
        settings = subprocess.run([*_ssh(), "-G", host.name], capture_output=True, text=True, check=False)  # noqa: S603
        yield from re.findall(r"^hostname (\S+)$", settings.stdout, re.MULTILINE)


def is_here(address: str) -> bool:
    """Return whether an address is one of this host's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def address_towards(address: str) -> str:
    """Return this host's own address on the way to another; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((address, 9))
        own: str = probe.getsockname()[0]
        return own


def ssh_command(host: Host) -> list[str]:
    """Return what runs a script on another host; the script comes through stdin, so that no secret is in a command.

    Raises:
        RunError: there is no ssh.
    """
    if shutil.which(_ssh()[0]) is None:
        raise unreachable(host, f"there is no `{_ssh()[0]}` here")
    return [*_ssh(), *SSH_OPTIONS, host.name, "/bin/sh"]


def _ssh() -> list[str]:
    return shlex.split(os.environ.get(SSH_VARIABLE, "ssh"))


def remote_script(host: Host, command: Sequence[str], environment: Mapping[str, str], error_mark: str) -> str:
    """Return the script that starts a command on another host, in the same folder, with the same Python.

    Args:
        host: where it will run.
        command: its words; the first is this Python.
        environment: of which it gets what `PASSED_ON` says.
        error_mark: begins a line about an error, as a rank would say it.
    """
    folder, python = str(Path.cwd()), sys.executable
    no_folder = RunError(
        f"host {host.name} has no folder {folder}",
        fix="start from a folder on a file system that all hosts share, under the same path",
    )
    no_python = RunError(
        f"host {host.name} has no {python}", fix="install the same environment there, under the same path"
    )
    passed = sorted(name for name in environment if name.startswith(PASSED_ON))
    lines = [
        f"cd {shlex.quote(folder)} 2>/dev/null || {_end(no_folder, error_mark)}",
        f"[ -x {shlex.quote(python)} ] || {_end(no_python, error_mark)}",
        *(f"export {name}={shlex.quote(environment[name])}" for name in passed),
        f'export PATH={shlex.quote(str(Path(python).parent))}:"$PATH"',
        f"exec {shlex.join(command)}",
    ]
    return "\n".join(lines) + "\n"


def _end(error: LlasaError, error_mark: str) -> str:
    """Return what says an error in a shell, and ends."""
    said = {"rank": None, "kind": type(error).__name__, **error.as_dict(), "is_echo": False}
    return f"{{ printf '%s\\n' {shlex.quote(error_mark + json.dumps(said))}; exit 1; }}"


def unreachable(host: Host, reason: str) -> RunError:
    """Return the error for a host that ssh did not reach."""
    return RunError(
        f"host {host.name} cannot be reached by ssh: {reason}",
        fix=f"make `ssh {host.name} true` work without a question: its name, its ssh server, your key, its host key",
    )
