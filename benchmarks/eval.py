"""How many windows a second the closed set is scored, beside one `generate` call a window.

    python benchmarks/eval.py smol [--data data/hapt] [--windows 64] [--rounds 3] [--threads 2] > FILE
    python benchmarks/eval.py shapes --device cuda [--shapes 7b] > FILE

`smol` takes the shipped checkpoint and real windows, as `llasa eval` does: all classes of a window in one forward, many
windows a forward; and in turn with it, round by round, one call of 16 tokens for each window. The end of turn is not
heeded there, since an answer of two tokens would make the call look quicker than it is for an answer of 16. On a
machine that does other work as well, look at processor time and at ratios. Scores are checked against one forward for
each class.

`shapes` scores drawn windows with LMs of random weights in bfloat16: `smol`'s own shape and that of a 7 B Llama. It is
for a GPU; `--device cpu --shapes tiny` rehearses it.

Both write one JSON object to stdout.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from llasa_core.data.activities import ACTIVITIES
from llasa_core.data.grounded.activities import PLAIN_QUESTION, activity_answer
from llasa_core.data.qa import SENSOR, Turn
from llasa_core.data.store import WindowStore
from llasa_core.machine import cpu_name, host_memory, usable_cores
from llasa_core.model.any_checkpoint import load_any, read_any_config
from llasa_core.model.collate import Sample, collate, encode
from llasa_core.model.config import EncoderConfig, ModelConfig
from llasa_core.model.limu_bert import LimuBert
from llasa_core.model.multimodal import LlasaModel
from llasa_core.model.prompt import make_template
from llasa_core.model.score import POSITIONS_PER_FORWARD, positions_of, score_choices
from llasa_core.model.shipped import shipped
from llasa_core.model.text import TextCodec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).parents[1]
TURNS = (Turn("human", f"{SENSOR}\n{PLAIN_QUESTION}"),)
NEW_TOKENS = 16
SHAPES = {
    "tiny": {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4},
    "smol": {
        "hidden_size": 576,
        "intermediate_size": 1536,
        "num_hidden_layers": 30,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
    },
    "7b": {"hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32},
}
VOCABULARY = 49152
"""SmolLM2's, for all shapes: it is the tokenizer that we have."""


def main() -> None:
    """Measure and print."""
    arguments = parsed()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    result = {"what": arguments.what, **machine(arguments.device)}
    measured = smol(arguments) if arguments.what == "smol" else shapes(arguments)
    print(json.dumps({**result, **measured}, indent=2))


def parsed() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("smol", "shapes"))
    parser.add_argument("--data", type=Path, default=ROOT / "data" / "hapt")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, help="of torch, on a CPU")
    parser.add_argument("--windows", type=int, default=64, help="scored in a round")
    parser.add_argument("--generated", type=int, default=4, help="windows that are answered in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shapes", nargs="+", choices=tuple(SHAPES), default=["smol", "7b"])
    return parser.parse_args()


def smol(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure the shipped checkpoint on test people."""
    checkpoint = shipped("smol")
    assert checkpoint is not None  # noqa: S101 - it comes with the package
    answers = [activity_answer(name) for name in read_any_config(checkpoint).activities]
    store = WindowStore(arguments.data)
    rows = np.random.default_rng(7).choice(store.rows("test"), arguments.windows, replace=False)
    samples = [Sample(window[None], TURNS) for window in store.take(np.sort(rows))]
    model = load_any(checkpoint, device=arguments.device)
    return {"data": arguments.data.name, "seed": 7, **measure(model, samples, answers, arguments)}


def shapes(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure LMs of random weights on drawn windows."""
    answers = [activity_answer(name) for name in ACTIVITIES[:6]]
    windows = np.random.default_rng(7).normal(0, 3, (arguments.windows, 1, 120, 6)).astype(np.float32)
    samples = [Sample(window, TURNS) for window in windows]
    return {
        name: measure(random_model(name, arguments.device), samples, answers, arguments) for name in arguments.shapes
    }


def random_model(shape: str, device: str) -> LlasaModel:
    """Return an untrained model whose LM has a known shape; its tokenizer is the shipped checkpoint's."""
    checkpoint = shipped("smol")
    assert checkpoint is not None  # noqa: S101 - it comes with the package
    config = ModelConfig(**{**read_any_config(checkpoint).model.model_dump(), "dtype": "bfloat16"})
    codec = TextCodec.from_folder(checkpoint)
    sizes = LlamaConfig(**SHAPES[shape], vocab_size=VOCABULARY, max_position_embeddings=2048)
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(device):
        lm = LlamaForCausalLM(sizes)
    torch.set_default_dtype(default)
    model = LlasaModel(config, LimuBert(EncoderConfig()), lm, codec, make_template(config, codec))
    return model.to(device).eval().requires_grad_(requires_grad=False)


def measure(
    model: LlasaModel, samples: Sequence[Sample], answers: Sequence[str], arguments: argparse.Namespace
) -> dict[str, Any]:
    """Score and generate in turn, after a first time of each that does not count."""
    few = samples[: arguments.generated]

    def scoring() -> None:
        score_choices(model, samples, answers)

    def generating() -> None:
        for sample in few:
            generate(model, sample)

    score_choices(model, samples[:2], answers)
    generate(model, samples[0])
    rounds = []
    for _ in range(arguments.rounds):
        scored = per_second(scoring, len(samples), model.device)
        generated = per_second(generating, len(few), model.device)
        rounds.append({"score": scored, "generate": generated})
    return {
        "lm_parameters": sum(parameter.numel() for parameter in model.lm.parameters()),
        "computes_in": str(model.lm.dtype).removeprefix("torch."),
        "matmul_flops": matmul_flops(model),
        "classes": len(answers),
        "positions": {
            "with_a_branch_for_each_class": plain_positions(model, answers),
            "computed_for_each_window": positions_of(model, TURNS, answers, 120),
            "in_a_forward": POSITIONS_PER_FORWARD,
        },
        "windows_a_round": {"scored": len(samples), "generated": len(few)},
        "new_tokens": NEW_TOKENS,
        "score_windows_per_s": median(each["score"]["wall"] for each in rounds),
        "generate_windows_per_s": median(each["generate"]["wall"] for each in rounds),
        "score_windows_per_cpu_s": median(each["score"]["cpu"] for each in rounds),
        "generate_windows_per_cpu_s": median(each["generate"]["cpu"] for each in rounds),
        "times_generate": median(each["score"]["wall"] / each["generate"]["wall"] for each in rounds),
        "times_generate_in_cpu_s": median(each["score"]["cpu"] / each["generate"]["cpu"] for each in rounds),
        "largest_difference_from_single_forwards": difference(model, samples[:2], answers),
        "rounds": rounds,
    }


def plain_positions(model: LlasaModel, answers: Sequence[str]) -> int:
    """Return the positions of a prompt with a whole branch for each class, as scoring would take without a tree."""
    prompt = len(model.template.encode(TURNS).ids) - 1 + model.config.sensor_tokens
    return prompt + sum(len(model.template.encode_answer(answer)) for answer in answers)


@torch.inference_mode()
def generate(model: LlasaModel, sample: Sample) -> None:
    """Decode 16 tokens greedily with a cache, whatever they are."""
    cache = model.new_cache()
    encoded = encode(model.template, sample.turns, len(sample.windows))
    embeds = model.embed(collate([encoded], [sample.windows], model.config.sensor_tokens).to(model.device))
    for _ in range(NEW_TOKENS):
        hidden = model.decode(embeds, use_cache=True, past_key_values=cache)
        token = int(model.logits(hidden[0, -1]).argmax())
        embeds = model.lm.get_input_embeddings()(torch.tensor([[token]], device=model.device))


def difference(model: LlasaModel, samples: Sequence[Sample], answers: Sequence[str]) -> float:
    """Return the largest difference, in nats, between scores of the tree and those of a class alone."""
    together = score_choices(model, samples, answers)
    alone = np.concatenate([score_choices(model, samples, [answer]) for answer in answers], axis=1)
    return float(np.abs(together - alone).max())


def per_second(work: Callable[[], None], n: int, device: torch.device) -> dict[str, float]:
    """Return how many of `n` things are done in a second, and in a second of processor time."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return {"wall": n / (time.perf_counter() - wall), "cpu": n / (time.process_time() - cpu)}


def matmul_flops(model: LlasaModel) -> float:
    """Return the operations a second of a product as large as those of the LM's middle layers, the best of five."""
    hidden, wide = model.lm.config.hidden_size, model.lm.config.intermediate_size
    left = torch.randn(POSITIONS_PER_FORWARD, hidden, dtype=model.lm.dtype, device=model.device)
    right = torch.randn(hidden, wide, dtype=model.lm.dtype, device=model.device)

    def product() -> None:
        for _ in range(2):
            torch.matmul(left, right)

    product()
    best = max(per_second(product, 2, model.device)["wall"] for _ in range(5))
    return best * 2 * left.numel() * wide


def machine(device: str) -> dict[str, Any]:
    """Return what it was measured on, and with what."""
    memory = host_memory()
    on_gpu = device.startswith("cuda")
    return {
        "command": " ".join(["python", "benchmarks/eval.py", *(without_folders(word) for word in sys.argv[1:])]),
        "commit": git("rev-parse", "HEAD"),
        "is_changed": bool(git("status", "--porcelain", "--untracked-files=no")),
        "device": torch.cuda.get_device_name() if on_gpu else cpu_name(),
        "cores": usable_cores(),
        "threads": torch.get_num_threads(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "memory_gb": None if memory is None else memory.total / 1e9,
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "transformers")},
        },
    }


def without_folders(word: str) -> str:
    """Return an argument of the command line, an absolute path by its last name alone."""
    return Path(word).name if Path(word).is_absolute() else word


def git(*arguments: str) -> str:
    """Return what git says of this folder; nothing where there is no repository."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    return done.stdout.strip()


if __name__ == "__main__":
    main()
