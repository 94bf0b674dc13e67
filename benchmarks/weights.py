"""In which type the LM's weights serve best on this CPU: `python benchmarks/weights.py --data data/hapt --out FILE`.

Products of all its matrices with a vector (a token of one answer) and with several (many answers together, or a prompt
that is read), and the closed set's accuracy with each kind of weights on evenly spaced windows of DATA's test people.

float32         torch's own product
bfloat16        as checkpoints are loaded; torch's product with one row, widened to float32 for more
float16 packed  FBGEMM: 16 bits in memory, computed in float32; what `llasa serve` lays the weights out as
int8            weights in 8 bits, one scale for each output; inputs in bfloat16 (`torch._weight_int8pack_mm`)
int8 all        FBGEMM: weights so, and inputs in 8 bits with one scale for all (`quantized.linear_dynamic`)

Every kind takes its turn in every round, in one thread, and processor time counts: other work on the machine slows all.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from measured_on import measured_on

from llasa_core.data.grounded.activities import PLAIN_QUESTION, activity_answer
from llasa_core.data.qa import SENSOR, Turn
from llasa_core.data.store import WindowStore
from llasa_core.model.checkpoint import load_checkpoint, read_checkpoint_config
from llasa_core.model.collate import Sample
from llasa_core.model.llama.matrix import Matrix
from llasa_core.model.score import score_choices
from llasa_core.model.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.model.multimodal import LlasaModel

    Product = Callable[[torch.Tensor], torch.Tensor]

ROWS = (1, 4, 8, 32)
MOST = 127


def main() -> None:
    """Measure, show, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a prepared folder")
    parser.add_argument("--model", type=Path, help="a checkpoint; by default the shipped one")
    parser.add_argument("--windows", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", message=".*deprecated", category=UserWarning)  # FBGEMM's tensors of 8 bits
    torch.set_num_threads(1)
    folder = options.model or shipped("smol")
    model = load_checkpoint(folder, device="cpu")
    matrices = [module for module in model.lm.modules() if isinstance(module, Matrix)]
    weights = [matrix.weight.detach() for matrix in matrices]
    result: dict[str, Any] = {
        **measured_on(),
        "windows": options.windows,
        "ms_of_processor": times(weights, options.rounds),
    }
    store = WindowStore(options.data)
    result["closed_set"] = accuracies(
        model, matrices, store, read_checkpoint_config(folder).activities, options.windows
    )
    print(json.dumps(result, indent=2))
    if options.out is not None:
        options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def kinds() -> dict[str, Callable[[torch.Tensor], Product]]:
    """Return what makes a product of a matrix `[out, in]`, by the name of the kind."""
    return {
        "float32": of_float32,
        "bfloat16": lambda weight: Matrix(weight.bfloat16()),
        "float16 packed": of_packed,
        "int8": of_int8,
        "int8 all": of_int8_all,
    }


def of_float32(weight: torch.Tensor) -> Product:
    """Return torch's own product."""
    whole = weight.float()
    return lambda x: torch.mv(whole, x[0].float())[None] if len(x) == 1 else x.float() @ whole.T


def of_packed(weight: torch.Tensor) -> Product:
    """Return FBGEMM's with 16 bits."""
    packed = torch.ops.quantized.linear_prepack_fp16(weight.float(), None)
    return lambda x: torch.ops.quantized.linear_dynamic_fp16(x.float(), packed)


def of_int8(weight: torch.Tensor) -> Product:
    """Return the one whose weights alone have 8 bits."""
    codes, scales = in_8_bits(weight)
    return lambda x: torch._weight_int8pack_mm(x.bfloat16(), codes, scales.bfloat16()).float()  # noqa: SLF001 - it has no other name


def of_int8_all(weight: torch.Tensor) -> Product:
    """Return FBGEMM's with 8 bits."""
    codes, scales = in_8_bits(weight)
    zeros = torch.zeros(len(scales), dtype=torch.long)
    tensor = torch._make_per_channel_quantized_tensor(codes, scales.double(), zeros, 0)  # noqa: SLF001 - as above
    packed = torch.ops.quantized.linear_prepack(tensor, None)
    return lambda x: torch.ops.quantized.linear_dynamic(x.float(), packed)


def in_8_bits(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return codes `[out, in]` and the scale of each output."""
    scales = weight.float().abs().amax(1).clamp(min=1e-8) / MOST
    return (weight.float() / scales[:, None]).round().clamp(-MOST, MOST).to(torch.int8), scales


def times(weights: Sequence[torch.Tensor], rounds: int) -> dict[str, dict[str, float]]:
    """Return the least milliseconds of processor time for all products, by kind and number of rows."""
    made = {name: [make(weight) for weight in weights] for name, make in kinds().items()}
    found: dict[str, dict[str, float]] = {name: {} for name in made}
    for n_rows in ROWS:
        inputs = [torch.randn(n_rows, weight.shape[1]) for weight in weights]
        spent: dict[str, list[float]] = {name: [] for name in made}
        for _ in range(rounds):
            for name, products in made.items():
                begun = time.thread_time()
                for product, x in zip(products, inputs, strict=True):
                    product(x)
                spent[name].append(time.thread_time() - begun)
        for name, each in spent.items():
            found[name][f"{n_rows} rows"] = round(1e3 * min(each), 1)
    return found


def accuracies(
    model: LlasaModel, matrices: Sequence[Matrix], store: WindowStore, activities: Sequence[str], n_windows: int
) -> dict[str, dict[str, float]]:
    """Return the closed set's accuracy by kind, and how often its answer is that of float32."""
    names = [store.activity_names[number] if number >= 0 else "" for number in store.activity]
    rows = np.array([row for row in store.rows("test") if names[row] in activities])
    rows = rows[np.linspace(0, len(rows) - 1, n_windows).astype(np.int64)]
    truth = np.array([activities.index(names[row]) for row in rows])
    windows = store.take(rows)
    turns = (Turn("human", f"{SENSOR}\n{PLAIN_QUESTION}"),)
    samples = [Sample(windows[i : i + 1], turns) for i in range(len(windows))]
    answers = [activity_answer(name) for name in activities]
    weights = [matrix.weight.detach() for matrix in matrices]
    found: dict[str, dict[str, float]] = {}
    of_float = None
    for name, make in kinds().items():
        for matrix, weight in zip(matrices, weights, strict=True):
            matrix.forward = over_rows(make(weight))  # type: ignore[method-assign]
        said = score_choices(model, samples, answers).argmax(axis=1)
        of_float = said if of_float is None else of_float
        found[name] = {
            "accuracy": round(float((said == truth).mean()), 4),
            "as_float32": round(float((said == of_float).mean()), 4),
        }
    return found


def over_rows(product: Product) -> Product:
    """Return a product that takes `[…, in]`."""
    return lambda x: product(x.reshape(-1, x.shape[-1])).view(*x.shape[:-1], -1).to(x.dtype)


if __name__ == "__main__":
    main()
