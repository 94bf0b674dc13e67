"""Every way to lay a run out over devices computes the same numbers, and resumes to the same bits."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file

if TYPE_CHECKING:
    from llasa_core.recipe_file import LoadedRecipe

PLACEMENTS = (
    "zero 0",
    "zero 1",
    "zero 2",
    "zero 3",
    "zero 2, optimizer offloaded",
    "zero 3, all offloaded",
    "activations computed again",
)
CASES = [*(f"{name} 300" for name in PLACEMENTS), "zero 0 4096", "zero 2 4096"]
"""A placement and a budget: under 300 tokens a rank adds up several packs in a step, under 4096 it has one."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="deepspeed is a Linux-only requirement")


@pytest.fixture(scope="module")
def plain(tiny: LoadedRecipe, pretrained: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    sys.path.insert(0, str(Path(__file__).parent))
    try:
        from steps_of_a_rank import numbers_of  # noqa: PLC0415
    finally:
        sys.path.pop(0)
    source = pretrained / "tiny" / "pretrain" / "checkpoint"
    return numbers_of(tiny.file, source, None, 4096, tmp_path_factory.mktemp("one") / "state")


def largest_difference(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor], kind: str) -> float:
    names = [name for name in expected if name.startswith(kind)]
    assert names
    return max(float((found[name] - expected[name]).abs().max()) for name in names)


@pytest.mark.parametrize("case", CASES)
def test_gradients_of_two_ranks_are_those_of_one_process(two_ranks: Path, plain: dict[str, torch.Tensor], case: str):
    found = load_file(two_ranks / "placements" / f"{case}.safetensors")

    assert largest_difference(found, plain, "gradient/") < 1e-6
    assert largest_difference(found, plain, "norm/") < 1e-5
    assert largest_difference(found, plain, "weight/") < 1e-4  # AdamW makes much of a small difference


@pytest.mark.parametrize("case", CASES)
def test_a_resumed_run_goes_on_to_the_same_bits(two_ranks: Path, case: str):
    found = load_file(two_ranks / "placements" / f"{case}.safetensors")

    for name in [name for name in found if name.startswith("third/")]:
        assert torch.equal(found[name], found["resumed/" + name.removeprefix("third/")]), name


def test_one_process_resumes_to_the_same_bits(plain: dict[str, torch.Tensor]):
    for name in [name for name in plain if name.startswith("third/")]:
        assert torch.equal(plain[name], plain["resumed/" + name.removeprefix("third/")]), name


def test_a_state_is_the_same_whoever_wrote_it(two_ranks: Path, plain: dict[str, torch.Tensor]):
    folders = [two_ranks / "placements" / f"state {case}" for case in CASES]
    states = [load_file(folder / "state-00000.safetensors") for folder in folders]

    trained = [name for name in plain if name.startswith("weight/")]
    for state in states:
        assert state.keys() == states[0].keys()
        assert largest_difference(state, {name: plain[name] for name in trained}, "weight/") < 1e-4
        assert largest_difference(state, states[0], "exp_avg/") < 1e-6
