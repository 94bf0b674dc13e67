"""DeepSpeed's launcher on each host: started, read, and ended with everything that it has started."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llasa_core.files import sha256_of
from llasa_core.launching.hosts import Host, addresses_of, is_here, remote_script, ssh_command
from llasa_core.launching.ranks import ERROR_MARK, Launch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llasa_core.launching.folder import RankFolder

VISIBLE = "CUDA_VISIBLE_DEVICES"


def rank_words(module: str, folder: RankFolder, arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the words after `python -m` that start a rank: its module, the folder, and what else it is told."""
    return (module, str(folder.folder.absolute()), *arguments)


def node_command(
    words: Sequence[str], hosts: Sequence[Host], *, node: int, address: str, port: int, visible: str = ""
) -> list[str]:
    """Return the command line that runs the ranks of one host.

    Args:
        words: from `rank_words`, for every rank.
        hosts: all of them, in the order of their ranks.
        node: which of them.
        address: of the first.
        port: on which rank 0 waits for the others.
        visible: CUDA_VISIBLE_DEVICES on this host, or nothing.

    Source:
        What DeepSpeed 0.19.8's runner.py starts on each host through pdsh (multinode_runner.py, PDSHRunner.get_cmd).
        That runner is left out: with a number of GPUs it forgets CUDA_VISIBLE_DEVICES and counts from 0, and it needs
        pdsh, which says little of a host that does not answer.
    """
    world = {host.name: list[int | str](range(host.slots)) for host in hosts}
    chosen = [device for device in visible.split(",") if device]
    if len(chosen) >= hosts[node].slots:
        world[hosts[node].name] = [*chosen[: hosts[node].slots]]
    return [
        *(sys.executable, "-u", "-m", "deepspeed.launcher.launch"),
        f"--world_info={base64.urlsafe_b64encode(json.dumps(world).encode()).decode()}",
        *(f"--node_rank={node}", f"--master_addr={address}", f"--master_port={port}"),
        *("--module", *words),
    ]


@dataclass(eq=False)
class Launcher:
    """DeepSpeed's launcher on one host, or the ssh that runs it there.

    It has a session of its own: a terminal's Ctrl-C does not reach it, and one signal reaches all that it has started.
    Its stdin stays open and silent for as long as we live; ranks end when it does.
    """

    host: Host
    is_remote: bool
    process: subprocess.Popen[bytes]
    rest: bytes = b""
    """The beginning of a line whose end has not come."""

    @classmethod
    def start(cls, host: Host, command: Sequence[str], environment: Mapping[str, str], *, is_remote: bool) -> Launcher:
        """Start a host's ranks, here or through ssh."""
        process = subprocess.Popen(  # noqa: S603 - our own words and paths, no shell on this side
            ssh_command(host) if is_remote else command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment,
        )
        if is_remote and process.stdin:
            with suppress(BrokenPipeError):  # ssh is gone, and has said why
                process.stdin.write(remote_script(host, command, environment, ERROR_MARK).encode())
                process.stdin.flush()
        return cls(host, is_remote, process)

    @property
    def output(self) -> int:
        """The handle to read its lines from."""
        assert self.process.stdout is not None  # noqa: S101 - it was asked for
        return self.process.stdout.fileno()

    def read(self) -> Iterator[str] | None:
        """Return the lines that have come, or None when nobody is left who could write."""
        data = os.read(self.output, 65536)
        *whole, self.rest = (self.rest + data).split(b"\n")
        return (line.decode(errors="replace") for line in whole) if data else None

    def kill(self) -> None:
        """End the launcher and all that it has started on this machine; ranks elsewhere end with the connection."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        _wait_for_group(self.process.pid)
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None  # noqa: S101 - it was asked for
            with suppress(BrokenPipeError):
                stream.close()


def _wait_for_group(group: int, patience_s: float = 5.0) -> None:
    """Wait until the last process of a killed group is gone."""
    deadline = time.monotonic() + patience_s
    with suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.killpg(group, 0)
            time.sleep(0.01)


def start_all(words: Sequence[str], folder: RankFolder, hosts: Sequence[Host], port: int) -> Iterator[Launcher]:
    """Start ranks on every host.

    Raises:
        RunError: a host has no address.
    """
    addresses = addresses_of(hosts)
    digest = sha256_of(folder.begun_file)
    for node, (host, own) in enumerate(zip(hosts, addresses, strict=True)):
        is_remote = not is_here(own)
        visible = "" if is_remote else os.environ.get(VISIBLE, "")
        command = node_command(words, hosts, node=node, address=addresses[0], port=port, visible=visible)
        launch = Launch(host.name, digest, addresses if len(hosts) > 1 else ())
        yield Launcher.start(host, command, _environment() | launch.as_variable(), is_remote=is_remote)


def _environment() -> dict[str, str]:
    tools = str(Path(sys.executable).parent)  # DeepSpeed builds small ops with the ninja of this environment
    path = tools + os.pathsep + os.environ.get("PATH", "")
    return {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1", "TOKENIZERS_PARALLELISM": "false"}
