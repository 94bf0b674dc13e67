"""All that tests ask of two ranks, in one launch: starting a rank costs more than what it computes here.

Its arguments: RECIPE PRETRAINED STATE, the last of one process that stopped after two steps.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from llasa_core.launching import ranks
from llasa_core.launching.folder import RankFolder

if TYPE_CHECKING:
    from collections.abc import Sequence


def compute(folder: RankFolder, arguments: Sequence[str], launch: ranks.Launch) -> None:
    """Write the numbers of every placement, what bad steps did, and a whole run."""
    import bad_steps_of_a_rank  # noqa: PLC0415 - torch
    import steps_of_a_rank  # noqa: PLC0415 - torch

    from llasa_core.launching.meeting import meet  # noqa: PLC0415 - torch
    from llasa_core.train.run import Run  # noqa: PLC0415
    from llasa_core.train.worker import work  # noqa: PLC0415 - torch

    recipe, pretrained, state = map(Path, arguments)
    store = meet(launch)
    steps_of_a_rank.write_numbers(recipe, pretrained, folder.folder / "placements")
    bad_steps_of_a_rank.write_what_is_seen(recipe, pretrained, state, folder.folder / "bad steps")
    work("finetune", Run(folder.folder / "run"), pretrained, lambda _progress: None)
    del store  # rank 0's serves both as long as it is held


if __name__ == "__main__":
    ranks.main(compute, RankFolder)
