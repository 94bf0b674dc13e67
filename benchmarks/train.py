"""How fast training is: beside `transformers.Trainer` with padding, in each of its layouts, and against the machine.

    python benchmarks/train.py smol --out FILE [--threads 2] [--rounds 5] [--steps 5]
    python benchmarks/train.py shapes --out FILE [--device cuda] [--minutes 8] [--tokenizer FOLDER] [--data FOLDER]

`smol` finetunes recipes/smol.yaml on the CPU, with the recipe's own kinds of questions and with all of them, in turn
with the Trainer (`padded_trainer.py`): the same samples in the same steps, round by round. Then each layout, in turn
too. On a machine that does other work as well, look at processor time and at ratios.

`shapes` trains LMs of 1, 7, 8 and 13 B parameters with random weights on one GPU, on real samples with the settings of
recipes/7b.yaml: 8 B with LoRA in every layout, and beside the Trainer, then all shapes and whatever of them can be
trained, each in the layout that was quickest. When the minutes are over, what is left is listed as left out. It needs
torch, transformers, peft, accelerate, pydantic and h5py, no deepspeed, and a folder with a tokenizer.json and its
tokenizer_config.json. `--device cpu --shapes tiny` rehearses it.

Both need data/hapt (`llasa prepare-data RawData/ --out data/hapt`) and write one JSON file.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from train_shapes import Shapes
from train_sides import ROOT, Ceiling, Result, Sides, beside_trainer, medians, recipe_of, show, with_mfu
from train_stage import SHAPES

from llasa_core.machine import cpu_name, usable_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from train_sides import Figures


PACKAGES = ("torch", "transformers", "peft", "accelerate", "numpy")


def main() -> None:
    """Measure and write."""
    arguments = parsed()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    device = torch.device(arguments.device)
    begun = time.perf_counter()
    result: Result = {"what": arguments.what, **machine(device)}
    ceiling = Ceiling(device)
    result["matmul_ceiling_flops"] = ceiling.flops

    def keep(part: Result) -> None:
        result.update(part, seconds=time.perf_counter() - begun)
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")

    if arguments.what == "smol":
        smol(arguments, device, ceiling, keep)
    else:
        with tempfile.TemporaryDirectory() as folder:
            Shapes(arguments, device, ceiling, Path(folder), begun + 60 * arguments.minutes).measure(keep)


def parsed() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("smol", "shapes"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, help="of torch, on a CPU")
    parser.add_argument("--data", type=Path, default=ROOT / "data" / "hapt")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--steps", type=int, default=5, help="of each side in a round of `smol`; the first is not counted"
    )
    parser.add_argument("--layouts", type=int, default=2, help="rounds over the layouts of `smol`")
    parser.add_argument("--shapes", nargs="+", choices=tuple(SHAPES), default=["8b", "1b", "7b", "13b"])
    parser.add_argument("--budget", type=int, default=16384, help="middle one of the packs of `shapes`, in tokens")
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--tokenizer", type=Path, help="folder; smollm2-135m's when left out")
    return parser.parse_args()


def machine(device: torch.device) -> Result:
    """Return what the figures depend on."""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(ROOT), *words],  # noqa: S607 - whichever git is there
            check=False,
            capture_output=True,
            text=True,
        ).stdout.strip()

    return {
        "machine": torch.cuda.get_device_name(device) if device.type == "cuda" else cpu_name(),
        "cores": usable_cores(),
        "threads": torch.get_num_threads(),
        "commit": git("rev-parse", "HEAD"),
        "is_changed": bool(git("status", "--porcelain", "--untracked-files=no")),
        "command": " ".join([Path(sys.executable).name, *sys.argv]),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
    }


def smol(arguments: argparse.Namespace, device: torch.device, ceiling: Ceiling, keep: Callable[[Result], None]) -> None:
    """Measure recipes/smol.yaml beside the Trainer, and in each layout."""
    data = f"data.folder={arguments.data.resolve()}"
    for name, settings in (("own kinds", ()), ("all kinds", ("finetune.kinds=null",))):
        recipe = recipe_of("smol", data, *settings)
        compared = beside_trainer(Sides(recipe, device), arguments.rounds, arguments.steps, ceiling)
        keep({"recipe": "recipes/smol.yaml", "seed": recipe.seed, name: compared})
    if arguments.layouts:
        sides = Sides(recipe_of("smol", data), device)
        keep({"layouts, own kinds": layouts_in_turn(sides, smol_layouts(data), arguments, ceiling)})


Layout = tuple[list[str], bool]
"""Settings, and whether activations are computed again."""


def smol_layouts(data: str) -> dict[str, Layout]:
    """Return what is tried on a CPU."""
    found: dict[str, Layout] = {"as it comes": ([], False)}
    found |= {f"attention {name}": ([f"finetune.attention={name}"], False) for name in ("blocks", "sdpa", "eager")}
    found |= {f"packs of {budget}": ([f"finetune.micro_batch_tokens={budget}"], False) for budget in (256, 512, 1024)}
    found |= {"activations computed again": ([], True), "compiled": (["finetune.compile=true"], False)}
    return {name: ([data, *settings], again) for name, (settings, again) in found.items()}


def layouts_in_turn(
    sides: Sides, layouts: Mapping[str, Layout], arguments: argparse.Namespace, ceiling: Ceiling
) -> Result:
    """Measure layouts in turn on the same steps, round by round."""
    kept: dict[str, list[Figures]] = {name: [] for name in layouts}
    memory: dict[str, int] = {}
    for _ in range(arguments.layouts):
        these = sides.next_steps(arguments.steps)
        for name, (settings, again) in layouts.items():
            sides.lay(recipe_of("smol", *settings), again=again)
            kept[name].append(sides.ours(these))
            memory.setdefault(name, sides.predicted_bytes(these))
            show(name, kept[name][-1])
    return {
        name: {**with_mfu(medians(rounds), ceiling), "predicted_bytes": memory[name]} for name, rounds in kept.items()
    }


if __name__ == "__main__":
    main()
