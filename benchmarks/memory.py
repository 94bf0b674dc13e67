# ruff: noqa: PLC0415 - only the processes of the cases need torch
"""Predicted peak memory against what training really holds, on the CPU.

Each case trains a few steps in a process of its own and reads two figures: bytes in tensors, counted one by one, and
what the process has grown by, as the kernel counts it (VmHWM). The prediction has seen neither weights nor a step.

Run: python benchmarks/memory.py [--quick] [--out FILE]
"""

from __future__ import annotations

import argparse
import ctypes
import json
import platform
import subprocess
import sys
import tempfile
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llasa_core.recipe import Recipe
    from llasa_core.train.placement import Placement
    from llasa_core.train.rehearsal import PackShape

ROOT = Path(__file__).parents[1]
STEPS = 3
KINDS = {
    "frozen": ["finetune.lm=frozen"],
    "LoRA": ["finetune.lm=adapter"],
    "whole": ["finetune.lm=whole"],
}
BUDGETS = {"tiny-random": (512, 4096), "smollm2-135m": (512, 2048)}


def cases(*, quick: bool) -> list[tuple[str, str, list[str]]]:
    """Return base LM, name and settings of every case."""
    found = []
    for lm, budgets in BUDGETS.items():
        for kind, settings in KINDS.items():
            for budget in budgets:
                for again in (False, True):
                    for dtype in ("float32", "bfloat16"):
                        if quick and (lm != "tiny-random" or budget != budgets[0]):
                            continue
                        name = f"{kind}, {budget} tokens{', checkpointing' if again else ''}, {dtype}"
                        sizes = [f"model.base_lm={lm}", f"model.dtype={dtype}", f"finetune.micro_batch_tokens={budget}"]
                        again_setting = f"finetune.activation_checkpointing={str(again).lower()}"
                        found.append((lm, name, [*settings, *sizes, again_setting, "finetune.batch_size=64"]))
    return found


def memory(field: str) -> int:
    """Return a line of /proc/self/status in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


def one_case(settings: list[str]) -> dict[str, float]:
    """Train in this process and compare."""
    import peft  # noqa: F401 - what is imported before belongs to no case
    import torch
    import transformers.models.llama.modeling_llama  # noqa: F401

    from llasa_core.recipe_file import load_recipe
    from llasa_core.train.memory import Ranks, memory_need
    from llasa_core.train.placement import Placement
    from llasa_core.train.rehearsal import PackShape, rehearse

    warm = torch.nn.Linear(64, 64)  # threads and libraries start with the first product
    warm(torch.zeros(64, 64)).sum().backward()
    recipe = load_recipe(ROOT / "recipes" / "tiny.yaml", settings).resolved
    placement = Placement(activation_checkpointing=bool(recipe.finetune.activation_checkpointing))
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    before = memory("VmRSS")
    tensors, shapes = trained(recipe, placement)
    process = memory("VmHWM") - before
    shape = PackShape.covering(chain.from_iterable(shapes))
    rehearsal = rehearse(recipe, "finetune", shape, activation_checkpointing=placement.activation_checkpointing)
    accumulates = max(map(len, shapes)) > 1
    said = memory_need(rehearsal, placement, Ranks(1, has_cuda=False), accumulates=accumulates)
    return {"predicted": said.tensors, "tensors": tensors, "process": process, "pack_tokens": shape.n_tokens}


def trained(recipe: Recipe, placement: Placement) -> tuple[int, list[list[PackShape]]]:
    """Train a few steps; return the most bytes that were in tensors, and the shapes of each step's packs."""
    import torch

    from llasa_core.train.engine import TorchEngine
    from llasa_core.train.language_stage import FinetuneStage
    from llasa_core.train.rehearsal import PackShape
    from llasa_core.train.tensor_count import TensorCount

    with tempfile.TemporaryDirectory() as folder:
        begin(recipe, Path(folder))
        stage = FinetuneStage(recipe, Path(folder), torch.device("cpu"), placement, print)
    engine = TorchEngine(stage.model, stage.optimizer)
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # the peak of loading is forgotten
    count = TensorCount()
    count.add((*stage.model.parameters(), *stage.model.buffers()), "weights")
    shapes = []
    with count:
        for step in range(STEPS):
            packs = stage.parts(step, 0, 1)
            shapes.append([PackShape.of(pack) for pack in packs])
            for i, pack in enumerate(packs):
                engine.backward(stage.loss(pack, engine).total, is_last=i == len(packs) - 1)
            engine.step(1.0)
            del packs, pack
    return count.peak, shapes


def begin(recipe: Recipe, folder: Path) -> None:
    """Write what a finetune stage starts from, untrained."""
    import torch

    from llasa_core.model.limu_bert import LimuBert
    from llasa_core.model.projector import make_projector
    from llasa_core.model.tensors import save_module
    from llasa_core.train.meta_lm import meta_lm

    with torch.device("meta"):
        width = meta_lm(recipe.model.base_lm).config.hidden_size
    save_module(LimuBert(recipe.encoder), folder / "encoder.safetensors")
    projector = make_projector(recipe.model.projector, recipe.model.projector_width_in(recipe.encoder), width)
    save_module(projector, folder / "projector.safetensors")


def main() -> None:
    """Run every case and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="the tiny LM at the smaller budget only")
    parser.add_argument("--out", type=Path, help="write the results as JSON")
    parser.add_argument("--case", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case:
        print(json.dumps(one_case(arguments.case)))
        return
    rows: list[dict[str, Any]] = []
    print(f"{'':<62}{'predicted':>10}{'tensors':>10}{'process':>10}  MB")
    for lm, name, settings in cases(quick=arguments.quick):
        command = [sys.executable, __file__, "--case", *settings]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
        rows.append({"lm": lm, "case": name, **found})
        said, tensors, process = (found[key] / 1e6 for key in ("predicted", "tensors", "process"))
        off = f"{said / tensors - 1:+7.1%}{said / process - 1:+7.1%}"
        print(f"{lm:<14}{name:<48}{said:>10.1f}{tensors:>10.1f}{process:>10.1f}  {off}", flush=True)
    if arguments.out:
        machine = {"machine": platform.processor() or platform.machine(), "command": " ".join(sys.argv), "cases": rows}
        arguments.out.write_text(json.dumps(machine, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
