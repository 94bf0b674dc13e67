"""A sweep worked on by several processes of this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from llasa_core.cluster.follow import last_error
from llasa_core.errors import InterruptedRun, RunError, UsageError
from llasa_core.sweep.left import Failed, blocked_by, shown, units_left, worker_command
from llasa_core.sweep.work import is_done

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from llasa_core.sweep.units import Sweep, Unit

LOOKS_EVERY_S = 0.2


@dataclass
class Worker:
    """A process that works on a unit."""

    unit: Unit
    slot: int
    process: subprocess.Popen[bytes]


@dataclass
class Processes:
    """Several processes on this machine."""

    sweep: Sweep
    n_jobs: int
    gpus: int | None
    """Of each process."""
    devices: Sequence[str]
    """The names of this machine's GPUs."""
    say: Callable[[str], None]
    _working: list[Worker] = field(default_factory=list)

    def run(self) -> Failed:
        """Work on all units, `n_jobs` at a time.

        Raises:
            InterruptedRun: asked to stop; every process has saved its state.
        """
        failed: Failed = {}
        waiting = units_left(self.sweep)
        with _stops_like_ctrl_c():
            try:
                while waiting or self._working:
                    self._collect(failed)
                    waiting = self._start(waiting, failed)
                    time.sleep(LOOKS_EVERY_S)
            except KeyboardInterrupt:
                raise InterruptedRun(
                    "the sweep was stopped; nothing is lost",
                    where=self.sweep.folder,
                    fix="the same command goes on from there",
                ) from None
            finally:
                self._stop()
        return failed

    def _start(self, waiting: list[Unit], failed: Failed) -> list[Unit]:
        """Start what can be, and return what cannot yet."""
        left = []
        unfinished = {unit.name for unit in waiting} | {worker.unit.name for worker in self._working}
        for unit in waiting:
            if blocked := blocked_by(unit, failed):
                failed[unit.name] = blocked
            elif len(self._working) < self.n_jobs and unit.after not in unfinished:
                self._working.append(self._begin(unit))
                self.say(f"{shown(unit)} begins")
            else:
                left.append(unit)
        return left

    def _begin(self, unit: Unit) -> Worker:
        slot = next(n for n in range(self.n_jobs) if n not in {worker.slot for worker in self._working})
        log = self.sweep.unit_folder(unit) / "worker.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as said:
            process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                worker_command(self.sweep, unit, self.gpus),
                stdout=subprocess.DEVNULL,
                stderr=said,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **self._environment(slot)},
                start_new_session=True,  # Ctrl-C reaches it once, from here
            )
        return Worker(unit, slot, process)

    def _environment(self, slot: int) -> dict[str, str]:
        """Return what gives a process its own share of the machine."""
        if self.devices:
            each = self.gpus or 1
            return {"CUDA_VISIBLE_DEVICES": ",".join(self.devices[slot * each : (slot + 1) * each])}
        threads = max(1, (os.cpu_count() or 1) // self.n_jobs)
        return {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(threads))}

    def _collect(self, failed: Failed) -> None:
        for worker in [worker for worker in self._working if worker.process.poll() is not None]:
            self._working.remove(worker)
            unit, code = worker.unit, worker.process.returncode
            if is_done(self.sweep, unit):
                self.say(f"{shown(unit)} is done")
                continue
            log = self.sweep.unit_folder(unit) / "worker.log"
            failed[unit.name] = last_error(log, code) or RunError(
                f"its process ended with code {code} and did not say why", where=log, fix="read the end of that log"
            )
            self.say(f"{shown(unit)} failed: {failed[unit.name].message}")

    def _stop(self) -> None:
        """Ask every process to save its state and end, once, and wait for it."""
        for worker in self._working:
            if worker.process.poll() is None:
                worker.process.terminate()
        while self._working:
            self._working.pop().process.wait()


def devices_for(n_jobs: int, gpus: int | None) -> tuple[int | None, list[str]]:
    """Return how many GPUs each of `n_jobs` processes gets, and the names of all there are.

    Raises:
        UsageError: there are not enough.
    """
    import torch  # noqa: PLC0415 - only where processes share a machine

    n_cuda = torch.cuda.device_count()
    if not n_cuda:
        return gpus, []
    each = gpus or n_cuda // n_jobs
    if each * n_jobs > n_cuda or not each:
        raise UsageError(
            f"{n_jobs} jobs with {max(each, 1)} GPUs each want {max(each, 1) * n_jobs} GPUs, {n_cuda} are here",
            fix="lower `--jobs` or `--gpus`",
        )
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return each, visible.split(",") if visible else [str(number) for number in range(n_cuda)]


@contextmanager
def _stops_like_ctrl_c() -> Iterator[None]:
    """Take SIGTERM for Ctrl-C."""

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: Any = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
