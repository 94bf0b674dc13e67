"""How a stage's ranks are started, and what a person is told when they end."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from llasa_core.launching.endings import Endings
from llasa_core.launching.place import RunPlace
from llasa_core.launching.ranks import heard, said
from llasa_core.train.launch import launcher_command
from llasa_core.train.run import Run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ranks are launched on Linux alone")

RUN = Run(Path("runs/tiny/finetune"))
LOG = RUN.folder / "launcher.log"


def test_a_rank_is_started_with_its_run_stage_and_source(tmp_path: Path):
    run, place = Run(tmp_path / "run"), RunPlace(tmp_path, 2, has_cuda=False, port=29500)

    command = launcher_command("finetune", run, tmp_path / "source", place)

    assert command[2:4] == ["-m", "deepspeed.launcher.launch"]
    assert command[-5:] == [
        *("--module", "llasa_core.train.rank"),
        *(str(tmp_path / "run"), "finetune", str(tmp_path / "source")),
    ]


def test_a_rank_that_failed_says_that_the_run_goes_on_from_its_last_state():
    endings = Endings(RUN)
    endings.rank_ended(1, 7)

    assert str(endings.cause(is_done=False)) == (
        "rank 1 ended with code 7\n"
        f"  where: {LOG}\n"
        "  fix:   the end of that file may say more; the same command goes on from the last state"
    )


def test_a_gpu_whose_memory_ran_out_says_what_can_be_lowered():
    class OutOfMemoryError(RuntimeError):  # torch.OutOfMemoryError, which only a GPU raises
        pass

    error = OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 139 GiB")

    assert str(heard(said(error, 3, RUN))) == (
        "rank 3 ran out of GPU memory: CUDA out of memory\n"
        f"  where: {LOG}\n"
        "  fix:   lower `micro_batch_tokens`, "
        "or set `activation_checkpointing: true`, a higher `zero_stage` or `offload`"
    )
