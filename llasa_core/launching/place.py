"""Where runs are kept, and which devices work on one."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llasa_core.errors import UsageError
from llasa_core.launching.hosts import LOCALHOST, Host, read_hostfile

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class RunPlace:
    """Where runs are, and which devices there are."""

    runs: Path
    n_ranks: int
    has_cuda: bool
    hosts: tuple[Host, ...] = ()
    """Of the hostfile; none of them where all ranks are on this machine."""
    port: int | None = None
    """On which rank 0 waits for the others; a free one by default."""

    @property
    def is_launched(self) -> bool:
        """Whether the deepspeed launcher is needed: for several ranks, and for a GPU."""
        return self.has_cuda or self.n_ranks > 1 or bool(self.hosts)

    @property
    def chosen_port(self) -> int:
        """The port that was asked for, or one that is free here now."""
        return self.port or free_port()

    @property
    def all_hosts(self) -> tuple[Host, ...]:
        """The hosts in the order of their ranks."""
        return self.hosts or (Host(LOCALHOST, self.n_ranks),)


def find_place(runs: Path, gpus: int | None = None, hostfile: Path | None = None, port: int | None = None) -> RunPlace:
    """Look at the devices; without CUDA, `gpus` processes run on the CPU.

    Args:
        runs: where runs are kept.
        gpus: how many to use, on each host; all by default.
        hostfile: names the hosts, where this machine is not all.
        port: on which rank 0 waits for the others.

    Raises:
        UsageError: more GPUs asked for than there are, or a hostfile that cannot be used.
    """
    hosts = read_hostfile(hostfile, gpus) if hostfile else ()
    import torch  # noqa: PLC0415 - a recipe's mistakes are shown before this is paid for

    n_cuda = torch.cuda.device_count()
    if hosts:
        return RunPlace(runs, sum(host.slots for host in hosts), n_cuda > 0, hosts, port)
    if gpus is not None and n_cuda and gpus > n_cuda:
        raise UsageError(f"{gpus} GPUs were asked for, {n_cuda} are here", fix=f"pass `--gpus {n_cuda}` or fewer")
    return RunPlace(runs, gpus or n_cuda or 1, n_cuda > 0, port=port)


def free_port() -> int:
    """Return a port that nobody uses here at the moment."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
        return port
