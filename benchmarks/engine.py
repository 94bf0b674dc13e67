"""How many tokens a second many askers get together, beside one alone: `python benchmarks/engine.py`.

Every asker puts one question after the other about a window of its own and takes answers of a fixed length, since
answers that end differ in length. One alone and all together take turns.
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from measured_on import measured_on

from llasa_core.data.qa import SENSOR, Turn
from llasa_core.engine import Ask, Engine, EngineLimits
from llasa_core.model.checkpoint import load_checkpoint
from llasa_core.model.shipped import shipped

if TYPE_CHECKING:
    from llasa_core.model.multimodal import LlasaModel

QUESTION = "Describe how the person moves."


@dataclass
class Measured:
    """What askers saw."""

    tokens: int = 0
    first_s: list[float] = field(default_factory=list)
    whole_s: list[float] = field(default_factory=list)


def main() -> None:
    """Measure, show, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--askers", type=int, default=32)
    parser.add_argument("--tokens", type=int, default=64, help="of each answer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    options = parser.parse_args()
    model = load_checkpoint(shipped("smol"), device="cpu")
    object.__setattr__(model.template, "end_of_turn", -1)  # answers go on to their full length
    alone, together = [], []
    with Engine(model, EngineLimits(most_together=options.askers)) as engine:
        for _ in range(options.rounds):
            alone.append(measure(engine, model, 1, options.tokens))
            together.append(measure(engine, model, options.askers, options.tokens))
    figures: dict[str, Any] = {**measured_on(), "askers": options.askers, "tokens_an_answer": options.tokens}
    figures |= {"alone": summary(alone), "together": summary(together)}
    rates = [figures[which]["tokens_per_s"] for which in ("together", "alone")]
    figures["times_as_many"] = round(rates[0] / rates[1], 1)
    print(json.dumps(figures, indent=2))
    if options.out is not None:
        options.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def measure(engine: Engine, model: LlasaModel, n_askers: int, n_tokens: int) -> tuple[Measured, float, float]:
    """Return what so many askers saw, the seconds and the processor seconds that it took."""
    _ = model
    seen, lock = Measured(), threading.Lock()
    windows = np.random.default_rng(0).normal(0, 3, (n_askers, 1, 120, 6)).astype(np.float32)

    def ask(number: int) -> None:
        begun = time.perf_counter()
        turns = (Turn("human", f"{SENSOR}\n{QUESTION}"),)
        tokens = engine.submit(Ask(windows[number], turns, max_new_tokens=n_tokens)).tokens()
        next(tokens)
        first = time.perf_counter() - begun
        count = 1 + sum(1 for _ in tokens)
        with lock:
            seen.tokens += count
            seen.first_s.append(first)
            seen.whole_s.append(time.perf_counter() - begun)

    askers = [threading.Thread(target=ask, args=(number,)) for number in range(n_askers)]
    begun, begun_cpu = time.perf_counter(), time.process_time()
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    return seen, time.perf_counter() - begun, time.process_time() - begun_cpu


def summary(rounds: list[tuple[Measured, float, float]]) -> dict[str, float]:
    """Return medians over rounds, and percentiles over all answers."""
    first = [one for seen, _, _ in rounds for one in seen.first_s]
    whole = [one for seen, _, _ in rounds for one in seen.whole_s]
    return {
        "tokens_per_s": round(statistics.median(seen.tokens / wall for seen, wall, _ in rounds), 1),
        "tokens_per_cpu_s": round(statistics.median(seen.tokens / cpu for seen, _, cpu in rounds), 1),
        "first_token_p50_s": round(float(np.percentile(first, 50)), 2),
        "first_token_p99_s": round(float(np.percentile(first, 99)), 2),
        "answer_p50_s": round(float(np.percentile(whole, 50)), 2),
        "answer_p99_s": round(float(np.percentile(whole, 99)), 2),
    }


if __name__ == "__main__":
    main()
