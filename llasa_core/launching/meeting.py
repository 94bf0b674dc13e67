"""Ranks meet before they load anything, so that what keeps them apart is said within seconds."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import struct
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import torch
from torch.distributed import TCPStore  # type: ignore[attr-defined]

from llasa_core import __version__
from llasa_core.errors import RunError
from llasa_core.launching.hosts import address_towards, is_here

if TYPE_CHECKING:
    from llasa_core.launching.ranks import Launch

PATIENCE = timedelta(minutes=3)
"""How much later than others a rank may come; a cold start from a network file system takes a minute or two."""
SIOCGIFADDR = 0x8915
"""Asks Linux for the address of an interface."""


def meet(launch: Launch, patience: timedelta = PATIENCE) -> TCPStore:
    """Wait for all ranks, and check that they fit together.

    Returns:
        The store, which torch's process group goes on to use; to be held until the rank ends.

    Raises:
        RunError: rank 0's port is taken or cannot be reached, or a host has other versions or devices.
    """
    _prepare_gloo(launch)
    check_devices(launch, torch.cuda.device_count(), int(os.environ["LOCAL_SIZE"]))
    store = _store(launch, patience)
    _check_same(launch, store)
    return store


def _prepare_gloo(launch: Launch) -> None:
    """Choose the interface that reaches the other hosts."""
    name = interface_to(launch.addresses)
    if name:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", name)


def interface_to(addresses: tuple[str, ...]) -> str | None:
    """Return the network interface by which this host reaches the first of these that is another host.

    gloo's own choice is the address of this host's name, which many systems map to 127.0.1.1.
    """
    others = [address for address in addresses if not is_here(address)]
    if not others:
        return None
    mine = address_towards(others[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            try:
                answer = fcntl.ioctl(probe, SIOCGIFADDR, struct.pack("256s", name[:15].encode()))
            except OSError:  # an interface without an address
                continue
            if socket.inet_ntoa(answer[20:24]) == mine:
                return name
    return None


def check_devices(launch: Launch, n_devices: int, n_ranks: int) -> None:
    """Check that each rank of this host has a GPU, where it has any.

    Raises:
        RunError: there are too few.
    """
    if 0 < n_devices < n_ranks:
        raise RunError(
            f"host {launch.host} has {n_devices} GPUs and was given {n_ranks} ranks",
            fix="lower its `slots` in the hostfile, or `--gpus`",
        )


def _store(launch: Launch, patience: timedelta) -> TCPStore:
    rank, n_ranks = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    try:
        return TCPStore(address, port, n_ranks, rank == 0, patience, multi_tenant=True)
    except torch.distributed.DistNetworkError as error:
        if "EADDRINUSE" in str(error):
            raise RunError(
                f"port {port} is in use on {launch.host}",
                fix="pass another `--port`, or none: then a free one is taken",
            ) from error
        if rank == 0:
            raise
        raise RunError(
            f"rank {rank} on {launch.host} cannot reach rank 0 at {address}:{port}",
            fix="open that port between the hosts, or pass one that is open as `--port`",
        ) from error


def _check_same(launch: Launch, store: TCPStore) -> None:
    mine = {
        "host": launch.host,
        "llasa": __version__,
        "torch": torch.__version__.split("+")[0],
        "device": "CUDA" if torch.cuda.is_available() else "CPU",
    }
    if os.environ["RANK"] == "0":
        store.set("llasa/rank 0", json.dumps(mine))
        return
    check_same(mine, json.loads(store.get("llasa/rank 0")))


def check_same(mine: dict[str, Any], first: dict[str, Any]) -> None:
    """Check that a host fits to the first one.

    Raises:
        RunError: it has another version or kind of device.
    """
    for what in ("llasa", "torch", "device"):
        if mine[what] != first[what]:
            raise RunError(
                f"host {mine['host']} has {what} {mine[what]}, host {first['host']} has {first[what]}",
                fix="install the same environment on all hosts",
            )
