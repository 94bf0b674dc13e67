"""Every way to lay a run out over devices computes the same numbers, and resumes to the same bits."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file

from llasa_core.launching.place import free_port

if TYPE_CHECKING:
    from llasa_core.recipe_file import LoadedRecipe

SCRIPT = Path(__file__).with_name("steps_of_a_rank.py")
BUDGETS = (4096, 300)
PATIENCE_S = 600
"""On a busy machine; it takes about 20 s on two idle cores."""
PLACEMENTS = (
    "zero 0",
    "zero 1",
    "zero 2",
    "zero 3",
    "zero 2, optimizer offloaded",
    "zero 3, all offloaded",
    "activations computed again",
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="deepspeed is a Linux-only requirement")


def numbers_on(n_ranks: int, tiny: LoadedRecipe, pretrained: Path, folder: Path) -> Path:
    command = [
        *(sys.executable, "-m", "deepspeed.launcher.runner"),
        *("--num_gpus", str(n_ranks), "--master_port", str(free_port()), str(SCRIPT)),
        *(str(tiny.file), str(pretrained / "tiny" / "pretrain" / "checkpoint"), str(folder)),
    ]
    path = str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]
    done = subprocess.run(command, check=False, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def on_two_ranks(tiny: LoadedRecipe, pretrained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The numbers of two ranks; of several test processes the first computes them, and the others wait."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "placements"
    try:
        folder.mkdir()
    except FileExistsError:
        deadline = time.monotonic() + PATIENCE_S
        while not (folder / "done").exists() and time.monotonic() < deadline:
            time.sleep(0.2)
        return folder
    try:
        return numbers_on(2, tiny, pretrained, folder)
    finally:
        (folder / "done").touch()


@pytest.fixture(scope="module")
def plain(tiny: LoadedRecipe, pretrained: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    sys.path.insert(0, str(SCRIPT.parent))
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


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_gradients_of_two_ranks_are_those_of_one_process(
    on_two_ranks: Path, plain: dict[str, torch.Tensor], placement: str, budget: int
):
    found = load_file(on_two_ranks / f"{placement} {budget}.safetensors")

    assert largest_difference(found, plain, "gradient/") < 1e-6
    assert largest_difference(found, plain, "norm/") < 1e-5
    assert largest_difference(found, plain, "weight/") < 1e-4  # AdamW makes much of a small difference


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_a_resumed_run_goes_on_to_the_same_bits(on_two_ranks: Path, placement: str, budget: int):
    found = load_file(on_two_ranks / f"{placement} {budget}.safetensors")

    for name in [name for name in found if name.startswith("third/")]:
        assert torch.equal(found[name], found["resumed/" + name.removeprefix("third/")]), name


def test_one_process_resumes_to_the_same_bits(plain: dict[str, torch.Tensor]):
    for name in [name for name in plain if name.startswith("third/")]:
        assert torch.equal(plain[name], plain["resumed/" + name.removeprefix("third/")]), name


def test_a_state_is_the_same_whoever_wrote_it(on_two_ranks: Path, plain: dict[str, torch.Tensor]):
    states = [load_file(on_two_ranks / f"state {name} 4096" / "state-00000.safetensors") for name in PLACEMENTS]

    trained = [name for name in plain if name.startswith("weight/")]
    for state in states:
        assert state.keys() == states[0].keys()
        assert largest_difference(state, {name: plain[name] for name in trained}, "weight/") < 1e-4
        assert largest_difference(state, states[0], "exp_avg/") < 1e-6
