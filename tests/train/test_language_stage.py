"""What each recipe trains, how fast, and in which numbers."""

from __future__ import annotations

from functools import partialmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from llasa_core.data.qa import Turn
from llasa_core.data.split_items import split_items
from llasa_core.errors import UsageError
from llasa_core.model.base_lm import is_fetched
from llasa_core.model.checkpoint import load_checkpoint
from llasa_core.model.collate import Sample
from llasa_core.model.score import score_choices
from llasa_core.recipe import StageConfig
from llasa_core.recipe_file import load_recipe
from llasa_core.train.encoder_stage import EncoderStage
from llasa_core.train.engine import TorchEngine
from llasa_core.train.language_stage import PretrainStage
from llasa_core.train.launch import NOT_PART_OF_THE_RESULT
from llasa_core.train.placement import Placement

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.model.multimodal import LlasaModel

TINY_RECIPE = Path(__file__).parents[2] / "recipes" / "tiny.yaml"
WINDOWS = np.random.default_rng(0).normal(0, 3, (3, 1, 120, 6)).astype(np.float32)
ASK = Turn("human", "<sensor>\nWhat is the person doing?")
WORDS = ["Walking.", "Sitting."]
CPU = torch.device("cpu")
FOUR_STEPS = "finetune.max_steps=4"


def parts_of(names: Any) -> set[str]:
    """Say which parts of the model these parameters belong to."""
    kinds = {name: "adapter" if "lora_" in name else name.split(".")[0] for name in names}
    return set(kinds.values())


def scores_of(model: LlasaModel) -> Any:
    """Score two answers about three windows, by the LM's own attention."""
    own, training = model.attention, [module for module in model.modules() if module.training]
    model.use_attention("sdpa")
    model.eval()
    with torch.no_grad():
        scores = score_choices(model, [Sample(window, (ASK,)) for window in WINDOWS], WORDS)
    for module in training:
        module.training = True
    model.use_attention(own)
    return scores


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (("finetune.lm=adapter",), {"adapter", "projector"}),
        (("finetune.lm=whole",), {"lm", "projector"}),
        (("finetune.lm=frozen",), {"projector"}),
        (("finetune.lm=frozen", "finetune.encoder_learning_rate=1.0e-3"), {"projector", "encoder"}),
    ],
)
def test_a_recipe_trains_what_it_says_and_its_checkpoint_gives_the_trained_models_scores(
    part: Callable[..., Any], settings: tuple[str, ...], expected: set[str]
):
    run = part("run", FOUR_STEPS, *settings)
    model = run.stage.model
    before = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    untrained = scores_of(model)

    run.train()

    changed = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert parts_of(run.weights) == expected
    assert parts_of(changed) == expected
    assert set(run.weights) <= changed
    assert {weight.dtype for weight in run.weights.values()} == {torch.float32}
    loaded = scores_of(load_checkpoint(run.run.checkpoint, device="cpu", in_transformers=True))
    np.testing.assert_allclose(loaded, scores_of(model), atol=1e-4)  # an adapter is merged, which rounds otherwise
    assert np.abs(loaded - untrained).max() > 1e-2


def test_the_encoders_reconstruction_head_is_never_finetuned(part: Callable[..., Any]):
    trained = part("run", "finetune.encoder_learning_rate=1.0e-3").weights

    of_encoder = [name for name in trained if name.startswith("encoder.")]
    assert of_encoder
    assert all(name.startswith("encoder.transformer.") for name in of_encoder)


def test_each_part_is_trained_at_its_own_learning_rate(part: Callable[..., Any]):
    rates = {"projector": 5.0e-3, "adapter": 1.0e-3, "encoder": 2.0e-4}
    run = part(
        "run",
        "finetune.learning_rate=1.0e-3",
        "finetune.projector_learning_rate=5.0e-3",
        "finetune.encoder_learning_rate=2.0e-4",
        "finetune.max_steps=1",
        "finetune.warmup_fraction=0.0",
    )
    before = run.weights

    run.train()

    moved = dict.fromkeys(rates, 0.0)
    for name, weight in run.weights.items():
        (kind,) = parts_of([name])
        moved[kind] = max(moved[kind], float((weight - before[name]).abs().max()))
    # AdamW's first step moves each weight by its learning rate, whatever its gradient
    assert moved == pytest.approx(rates, rel=1e-2)


def test_questions_about_the_activity_are_asked_about_a_turned_device(part: Callable[..., Any]):
    stage, plain = (part(name, f"finetune.turned={share}").stage for name, share in (("turned", 1.0), ("plain", 0.0)))
    is_activity = np.array([item.kind == "activity" for item in split_items(stage._store, "train")])
    items = np.array([np.flatnonzero(is_activity)[0], np.flatnonzero(~is_activity)[0]])

    (turned, kept), (as_stored, also_kept) = (one._pack(items).windows for one in (stage, plain))

    assert not torch.allclose(turned, as_stored, atol=0.1)
    for sensor in (slice(0, 3), slice(3, 6)):
        torch.testing.assert_close(turned[..., sensor].norm(dim=-1), as_stored[..., sensor].norm(dim=-1))
    assert torch.equal(kept, also_kept)
    assert torch.equal(stage._pack(items).windows[0], turned)


def test_pretrain_computes_no_gradient_but_the_projectors(tiny: Any, pretrained: Path):
    encoder = pretrained / tiny.name / "encoder" / "checkpoint" / "encoder.safetensors"
    stage = PretrainStage(tiny.resolved, encoder, CPU, Placement(), lambda _text: None)

    stage.loss(stage.parts(0, 0, 1)[0], TorchEngine(stage.model, stage.optimizer)).total.backward()

    with_gradient = {name for name, weight in stage.model.named_parameters() if weight.grad is not None}
    assert with_gradient == {name for name, _ in stage.model.named_parameters() if name.startswith("projector.")}
    needing = {name for name, weight in stage.model.named_parameters() if weight.requires_grad}
    assert needing == with_gradient


@pytest.mark.parametrize("how", ["adapter", "whole", "frozen"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_what_is_trained_is_float32_whatever_the_lm_computes_in(part: Callable[..., Any], dtype: str, how: str):
    run = part("run", f"model.dtype={dtype}", f"finetune.lm={how}")

    run.engine.backward(run.stage.loss(run.stage.parts(0, 0, 1)[0], run.engine).total, is_last=True)

    held = run.stage.model.lm.model.embed_tokens.weight.dtype
    assert held == (torch.float32 if how == "whole" else getattr(torch, dtype))
    for name, weight in run.stage.model.named_parameters():
        if weight.requires_grad:
            assert weight.dtype == torch.float32, name
            assert weight.grad is not None, name
            assert weight.grad.dtype == torch.float32, name


def test_bfloat16_learns_as_float32_does(part: Callable[..., Any]):
    rough = part("rough", "model.dtype=bfloat16").train()
    exact = part("exact", "model.dtype=float32").train()

    assert rough == pytest.approx(exact, abs=0.03)  # bfloat16 rounds to two digits
    assert rough != exact


def test_computing_activations_again_changes_no_loss(part: Callable[..., Any]):
    settings = ("finetune.adapter.dropout=0.3", "model.dtype=bfloat16")
    kept = part("kept", *settings).train()
    again = part("again", *settings, placement=Placement(activation_checkpointing=True)).train()

    assert again == kept


@pytest.mark.filterwarnings("ignore")  # torch warns itself of many kinds of things as it compiles
def test_compiled_blocks_give_the_same_losses_and_gradients(part: Callable[..., Any], monkeypatch: pytest.MonkeyPatch):
    # Tracing is where our blocks can fail. What torch makes of a graph is its own, and takes g++ a minute.
    monkeypatch.setattr(torch.nn.Module, "compile", partialmethod(torch.nn.Module.compile, backend="aot_eager"))
    seen = []
    for is_compiled in ("false", "true"):
        run = part(is_compiled, "finetune.max_steps=1", f"finetune.compile={is_compiled}")
        run.train(lambda progress: seen.append((progress.loss, progress.grad_norm)))

    plain, compiled = seen
    assert torch._dynamo.utils.counters["stats"]["calls_captured"] > 0
    assert compiled == pytest.approx(plain, abs=1e-4)


def test_dropout_is_on_in_training_and_off_in_evaluation(part: Callable[..., Any]):
    run = part("run", "finetune.adapter.dropout=0.5")
    with torch.no_grad():
        for name, weight in run.stage.model.lm.named_parameters():
            if "lora_B" in name:
                weight.normal_(0, 0.1)  # an adapter that is still zero drops nothing
    pack = run.stage.parts(0, 0, 1)[0]

    def loss(seed: int) -> float:
        torch.manual_seed(seed)
        return float(run.stage.loss(pack, run.engine).total.detach())

    assert loss(1) == loss(1)
    assert loss(1) != loss(2)
    assert np.array_equal(scores_of(run.stage.model), scores_of(run.stage.model))
    run.stage.save_result(run.run.checkpoint, run.stage.result_tensors(run.engine))
    loaded = load_checkpoint(run.run.checkpoint, device="cpu", in_transformers=True)
    np.testing.assert_allclose(scores_of(loaded), scores_of(run.stage.model), atol=1e-4)


def test_a_resumed_run_draws_the_same_dropout(part: Callable[..., Any]):
    settings = ("finetune.adapter.dropout=0.3",)
    whole, stopped = part("whole", *settings), part("stopped", *settings)
    stopped.run.stop_trigger.touch()
    with pytest.raises(Exception, match="stopped after step 1 of 6"):
        stopped.train()
    resumed = part("stopped", *settings)

    assert whole.train()[1:] == resumed.train()
    assert all(torch.equal(weight, whole.weights[name]) for name, weight in resumed.weights.items())


CHANGED = {
    "save_every": 1,
    "keep_states": 3,
    "log_every": 2,
    "zero_stage": 0,
    "offload": "none",
    "activation_checkpointing": "true",
}
"""What may change between the parts of a run, each with another value."""
OTHER = {
    "epochs": 2, "samples_per_epoch": 50, "max_steps": 5, "kinds": "[activity]", "learning_rate": 1.0e-3,
    "batch_size": 4, "micro_batch_tokens": 4095, "warmup_fraction": 0.5, "weight_decay": 0.5, "max_grad_norm": 0.5,
    "attention": "eager", "compile": "true", "figures": "false",
}  # fmt: skip
"""What may not."""


def test_every_setting_of_a_stage_may_change_in_a_run_or_may_not():
    assert CHANGED.keys() == NOT_PART_OF_THE_RESULT
    assert CHANGED.keys() | OTHER.keys() == StageConfig.model_fields.keys()


def stop_at_once(_stage: str, progress: Any) -> None:
    if progress.step == 2:
        raise KeyboardInterrupt


def test_settings_that_are_no_part_of_the_result_may_change_between_the_parts_of_a_run(
    finetune: Callable[..., dict[str, Any]], part: Callable[..., Any]
):
    whole = part("whole")
    whole.train()
    with pytest.raises(KeyboardInterrupt):
        finetune("run", "finetune.save_every=1", tell=stop_at_once)

    done = finetune("run", *(f"finetune.{name}={value}" for name, value in CHANGED.items()))

    checkpoint = Path(done["checkpoint"])
    for file in ("projector.safetensors", "adapter/adapter_model.safetensors"):
        assert (checkpoint / file).read_bytes() == (whole.run.checkpoint / file).read_bytes()


def test_any_other_setting_is_refused_with_the_difference(finetune: Callable[..., dict[str, Any]]):
    with pytest.raises(KeyboardInterrupt):
        finetune("run", "finetune.save_every=1", tell=stop_at_once)

    for name, value in OTHER.items():
        with pytest.raises(
            UsageError, match=rf"^this run was begun with other settings: finetune\.{name} was "
        ) as caught:
            finetune("run", f"finetune.{name}={value}")
        assert caught.value.message.count(" was ") == 2, caught.value.message


def made_for(base_lm: str, folder: Path) -> Path:
    """Make the start of a finetune run for any LM: an untrained encoder and projector."""
    recipe = load_recipe(TINY_RECIPE, [f"model.base_lm={base_lm}"]).resolved
    encoder = EncoderStage(recipe, CPU)
    encoder.save_result(folder / "encoder", encoder.model.state_dict())
    stage = PretrainStage(recipe, folder / "encoder" / "encoder.safetensors", CPU, Placement(), lambda _text: None)
    stage.save_result(folder / "pretrain", stage.result_tensors(TorchEngine(stage.model, stage.optimizer)))
    return folder / "pretrain"


@pytest.mark.network
def test_the_adapter_of_an_lm_with_tied_embeddings_is_trained_and_loaded(part: Callable[..., Any], tmp_path: Path):
    if not is_fetched("smollm2-135m"):
        pytest.skip("smollm2-135m has not been fetched")
    source = made_for("smollm2-135m", tmp_path / "start")
    run = part(
        "run", "model.base_lm=smollm2-135m", "model.dtype=float32", "finetune.max_steps=2", "finetune.batch_size=2",
        source=source,
    )  # fmt: skip
    lm = run.stage.model.lm
    assert lm.get_output_embeddings().weight is lm.get_input_embeddings().weight

    losses = run.train()

    assert losses[1] < losses[0]
    assert parts_of(run.weights) == {"adapter", "projector"}
    assert not any("lm_head" in name or "embed" in name for name in run.weights)
    loaded = scores_of(load_checkpoint(run.run.checkpoint, device="cpu", in_transformers=True))
    np.testing.assert_allclose(loaded, scores_of(run.stage.model), atol=1e-3)
