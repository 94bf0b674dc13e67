"""What goes wrong on one rank of two is seen by both; and any number of ranks goes on from any state."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import load_file

from llasa_core.model.checkpoint import load_checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ZERO_STAGES = (0, 2, 3)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="deepspeed is a Linux-only requirement")


@pytest.fixture(scope="session")
def on_two_ranks(two_ranks: Path) -> Path:
    """What they saw."""
    return two_ranks / "bad steps"


def seen_by(rank: int, folder: Path, zero_stage: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"rank {rank}.json").read_text())[f"zero {zero_stage}"]
    return found


@pytest.mark.parametrize("zero_stage", ZERO_STAGES)
def test_a_gradient_that_is_no_number_on_one_rank_stops_both_before_they_save(
    on_two_ranks: Path, part: Callable[..., Any], zero_stage: int
):
    first, second = (seen_by(rank, on_two_ranks, zero_stage)["error"] for rank in (0, 1))

    names = ", ".join(part("plan").stage.names_of(2))
    run = on_two_ranks / f"zero {zero_stage}"
    assert first == second
    assert first in {  # ZeRO says inf of whatever is no number
        f"the gradient of step 3 is {said}; in the step were {names}\n"
        f"  where: {run / 'bad-step.json'}\n"
        "  fix:   lower the learning rate, or look at these samples; the last state before this step is kept"
        for said in ("inf", "nan")
    }
    assert sorted(path.name for path in (run / "state").iterdir()) == ["step-000001", "step-000002"]


@pytest.mark.parametrize("zero_stage", ZERO_STAGES)
def test_an_overflow_on_one_rank_is_skipped_by_both(on_two_ranks: Path, zero_stage: int):
    for rank in (0, 1):
        seen = seen_by(rank, on_two_ranks, zero_stage)
        del seen["error"], seen["share"]
        assert seen == {"scale": 2.0**15, "updates": 2, "overflow moved": False, "next moved": True}


@pytest.mark.parametrize("zero_stage", ZERO_STAGES)
def test_two_ranks_go_on_from_the_state_of_one_process(on_two_ranks: Path, one_process: Any, zero_stage: int):
    third = load_file(on_two_ranks / f"third {zero_stage}.safetensors")

    assert third.keys() == one_process.third.keys()
    for name, weight in third.items():
        torch.testing.assert_close(
            weight, one_process.third[name], atol=1e-4, rtol=0
        )  # AdamW makes much of a small difference


@pytest.mark.parametrize("zero_stage", ZERO_STAGES)
def test_one_process_goes_on_from_the_state_of_two_ranks(
    on_two_ranks: Path, one_process: Any, part_in: Callable[..., Any], zero_stage: int
):
    resumed = part_in(on_two_ranks, f"zero {zero_stage}")
    assert resumed.first_step == 2
    third: dict[str, torch.Tensor] = {}

    resumed.train(lambda progress: third.update(resumed.weights) if progress.step == 3 else None)

    for name, weight in third.items():
        torch.testing.assert_close(weight, one_process.third[name], atol=1e-4, rtol=0)


def test_zero_3_holds_a_share_of_the_lm_from_the_start(on_two_ranks: Path):
    shares = [[seen_by(rank, on_two_ranks, zero_stage)["share"] for rank in (0, 1)] for zero_stage in ZERO_STAGES]

    assert shares[:2] == [[1.0, 1.0], [1.0, 1.0]]
    # half of the LM's own weights, and the fresh adapter, which is shared out later: 11,008 of 132,480
    assert shares[2] == pytest.approx([0.5415, 0.5415], abs=1e-3)


def test_shared_out_weights_are_gathered_for_the_checkpoint(on_two_ranks: Path):
    whole, gathered = (
        load_file(on_two_ranks / f"checkpoint {zero_stage}" / "adapter" / "adapter_model.safetensors")
        for zero_stage in (0, 3)
    )

    assert whole.keys() == gathered.keys()
    for name, weight in whole.items():
        torch.testing.assert_close(gathered[name], weight, atol=1e-4, rtol=0)
    assert load_checkpoint(on_two_ranks / "checkpoint 3", device="cpu")
