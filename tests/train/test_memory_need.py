from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from llasa_core.model.limu_bert import LimuBert
from llasa_core.model.projector import make_projector
from llasa_core.model.tensors import save_module
from llasa_core.recipe_file import load_recipe
from llasa_core.train.engine import BUCKET_ELEMENTS, TorchEngine
from llasa_core.train.language_stage import FinetuneStage
from llasa_core.train.memory import CUDA_BYTES, NCCL_BYTES, Ranks, memory_need
from llasa_core.train.placement import Placement
from llasa_core.train.rehearsal import PackShape, Rehearsal, rehearse
from llasa_core.train.tensor_count import TensorCount

if TYPE_CHECKING:
    from llasa_core.recipe import Recipe

TINY_RECIPE = Path(__file__).parents[2] / "recipes" / "tiny.yaml"
ALONE = Ranks(1, has_cuda=False)
REHEARSAL = Rehearsal(
    frozen=1000,
    quantizable=600,
    n_quantizable=300,
    largest=100,
    n_trained=200,
    n_elements=700,
    alone={"activations of the LM": 50, "gradients": 10},
    later={"activations of the LM": 50, "gradients": 800},
)


def recipe_with(*settings: str) -> Recipe:
    """Return tiny's recipe with packs that hold several samples and steps that hold several packs."""
    return load_recipe(TINY_RECIPE, ["finetune.micro_batch_tokens=400", "finetune.batch_size=16", *settings]).resolved


def test_tensors_are_counted_while_they_live():
    count = TensorCount()
    with count:
        first = torch.zeros(1000)
        view = first[:10]
        with count.counting_as("second"):
            second = first + 1
        assert (count.n_bytes, dict(count.alive)) == (8000, {"other": 4000, "second": 4000})
        del first
        assert count.n_bytes == 8000  # a view keeps its tensor
        del view, second
        assert count.n_bytes == 0
    assert (count.peak, count.at_peak) == (8000, {"other": 4000, "second": 4000})


def counted(recipe: Recipe, placement: Placement, folder: Path) -> tuple[int, list[list[PackShape]]]:
    """Train two steps; return the most bytes that were in tensors, and the shapes of the packs."""
    save_module(LimuBert(recipe.encoder), folder / "encoder.safetensors")
    width_in = recipe.model.projector_width_in(recipe.encoder)
    save_module(make_projector(recipe.model.projector, width_in, 64), folder / "projector.safetensors")
    stage = FinetuneStage(recipe, folder, torch.device("cpu"), placement, lambda _: None)
    engine = TorchEngine(stage.model, stage.optimizer)
    count = TensorCount()
    count.add((*stage.model.parameters(), *stage.model.buffers()), "weights")
    shapes = []
    with count:
        for step in range(2):
            packs = stage.parts(step, 0, 1)
            shapes.append([PackShape.of(pack) for pack in packs])
            for i, pack in enumerate(packs):
                engine.backward(stage.loss(pack, engine).total, is_last=i == len(packs) - 1)
            engine.step(1.0)
    return count.peak, shapes


@pytest.mark.parametrize(
    ("lm", "again", "dtype"),
    [
        ("frozen", False, "bfloat16"),
        ("adapter", False, "bfloat16"),
        ("adapter", True, "float32"),
        ("whole", False, "float32"),
        ("whole", True, "bfloat16"),
    ],
)
def test_predicted_memory_is_within_a_tenth_of_what_training_holds(
    lm: str,
    again: bool,  # noqa: FBT001 - a case
    dtype: str,
    tmp_path: Path,
):
    recipe = recipe_with(f"finetune.lm={lm}", f"model.dtype={dtype}")
    placement = Placement(activation_checkpointing=again)

    held, shapes = counted(recipe, placement, tmp_path)
    shape = PackShape.covering(chain.from_iterable(shapes))
    need = memory_need(rehearse(recipe, "finetune", shape, activation_checkpointing=again), placement, ALONE)

    assert min(map(len, shapes)) > 1
    assert need.is_certain
    assert need.tensors == pytest.approx(held, rel=0.1)


@pytest.mark.parametrize("setting", ["finetune.attention=eager", "encoder.hidden=48", "finetune.adapter.rank=64"])
def test_what_makes_training_larger_makes_the_prediction_larger(setting: str):
    shape = PackShape.assumed(400, 8)
    plain, larger = (
        rehearse(recipe_with(*more), "finetune", shape, activation_checkpointing=False) for more in ((), (setting,))
    )

    assert sum(larger.alone.values()) > sum(plain.alone.values())


def test_the_shape_that_covers_others_pads_the_most():
    wide, long = PackShape(400, 8, 50, 8, 90), PackShape(390, 3, 300, 3, 120)

    assert PackShape.covering([wide, long]) == PackShape(400, 3, 300, 8, 120)


def test_an_assumed_pack_is_full():
    assert PackShape.assumed(1000, 40) == PackShape(1000, 10, 100, 10, 200)
    assert PackShape.assumed(50, 40) == PackShape(50, 1, 50, 1, 20)


@pytest.mark.parametrize(
    ("accumulates", "gradients"),
    [(True, 800), (False, 10)],
)
def test_one_cpu_process_holds_sixteen_bytes_a_trained_weight(accumulates: bool, gradients: int):  # noqa: FBT001
    need = memory_need(REHEARSAL, Placement(), ALONE, accumulates=accumulates)

    assert need.items == {
        "frozen weights": 1000,
        "trained weights": 800,
        "gradients": gradients,
        "AdamW's moments": 1600,
        "activations of the LM": 50,
    }
    assert need.is_certain


@pytest.mark.parametrize(
    ("stage", "trained", "gradients", "updated", "moments"),
    [(1, 800, 800, 200, 400), (2, 800, 200, 200, 400), (3, 200, 200, 200, 400)],
)
def test_zero_shares_out_more_at_each_stage(stage: int, trained: int, gradients: int, updated: int, moments: int):
    need = memory_need(REHEARSAL, Placement(stage), Ranks(4, has_cuda=True))  # type: ignore[arg-type]

    items = need.items
    assert items["trained weights"] == trained
    assert items["gradients"] == gradients
    assert items["float32 copy that ZeRO updates"] == updated
    assert items["AdamW's moments"] == moments
    assert items["bucket of gradients"] == 4 * BUCKET_ELEMENTS
    assert items["frozen weights"] == (250 if stage == 3 else 1000)
    assert need.beside == CUDA_BYTES + NCCL_BYTES


@pytest.mark.parametrize(("stage", "exchanged"), [(0, 800), (1, 400), (2, 800)])
def test_gradients_are_exchanged_when_activations_are_gone(stage: int, exchanged: int):
    need = memory_need(REHEARSAL, Placement(stage), Ranks(2, has_cuda=True))  # type: ignore[arg-type]

    assert need.items["gradients, exchanged"] == exchanged
    assert "activations of the LM" not in need.items


def test_what_is_offloaded_is_on_the_host():
    need = memory_need(REHEARSAL, Placement(2, "optimizer"), Ranks(2, has_cuda=True))

    assert need.on_host == 400 + 800 + 400  # copy, moments and gradients of half the weights
    assert need.items["AdamW's moments"] == need.items["gradients"] == 0


def test_four_bits_shrink_the_frozen_layers_and_unpack_one_at_a_time():
    need = memory_need(REHEARSAL, Placement(), ALONE, is_nf4=True)

    assert need.items["frozen weights"] == 400 + 159
    assert need.items["a layer's weights, unpacked"] == 200
    assert need.reasons == ("4-bit weights were not compared with a run",)


def test_what_was_not_compared_is_called_uncertain():
    need = memory_need(REHEARSAL, Placement(3, "all"), Ranks(2, has_cuda=True), doubts=["so"])

    assert not need.is_certain
    assert need.reasons == (
        "so",
        "not yet compared with a CUDA device",
        "DeepSpeed decides how many weights are whole at once",
        "offload was not compared with a run",
    )


def test_a_need_in_words():
    need = memory_need(
        Rehearsal(
            2 * 10**9, 0, 0, 0, 10**8, 11 * 10**8, {}, {"activations of the LM": 3 * 10**9, "gradients": 4 * 10**8}
        ),
        Placement(),
        ALONE,
    )

    assert need.lines() == [
        "9.40 GB a device",
        "  frozen weights                         2.00 GB",
        "  trained weights                        0.40 GB",
        "  gradients                              0.40 GB",
        "  AdamW's moments                        0.80 GB",
        "  activations of the LM                  3.00 GB",
        "  beside tensors                         2.80 GB",
    ]
    assert need.as_dict()["tensor_bytes"] == 6_600_000_000
