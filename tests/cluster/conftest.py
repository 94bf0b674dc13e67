"""A Slurm of one node in a folder of its own, from Debian's `slurm-wlm`."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DAEMONS = ("slurmctld", "slurmd")
CONFIG = """\
ClusterName=tiny
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/none
CredType=cred/none
SlurmUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
MpiDefault=none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
KillWait=10
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0
NodeName=localhost NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


@dataclass(frozen=True)
class Slurm:
    """A running Slurm; its commands find it by `SLURM_CONF`."""

    folder: Path

    def ask(self, *words: str) -> str:
        """Run a command of Slurm's and return what it says."""
        answer = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        return answer.stdout + answer.stderr

    def run_now(self, job_id: str) -> None:
        """Let a job that came back to the queue begin: Slurm would keep it there for two minutes."""
        self.until(lambda: "JobState=PENDING" in self.ask("scontrol", "show", "job", job_id))
        self.ask("scontrol", "update", f"jobid={job_id}", "StartTime=now")

    def until(self, is_so: Callable[[], bool], within_s: float = 60.0) -> None:
        """Wait until something is so."""
        gives_up = time.monotonic() + within_s
        while not is_so():
            assert time.monotonic() < gives_up, self.ask("squeue")
            time.sleep(0.05)


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    """Start a Slurm and end it, with all its jobs; skip where that cannot be."""
    missing = [name for name in (*DAEMONS, "sbatch") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"needs Debian's slurm-wlm: there is no {missing[0]}")
    if os.geteuid() != 0:
        pytest.skip("needs root, which slurmd wants")
    folder = tmp_path_factory.mktemp("slurm")
    for name in ("state", "spool"):
        (folder / name).mkdir()
    ports = _free_ports()
    config = folder / "slurm.conf"
    config.write_text(CONFIG.format(folder=folder, controller_port=ports[0], node_port=ports[1]))
    with ExitStack() as ends, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", str(config))
        for words in (["slurmctld", "-D", "-c"], ["slurmd", "-D", "-N", "localhost"]):
            ends.enter_context(_daemon(words, folder))
        running = Slurm(folder)
        running.until(lambda: running.ask("sinfo", "--noheader", "--format=%T").strip() == "idle", within_s=30)
        try:
            yield running
        finally:
            running.ask("scancel", "--full", "--user=root")
            running.until(lambda: not running.ask("squeue", "--noheader").strip())


def _free_ports() -> list[int]:
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind(("127.0.0.1", 0))
        return [one.getsockname()[1], other.getsockname()[1]]


@contextmanager
def _daemon(words: list[str], folder: Path) -> Iterator[None]:
    with (
        (folder / f"{words[0]}.out").open("w") as said,
        subprocess.Popen(words, stdout=said, stderr=said) as daemon,
    ):
        try:
            yield
        finally:
            daemon.terminate()
