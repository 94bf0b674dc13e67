"""Ranks meet before they load anything."""

from __future__ import annotations

import socket
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from llasa_core import __version__
from llasa_core.errors import RunError
from llasa_core.launching.meeting import check_devices, check_same, interface_to, meet
from llasa_core.launching.place import free_port
from llasa_core.launching.ranks import Launch

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ranks are launched on Linux alone")


@pytest.fixture
def rank(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """Make this process one of two ranks."""

    def be(number: int, port: int) -> None:
        names = {"RANK": number, "LOCAL_RANK": 0, "LOCAL_SIZE": 1, "WORLD_SIZE": 2, "MASTER_PORT": port}
        for name, value in names.items():
            monkeypatch.setenv(name, str(value))
        monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")

    return be


def test_a_port_in_use_is_named(rank: Callable[[int, int], None]):
    with socket.create_server(("", 0)) as other:
        port = other.getsockname()[1]
        rank(0, port)
        with pytest.raises(RunError) as caught:
            meet(Launch("a", ""), timedelta(seconds=1))

    assert str(caught.value) == (
        f"port {port} is in use on a\n  fix:   pass another `--port`, or none: then a free one is taken"
    )


def test_a_first_rank_out_of_reach_is_named(rank: Callable[[int, int], None]):
    port = free_port()
    rank(1, port)
    with pytest.raises(RunError) as caught:
        meet(Launch("b", ""), timedelta(seconds=1))

    assert str(caught.value) == (
        f"rank 1 on b cannot reach rank 0 at 127.0.0.1:{port}\n"
        "  fix:   open that port between the hosts, or pass one that is open as `--port`"
    )


def test_hosts_with_other_versions_or_devices_are_refused():
    first = {"host": "a", "llasa": __version__, "torch": "2.13.0", "device": "CUDA"}
    check_same({**first, "host": "b"}, first)

    for changed, said in (
        ({"torch": "2.12.0"}, "torch 2.12.0, host a has 2.13.0"),
        ({"device": "CPU"}, "device CPU, host a has CUDA"),
    ):
        with pytest.raises(RunError) as caught:
            check_same({**first, "host": "b", **changed}, first)
        assert str(caught.value) == f"host b has {said}\n  fix:   install the same environment on all hosts"


def test_one_host_alone_leaves_the_choice_of_the_interface_to_gloo():
    assert interface_to(()) is None
    assert interface_to(("127.0.0.1",)) is None


def test_a_host_with_fewer_gpus_than_slots_is_refused():
    launch = Launch("b", "")
    check_devices(launch, n_devices=4, n_ranks=4)
    check_devices(launch, n_devices=0, n_ranks=4)

    with pytest.raises(RunError) as caught:
        check_devices(launch, n_devices=2, n_ranks=4)

    assert str(caught.value) == (
        "host b has 2 GPUs and was given 4 ranks\n  fix:   lower its `slots` in the hostfile, or `--gpus`"
    )
