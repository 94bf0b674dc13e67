"""One rank of an evaluation: `python -m llasa_core.evaluate.rank FOLDER`; it keeps its share of the work."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from llasa_core.errors import InterruptedRun
from llasa_core.evaluate.folder import EvalFolder
from llasa_core.launching import ranks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.job import Job


def score(folder: EvalFolder, _arguments: Sequence[str], _launch: ranks.Launch) -> None:
    """Do this rank's chunks of every job; the ranks need not meet."""
    import torch  # noqa: PLC0415 - a rank is bound to its parents before it imports this

    from llasa_core.evaluate.foundation import foundation_of  # noqa: PLC0415
    from llasa_core.evaluate.job import Kept, Share  # noqa: PLC0415
    from llasa_core.evaluate.suites import jobs_of, suites_of  # noqa: PLC0415
    from llasa_core.evaluate.target import Target  # noqa: PLC0415
    from llasa_core.evaluate.working import work_through  # noqa: PLC0415

    def tell(job: Job, n_more: int) -> None:
        ranks.tell({"job": job.name, "done": n_more})
        if folder.stop_trigger.exists():
            raise InterruptedRun(f"stopped while {job.words or job.name}", fix="the same command goes on from there")

    target = Target.read(folder)
    exam = target.exam()
    kept = Kept(folder.folder, foundation_of(exam, target.checkpoint, target.encoder))
    device = f"cuda:{os.environ['LOCAL_RANK']}" if torch.cuda.is_available() else "cpu"
    share = Share(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]))
    work_through(jobs_of(suites_of(exam)), kept, target.models(device, ranks.say), share, tell)


if __name__ == "__main__":
    ranks.main(score, EvalFolder)
