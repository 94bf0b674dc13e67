"""How fast a chat is: `python benchmarks/chat.py --out benchmarks/results/chat-cpu.json`.

first token   of a warm model: a question with a window is read, and its first token chosen
decoding      tokens a second of one answer
ceiling       the same tokens if nothing were computed but the products with the weights, by torch's own kernel in the
              type that the weights are stored in
cold          `llasa chat --ask` from the start of its process to the end, and to the first byte of its answer: a
              question that the LM answers, and one that the timeline answers without it
grounding     from a question in a warm process to its composed answer, behind six other questions

Decoding and ceiling take turns in one process, so that a busy machine slows both; their processor time is told too.
Run it twice: the first run may still bring the base LM from the disk into memory.

On a GPU, `python benchmarks/chat.py --device cuda --out benchmarks/results/chat-cuda.json` measures the same, and
decoding once more with `--compile`; the seconds of its first token, which compiles, stand apart.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from llasa_core.model.llama import LlamaLm
    from llasa_core.model.multimodal import LlasaModel

EXAMPLE = Path(__file__).parents[1] / "examples" / "walking.csv"
QUESTION = "What is the person doing?"
OF_THE_TIMELINE = "How long was I walking?"
BEFORE = (
    "How often did I sit?",
    "and when?",
    "What happened at 0:10?",
    "and after that?",
    "How many steps?",
    "How even?",
)
PROMPT_POSITIONS = 64
"""Held before decoding is measured: about a question with its window."""


def main() -> None:
    """Measure, show, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="cold starts; 0 for none")
    parser.add_argument("--rounds", type=int, default=9, help="turns of decoding and ceiling")
    parser.add_argument("--tokens", type=int, default=24, help="decoded in each round")
    parser.add_argument("--sensor", type=Path, default=EXAMPLE)
    parser.add_argument("--model", type=Path, help="a checkpoint; by default the shipped one")
    parser.add_argument("--base-lm")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    options = parser.parse_args()
    questions = {"lm": QUESTION, "timeline": OF_THE_TIMELINE}  # before this process takes memory
    cold = {name: cold_starts(options, text) for name, text in questions.items()} if options.runs else None

    from measured_on import measured_on  # noqa: PLC0415 - torch

    from llasa_core.model.checkpoint import load_checkpoint  # noqa: PLC0415
    from llasa_core.model.shipped import shipped  # noqa: PLC0415

    model = load_checkpoint(options.model or shipped("smol"), base_lm=options.base_lm, device=options.device)
    result: dict[str, Any] = {**measured_on(), "cold": cold, "grounding_s": grounding_s(options)}
    result["as it comes"] = warm(model, options)
    if options.device == "cuda":
        from llasa_core.model.llama.static_token import StaticToken  # noqa: PLC0415 - torch

        model.lm.read_one_with(StaticToken(model.lm))
        compiling_s = timed(lambda: decode_s(model.lm, 2))[0]
        result["compiled"] = {"first_token_s": round(compiling_s, 1), **warm(model, options)}
    if model.lm.pack():
        result["packed"] = warm(model, options, result["as it comes"]["ceiling_tokens_per_s"])
    print(json.dumps(result, indent=2))
    if options.out is not None:
        options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def cold_starts(options: argparse.Namespace, question: str) -> dict[str, Any]:
    """Return the seconds of `llasa chat --ask` in fresh processes."""
    given = [("--sensor", options.sensor), ("--model", options.model), ("--base-lm", options.base_lm)]
    given.append(("--device", options.device))
    flags = [word for flag, value in given if value is not None for word in (flag, str(value))]
    command = [sys.executable, "-m", "llasa_cli.app", "chat", *flags, "--ask", question]
    first, whole = [], []
    for _ in range(options.runs):
        begun = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0) as process:
            found = process.stdout.read(1)
            first.append(time.perf_counter() - begun)
            process.stdout.read()
            said = process.stderr.read().decode()
        whole.append(time.perf_counter() - begun)
        if not found:
            sys.exit(said)
    return {
        "ask_s": round(statistics.median(whole), 2),
        "first_byte_s": round(statistics.median(first), 2),
        "runs_s": [round(one, 2) for one in whole],
    }


def grounding_s(options: argparse.Namespace) -> float:
    """Return the seconds in which a composed answer is found in a conversation."""
    from llasa_core.chat.ground import ground  # noqa: PLC0415
    from llasa_core.chat.known_recording import know  # noqa: PLC0415
    from llasa_core.data.qa import Turn  # noqa: PLC0415
    from llasa_core.data.read_options import ReadOptions  # noqa: PLC0415
    from llasa_core.model.shipped import shipped  # noqa: PLC0415
    from llasa_core.timeline.classifier import load_classifier  # noqa: PLC0415

    recording = know(options.sensor, ReadOptions(), load_classifier(options.model or shipped("smol")))
    turns = [Turn(speaker, text) for text in BEFORE for speaker in ("human", "gpt")]
    times = [timed(lambda: ground(OF_THE_TIMELINE, [recording], turns))[0] for _ in range(options.rounds)]
    return round(statistics.median(times), 4)


def warm(model: LlasaModel, options: argparse.Namespace, ceiling: float | None = None) -> dict[str, Any]:
    """Return figures of a model that is loaded; a ceiling where the weights cannot be read any more."""
    import numpy as np  # noqa: PLC0415
    import torch  # noqa: PLC0415

    window = np.random.default_rng(0).normal(0, 3, (1, 120, 6)).astype(np.float32)
    first = [first_token_s(model, window) for _ in range(options.rounds)]
    with torch.inference_mode():
        products = None if ceiling else products_of(model.lm)
        decoded, ceilings, decoded_cpu, ceilings_cpu = [], [], [], []
        for _ in range(options.rounds):
            if products is not None:
                wall, cpu = timed(lambda: [products() for _ in range(options.tokens // 4)])
                ceilings.append(options.tokens // 4 / wall)
                ceilings_cpu.append(cpu / (options.tokens // 4))
            wall, cpu = decode_s(model.lm, options.tokens)
            decoded.append(options.tokens / wall)
            decoded_cpu.append(cpu / options.tokens)
    best = ceiling or statistics.median(ceilings)
    figures = {
        "first_token_s": round(statistics.median(first), 3),
        "decoding_tokens_per_s": round(statistics.median(decoded), 1),
        "decoding_cpu_s_per_token": round(statistics.median(decoded_cpu), 4),
        "ceiling_tokens_per_s": round(best, 1),
        "ratio": round(statistics.median(decoded) / best, 2),
    }
    if ceilings_cpu:
        figures["ratio_of_cpu"] = round(statistics.median(ceilings_cpu) / statistics.median(decoded_cpu), 2)
    return figures


def first_token_s(model: LlasaModel, window: np.ndarray) -> float:
    """Return the seconds from a question to the first token of its answer."""
    from llasa_core.data.qa import SENSOR, Turn  # noqa: PLC0415
    from llasa_core.model.generate import generate_tokens  # noqa: PLC0415

    begun = time.perf_counter()
    next(generate_tokens(model, window, (Turn("human", f"{SENSOR}\n{QUESTION}"),)))
    return time.perf_counter() - begun


def products_of(lm: LlamaLm) -> Callable[[], object]:
    """Return what multiplies one vector with every weight of an LM, in the type that it is stored in."""
    import torch  # noqa: PLC0415

    from llasa_core.model.llama.matrix import Matrix  # noqa: PLC0415

    weights = [module.weight for module in lm.modules() if isinstance(module, Matrix)]
    inputs = [torch.randn(1, weight.shape[1]).to(weight) for weight in weights]
    pairs = list(zip(inputs, weights, strict=True))
    return lambda: [torch.nn.functional.linear(vector, weight) for vector, weight in pairs]


def decode_s(lm: LlamaLm, n_tokens: int) -> tuple[float, float]:
    """Return seconds and processor seconds of so many tokens behind a prompt, each the likeliest."""
    import torch  # noqa: PLC0415

    cache = lm.new_cache()
    hidden = lm(
        inputs_embeds=lm.embed(torch.arange(PROMPT_POSITIONS, device=lm.device)[None]), past_key_values=cache
    ).last_hidden_state

    def decode() -> None:
        last = hidden[0, -1]
        for _ in range(n_tokens):
            token = lm.head(last).argmax()
            last = lm(inputs_embeds=lm.embed(token[None, None]), past_key_values=cache).last_hidden_state[0, -1]

    return timed(decode)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds and the processor seconds that some work takes."""
    import torch  # noqa: PLC0415 - cold starts come first

    begun, begun_cpu = time.perf_counter(), time.process_time()
    work()
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return time.perf_counter() - begun, time.process_time() - begun_cpu


if __name__ == "__main__":
    main()
