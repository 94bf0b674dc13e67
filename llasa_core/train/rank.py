"""One rank of a launched stage: `python -m llasa_core.train.rank RUN_FOLDER STAGE SOURCE`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, cast

from llasa_core.launching import ranks
from llasa_core.train.run import Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.recipe import StageName


def train(run: Run, arguments: Sequence[str], launch: ranks.Launch) -> None:
    """Meet the other ranks, and train."""
    from llasa_core.launching.meeting import meet  # noqa: PLC0415 - torch
    from llasa_core.train.worker import work  # noqa: PLC0415 - torch and transformers

    stage, source = arguments
    store = meet(launch)
    work(cast("StageName", stage), run, Path(source), lambda progress: ranks.tell(asdict(progress)), ranks.say)
    del store  # rank 0's serves all ranks as long as it is held


if __name__ == "__main__":
    ranks.main(train, Run)
