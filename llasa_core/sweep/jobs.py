"""A sweep worked on by jobs of a Slurm cluster, one for each unit."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llasa_core.cluster.follow import result_of
from llasa_core.cluster.options import n_nodes, with_gpus
from llasa_core.cluster.script import Job, hosts_file
from llasa_core.cluster.slurm import SlurmAwayError, live_job, state_of, submit
from llasa_core.errors import InterruptedRun, LlasaError
from llasa_core.sweep.left import Failed, blocked_by, shown, units_left, worker_command

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.cluster.options import Options
    from llasa_core.cluster.slurm import JobState
    from llasa_core.sweep.units import Sweep, Unit

ASKS_EVERY_S = 1.0
"""Between two questions to Slurm about all jobs."""


@dataclass
class Jobs:
    """A job of a Slurm cluster for each unit."""

    sweep: Sweep
    gpus: int | None
    options: Options
    typed: str
    """The command, as a person types it."""
    say: Callable[[str], None]

    def submit(self) -> dict[str, str]:
        """Submit a job for each unit that is not done and has none, after the job that it goes on from.

        Returns:
            The jobs' numbers by the units' names.
        """
        jobs: dict[str, str] = {}
        for unit in units_left(self.sweep):
            job_id = live_job(self.sweep.unit_folder(unit))
            if job_id is None:
                after = (jobs[unit.after],) if unit.after in jobs else ()
                job_id = submit(self.job(unit, after))
                self.say(f"{shown(unit)}: job {job_id}")
            jobs[unit.name] = job_id
        return jobs

    def follow(self, jobs: dict[str, str]) -> Failed:
        """Wait until all jobs have ended.

        Raises:
            InterruptedRun: Ctrl-C; the jobs go on.
        """
        failed: Failed = {}
        told: dict[str, str] = {}
        left = dict(jobs)
        try:
            while left:
                for name in list(left):
                    state = self._look(name, left[name], told)
                    if state and state.is_over and self.sweep.unit(name).after not in left:
                        self._end(name, left.pop(name), state, failed)
                time.sleep(ASKS_EVERY_S if left else 0)
        except KeyboardInterrupt:
            raise InterruptedRun(
                f"the sweep is no longer followed; {len(left)} of its jobs are queued or running",
                where=self.sweep.folder,
                fix=f"`{self.typed}` follows it again, `scancel {shlex.join(left.values())}` cancels them",
            ) from None
        return failed

    def job(self, unit: Unit, after: tuple[str, ...] = ()) -> Job:
        """Return the job of a unit, to begin after others."""
        folder = self.sweep.unit_folder(unit)
        is_one = n_nodes(self.options) == "1" or unit.stage == "encoder"  # which one process trains
        hostfile = None if is_one else hosts_file(folder.resolve())
        return Job(
            name=f"llasa-{unit.name}",
            folder=folder,
            command=tuple(worker_command(self.sweep, unit, self.gpus, hostfile)),
            typed=self.typed,
            options=with_gpus(self.options, self.gpus),
            after=after,
            slots=self.gpus or 1,
        )

    def _look(self, name: str, job_id: str, told: dict[str, str]) -> JobState | None:
        try:
            state = state_of(job_id)
        except SlurmAwayError:
            return None
        if state.name != told.get(name) and state.name in {"RUNNING", "PENDING"}:
            self.say(f"{name}: job {job_id} {'runs' if state.name == 'RUNNING' else 'is queued'}")
        told[name] = state.name
        return state

    def _end(self, name: str, job_id: str, state: JobState, failed: Failed) -> None:
        unit = self.sweep.unit(name)
        try:
            result_of(self.job(unit), job_id, state)
        except LlasaError as error:
            failed[name] = blocked_by(unit, failed) or error
            self.say(f"{shown(unit)} failed: {failed[name].message}")
        else:
            self.say(f"{shown(unit)} is done")
