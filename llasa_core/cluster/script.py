"""A command as an sbatch script that a person can read, and submit by hand."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from llasa_core.cluster.options import Options, n_nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT, HOSTS, REACH = "slurm.sh", "slurm-hosts", "slurm-reach"
START_MARK = "== job "
"""Begins the line that the script says each time it starts."""
MINUTES_TO_SAVE = 2
"""Between Slurm's word to the script and the time limit."""


@dataclass(frozen=True)
class Job:
    """A command, and what Slurm is to give it."""

    name: str
    """As the queue shows it."""
    folder: Path
    """Where script, log and result go; one job at a time works on it."""
    command: tuple[str, ...]
    """What runs, on the first node. Its stdout is the result, one JSON object; its stderr is the log."""
    typed: str
    """What a person types for it."""
    options: Options = field(default_factory=dict)
    """sbatch's, by their long names without dashes."""
    after: tuple[str, ...] = ()
    """Jobs that must have succeeded before."""
    slots: int = 1
    """Processes on each of several nodes, where they have no GPUs to count."""

    @property
    def script(self) -> Path:
        """Where the script is."""
        return self.folder / SCRIPT

    def log(self, job_id: str) -> Path:
        """Return where what the job says is."""
        return self.folder / f"slurm-{job_id}.log"

    def result(self, job_id: str) -> Path:
        """Return where the command's result is."""
        return self.folder / f"slurm-{job_id}.json"


def hosts_file(folder: Path) -> Path:
    """Return where a job of several nodes lists them, as `--hostfile` reads them."""
    return folder / HOSTS


def sbatch_script(job: Job) -> str:
    """Return the whole script."""
    return "\n".join([*_head(job), "", *_body(job)]) + "\n"


def _head(job: Job) -> Iterator[str]:
    folder = str(job.folder.resolve())
    options = {
        "job-name": job.name,
        "chdir": str(Path.cwd()),
        "output": folder.replace("%", "%%") + "/slurm-%j.log",
        "open-mode": "append",
        "requeue": None,
        "signal": f"B:TERM@{60 * MINUTES_TO_SAVE}",
        "nodes": "1",
        "ntasks-per-node": "1",
    }
    reasons = {
        "open-mode": "a job that comes back from the queue goes on in the same log",
        "signal": f"{MINUTES_TO_SAVE} minutes before the time limit this script alone gets SIGTERM",
        "ntasks-per-node": "one process a node, which starts the others",
    }
    yield "#!/bin/bash"
    yield f"# {job.typed}"
    yield f"# as a Slurm job; by hand: sbatch {shlex.quote(str(job.script))}"
    for name, value in {**options, **job.options}.items():
        reason = f"  # {reasons[name]}" if name in reasons and name not in job.options else ""
        yield f"#SBATCH --{name}" + ("" if value is None else f"={_quoted(value)}") + reason


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if set(value) & set(" \t#'\"\\") else value


def _body(job: Job) -> Iterator[str]:
    folder = job.folder.resolve()
    yield f'echo "{START_MARK}$SLURM_JOB_ID on $SLURM_JOB_NODELIST, $(date +%FT%T)" >&2'
    yield ""
    if n_nodes(job.options) != "1":
        yield f"hosts={shlex.quote(str(hosts_file(folder)))}"
        yield f"export LLASA_SSH={shlex.quote(str(folder / REACH))}"
        yield from _MANY.replace("SLOTS", str(job.slots)).splitlines()
    yield f"result={shlex.quote(str(folder))}/slurm-$SLURM_JOB_ID.json"
    yield f'{shlex.join(job.command)} > "$result" &'
    yield from _WAITING.splitlines()


_MANY = """\

# The nodes, a line each, with the GPUs of each (processes where there are none): "node1 slots=8".
scontrol show hostnames "$SLURM_JOB_NODELIST" | sed "s/$/ slots=${SLURM_GPUS_ON_NODE:-SLOTS}/" > "$hosts"
# No ssh is needed to reach them: a step of this job does it, called like ssh with options, a node and a command.
cat > "$LLASA_SSH" <<'END'
#!/bin/bash
[ "$1" != -G ] && exec srun --overlap --quiet --nodes=1 --ntasks=1 --nodelist="${@: -2:1}" "${@: -1}"
END
chmod +x "$LLASA_SSH"
"""

_WAITING = """\
running=$!

# Near the time limit only this script hears of it: it tells the command, which saves its state and ends with 130, and
# the job queues again to go on from there. When Slurm cancels the job or puts it back, it tells every process itself.
was_told=no
tell() {
    if [ "$(squeue --noheader --jobs "$SLURM_JOB_ID" --format %T)" = RUNNING ]; then
        echo "the time limit is near: saving a state, then queueing again" >&2
        was_told=yes
        kill -TERM "$running"
    fi
}
trap tell TERM

while kill -0 "$running" 2> /dev/null; do wait "$running"; done  # a signal ends a `wait` early
wait "$running"
code=$?
if [ "$code" = 130 ] && [ "$was_told" = yes ]; then
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code\""""
