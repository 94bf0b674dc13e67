"""Folders like the original's of other sizes, projectors and forms than those that the original wrote for us."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from lm_samples.original_folders import (
    PLAIN_LLAMA,
    PROJECTOR,
    expected_logits,
    lm_tensors,
    random_encoder,
    random_lm,
    random_projector,
    tower_of,
    under,
    write_config,
    write_tokenizer,
    write_weights,
)
from safetensors.torch import save_file

from llasa_core.data.qa import SENSOR, Turn
from llasa_core.model.collate import Sample, collate
from llasa_core.model.generate import generate_tokens
from llasa_core.model.original import config_of_original, is_original, load_original
from llasa_core.model.prompt import SENSOR_ID
from llasa_core.model.quantization import unpack
from llasa_core.model.score import score_choices
from llasa_core.model.text import TextCodec

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import LlamaForCausalLM

    from llasa_core.model.limu_bert import LimuBert
    from llasa_core.model.multimodal import LlasaModel

ASK = (Turn("human", f"{SENSOR}\nWhat is the person doing?"),)


@pytest.fixture
def window() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 3, (120, 6)).astype(np.float32)


def write_full(
    folder: Path,
    *,
    lm: LlamaForCausalLM | None = None,
    encoder: LimuBert | None = None,
    kind: str | None = "mlp2x_gelu",
    form: str = "safetensors",
    dtype: torch.dtype = torch.float32,
    **config: Any,
) -> dict[str, torch.Tensor]:
    """Write a full checkpoint and return its projector."""
    lm, encoder = lm or random_lm(), encoder or random_encoder()
    hidden = encoder.config.hidden
    projector = random_projector(kind or "linear", hidden, lm.config.hidden_size)
    write_config(folder, **{"mm_projector_type": kind, "mm_hidden_size": hidden, **sizes_of(lm), **config})
    if kind is None:
        values = json.loads((folder / "config.json").read_text())
        del values["mm_projector_type"]
        (folder / "config.json").write_text(json.dumps(values))
    tensors = lm_tensors(lm) | under(PROJECTOR, projector) | tower_of(encoder)
    write_weights(folder, {name: tensor.to(dtype) for name, tensor in tensors.items()}, form)
    write_tokenizer(folder)
    return projector


def sizes_of(lm: LlamaForCausalLM) -> dict[str, Any]:
    keys = ("hidden_size", "num_key_value_heads", "num_hidden_layers", "tie_word_embeddings", "attention_bias")
    return {key: getattr(lm.config, key) for key in keys}


def logits_of(model: LlasaModel, window: np.ndarray) -> tuple[list[int], torch.Tensor]:
    """Return a prompt's ids and its logits `[L, V]`."""
    encoded = model.template.encode(ASK)
    with torch.inference_mode():
        embeds = model.embed(collate([encoded], [window[None]], len(window)))
        return encoded.ids, model.logits(model.decode(embeds))[0]


def check(
    model: LlasaModel, lm: LlamaForCausalLM, encoder: LimuBert, projector: dict, window: np.ndarray, **how: Any
) -> None:
    ids, logits = logits_of(model, window)
    wanted = expected_logits(lm, encoder, projector, ids, torch.from_numpy(window), **how)
    torch.testing.assert_close(logits, wanted, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", ["linear", "mlp1x_gelu", "mlp2x_gelu", "mlp3x_gelu", None])
def test_every_projector_is_loaded_by_its_name(kind: str | None, tmp_path: Path, window: np.ndarray):
    projector = write_full(tmp_path, kind=kind)

    check(load_original(tmp_path, device="cpu"), random_lm(), random_encoder(), projector, window)


@pytest.mark.parametrize(
    "sizes",
    [
        {"tie_word_embeddings": True},
        {"num_key_value_heads": 4},
        {"num_key_value_heads": 1, "hidden_size": 64, "num_hidden_layers": 1},
        {"attention_bias": True},
    ],
    ids=str,
)
def test_sizes_are_those_of_the_config(sizes: dict[str, Any], tmp_path: Path, window: np.ndarray):
    lm = random_lm(**sizes)
    projector = write_full(tmp_path, lm=lm)

    check(load_original(tmp_path, device="cpu"), lm, random_encoder(), projector, window)


@pytest.mark.parametrize("form", ["safetensors", "safetensors-shards", "bin", "bin-shards"])
def test_every_form_of_file_is_read(form: str, tmp_path: Path, window: np.ndarray):
    projector = write_full(tmp_path, form=form)

    check(load_original(tmp_path, device="cpu"), random_lm(), random_encoder(), projector, window)


@pytest.mark.parametrize("name", ["type", "rope_type"])
def test_positions_are_scaled_as_the_config_says(name: str, tmp_path: Path, window: np.ndarray):
    projector = write_full(tmp_path, rope_scaling={name: "linear", "factor": 4.0})

    check(load_original(tmp_path, device="cpu"), random_lm(), random_encoder(), projector, window, slower=4.0)


def test_dynamic_scaling_changes_nothing_within_the_lms_own_length(tmp_path: Path, window: np.ndarray):
    projector = write_full(tmp_path, rope_scaling={"type": "dynamic", "factor": 2.0})

    check(load_original(tmp_path, device="cpu"), random_lm(), random_encoder(), projector, window)


def test_another_base_of_the_positions_is_heard(tmp_path: Path, window: np.ndarray):
    projector = write_full(tmp_path, rope_theta=500.0)

    check(load_original(tmp_path, device="cpu"), random_lm(rope_theta=500.0), random_encoder(), projector, window)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32_on_a_cpu(dtype: torch.dtype, tmp_path: Path, window: np.ndarray):
    projector = write_full(tmp_path, dtype=dtype, torch_dtype=str(dtype).removeprefix("torch."))
    rounded = {name: tensor.to(dtype).float() for name, tensor in projector.items()}
    lm, encoder = (rounded_to(dtype, part) for part in (random_lm(), random_encoder()))

    model = load_original(tmp_path, device="cpu")

    assert model.lm.dtype == torch.float32
    check(model, lm, encoder, rounded, window)


def rounded_to(dtype: torch.dtype, module: Any) -> Any:
    """Round a module's weights, and nothing that is computed from its config."""
    for parameter in module.parameters():
        parameter.copy_(parameter.to(dtype))
    return module


def test_the_lm_can_be_held_in_another_type(tmp_path: Path, window: np.ndarray):
    write_full(tmp_path)

    model = load_original(tmp_path, dtype="bfloat16", device="cpu")

    assert (model.lm.dtype, model.config.dtype) == (torch.bfloat16, "bfloat16")
    assert next(model.projector.parameters()).dtype == torch.float32
    assert logits_of(model, window)[1].isfinite().all()


def test_an_encoder_of_other_sizes_gives_other_windows(tmp_path: Path):
    encoder = random_encoder(hidden=48, hidden_ff=96, max_len=50)
    projector = write_full(tmp_path, encoder=encoder)
    window = np.random.default_rng(1).normal(0, 3, (50, 6)).astype(np.float32)

    check(load_original(tmp_path, device="cpu"), random_lm(), encoder, projector, window)
    assert config_of_original(tmp_path).window_s == 2.5


def test_a_shorter_window_gives_a_token_for_each_sample(tmp_path: Path, window: np.ndarray):
    projector = write_full(tmp_path)
    model = load_original(tmp_path, device="cpu")

    check(model, random_lm(), random_encoder(), projector, window[:50])
    short = Sample(window[None, :50], ASK)
    both = score_choices(model, [Sample(window[None], ASK), short], ["Walking.", "Sitting."])
    np.testing.assert_allclose(both[1:], score_choices(model, [short], ["Walking.", "Sitting."]), atol=1e-5)
    assert list(generate_tokens(model, window[None, :50], ASK, max_new_tokens=2))


def test_a_file_can_stand_in_for_the_encoder(tmp_path: Path, window: np.ndarray):
    projector = write_full(tmp_path / "full")
    other = random_encoder(seed=9)
    published, ours = tmp_path / "uci.pt", tmp_path / "encoder.safetensors"
    torch.save({**other.state_dict(), "fc.weight": torch.zeros(1), "fc.bias": torch.zeros(1)}, published)
    save_file(other.state_dict(), ours)

    for file in (published, ours):
        check(load_original(tmp_path / "full", encoder=file, device="cpu"), random_lm(), other, projector, window)


def test_layer_norms_that_transformers_renamed_are_found(tmp_path: Path, window: np.ndarray):
    projector = write_full(tmp_path)
    tensors = lm_tensors(random_lm()) | under(PROJECTOR, projector)
    tensors |= {
        name.replace(".gamma", ".weight").replace(".beta", ".bias"): tensor
        for name, tensor in tower_of(random_encoder()).items()
    }
    write_weights(tmp_path, tensors)

    check(load_original(tmp_path, device="cpu"), random_lm(), random_encoder(), projector, window)


def test_frequencies_that_older_versions_stored_are_left_out(tmp_path: Path):
    projector = write_full(tmp_path)
    old = {"model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(4)}
    write_weights(tmp_path, lm_tensors(random_lm()) | under(PROJECTOR, projector) | tower_of(random_encoder()) | old)

    load_original(tmp_path, device="cpu")


def write_base(folder: Path, lm: LlamaForCausalLM, form: str = "safetensors") -> None:
    write_config(folder, PLAIN_LLAMA, **sizes_of(lm))
    write_weights(folder, lm_tensors(lm), form)
    write_tokenizer(folder)


@pytest.mark.parametrize("form", ["safetensors", "bin-shards"])
def test_stage_1_is_put_on_its_base_lm(form: str, tmp_path: Path, window: np.ndarray):
    base, folder = tmp_path / "base", tmp_path / "stage1"
    write_base(base, random_lm(), form)
    projector = random_projector("linear", 72, 32)
    write_config(folder, mm_projector_type="linear", architectures=["LlamaForCausalLM"])
    torch.save(under(PROJECTOR, projector), folder / "mm_projector.bin")
    torch.save(random_encoder().state_dict(), tmp_path / "uci.pt")

    model = load_original(folder, base, tmp_path / "uci.pt", template="plain", device="cpu")

    check(model, random_lm(), random_encoder(), projector, window)
    assert model.template.encode(ASK).ids[:2] == [1, SENSOR_ID]


def test_a_full_checkpoint_can_be_the_base_lm_and_lend_its_encoder(tmp_path: Path, window: np.ndarray):
    write_full(tmp_path / "base", kind="linear")
    projector = random_projector("mlp2x_gelu", 72, 32, seed=8)
    write_config(tmp_path / "stage1")
    torch.save(under(PROJECTOR, projector), tmp_path / "stage1" / "mm_projector.bin")

    model = load_original(tmp_path / "stage1", tmp_path / "base", device="cpu")

    check(model, random_lm(), random_encoder(), projector, window)


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")  # peft asks transformers
@pytest.mark.parametrize(
    "settings",
    [
        {"r": 4, "lora_alpha": 16, "target_modules": ["q_proj", "v_proj"]},
        {"r": 2, "lora_alpha": 4, "target_modules": "all-linear", "use_rslora": True},
        {
            "r": 4,
            "lora_alpha": 8,
            "target_modules": r"model\.layers\.\d+\.mlp\.(up|down)_proj",
            "rank_pattern": {"up_proj": 2},
            "alpha_pattern": {"layers.1.mlp.down_proj": 3},
        },
        {"r": 4, "lora_alpha": 8, "target_modules": ["o_proj"], "layers_to_transform": [1]},
        {"r": 4, "lora_alpha": 8, "target_modules": ["k_proj"], "modules_to_save": ["lm_head"]},
    ],
    ids=["two-layers", "rslora", "patterns", "one-block", "whole-head"],
)
def test_adapters_are_merged_as_peft_does(settings: dict[str, Any], tmp_path: Path):
    from peft import LoraConfig, get_peft_model  # noqa: PLC0415 - seconds

    write_base(tmp_path / "base", random_lm())
    wrapped = get_peft_model(random_lm(), LoraConfig(task_type="CAUSAL_LM", **settings))
    torch.manual_seed(5)
    for name, parameter in wrapped.named_parameters():
        if "lora_B" in name or "modules_to_save" in name:
            torch.nn.init.normal_(parameter, 0, 0.1)
    wrapped.save_pretrained(tmp_path / "lora")
    write_config(tmp_path / "lora")
    write_others(tmp_path / "lora")

    found = load_original(tmp_path / "lora", tmp_path / "base", encoder_file(tmp_path), device="cpu").lm.state_dict()

    for name, tensor in wrapped.merge_and_unload().state_dict().items():
        torch.testing.assert_close(found[name], tensor, atol=1e-6, rtol=1e-6, msg=name)


def write_others(folder: Path, **more: torch.Tensor) -> None:
    """Write what a LoRA run trained beside its adapter."""
    tensors = under("base_model.model.model.mm_projector.", random_projector("mlp2x_gelu", 72, 32))
    torch.save({**tensors, **more}, folder / "non_lora_trainables.bin")


def encoder_file(folder: Path) -> Path:
    torch.save(random_encoder().state_dict(), folder / "uci.pt")
    return folder / "uci.pt"


def test_what_a_lora_run_trained_beside_its_adapter_replaces_the_base_lms(tmp_path: Path):
    write_base(tmp_path / "base", random_lm())
    write_adapter(tmp_path / "lora")
    trained = torch.full((32,), 3.0)
    write_others(tmp_path / "lora", **{"base_model.model.model.norm.weight": trained})

    model = load_original(tmp_path / "lora", tmp_path / "base", encoder_file(tmp_path), device="cpu")

    assert torch.equal(model.lm.model.norm.weight, trained)


def write_adapter(folder: Path, **changes: Any) -> None:
    """Write an adapter of rank 2 on both blocks' q_proj, in the older of peft's two forms."""
    write_config(folder)
    settings = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["q_proj"], **changes}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    layers = [f"base_model.model.model.layers.{i}.self_attn.q_proj" for i in range(2)]
    tensors = {f"{layer}.lora_{part}.weight": torch.ones(2, 32) for layer in layers for part in "AB"}
    shaped = {name: tensor.T.contiguous() if "lora_B" in name else tensor for name, tensor in tensors.items()}
    torch.save(shaped, folder / "adapter_model.bin")


@pytest.mark.parametrize("legacy", [True, False, None])
def test_a_tokenizer_of_any_age_is_read(legacy: bool | None, tmp_path: Path):  # noqa: FBT001
    write_full(tmp_path)
    write_tokenizer(tmp_path, legacy=legacy)
    codec = load_original(tmp_path, device="cpu").codec

    behind = codec.encode("</s>USER", with_special=True)[1:]

    wanted = ["USER"] if legacy is False else ["▁USER"]  # older versions had no such setting, and put a space
    assert [codec._tokenizer.id_to_token(token) for token in behind] == wanted


def test_a_tokenizer_in_json_alone_is_read(tmp_path: Path, window: np.ndarray):
    projector = write_full(tmp_path)
    by_model = load_original(tmp_path, device="cpu").template.encode(ASK)
    TextCodec.from_folder(tmp_path).save(tmp_path)
    (tmp_path / "tokenizer.model").unlink()

    model = load_original(tmp_path, device="cpu")

    assert model.template.encode(ASK) == by_model
    check(model, random_lm(), random_encoder(), projector, window)


def test_nothing_is_trainable_and_nothing_is_left_without_weights(tmp_path: Path):
    write_full(tmp_path)
    model = load_original(tmp_path, device="cpu")

    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert not any(tensor.is_meta for tensor in (*model.parameters(), *model.buffers()))


def test_the_model_outlives_its_files(tmp_path: Path, window: np.ndarray):
    for form in ("safetensors", "bin"):
        folder = tmp_path / form
        write_full(folder, form=form)
        model = load_original(folder, device="cpu")
        _, before = logits_of(model, window)
        for file in folder.glob("*.[sb]*"):
            file.write_bytes(bytes(file.stat().st_size))
        assert torch.equal(logits_of(model, window)[1], before)


def test_folders_of_the_original_are_told_from_others(tmp_path: Path, tiny_checkpoint: Path):
    write_full(tmp_path / "full")
    write_base(tmp_path / "base", random_lm())
    write_adapter(tmp_path / "lora")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text("{")

    told = {name: is_original(tmp_path / name) for name in ("full", "base", "lora", "broken", "nothing")}

    assert told == {"full": True, "base": False, "lora": True, "broken": False, "nothing": False}
    assert not is_original(tiny_checkpoint)


def test_the_config_says_what_eval_and_chat_ask(tmp_path: Path):
    write_full(tmp_path)

    config = config_of_original(tmp_path)

    assert (config.sampling_rate_hz, config.window_s, config.activities) == (20.0, 6.0, ())
    assert (config.model.sensor_tokens, config.model.projector) == (120, "mlp2x_gelu")
    assert config.base_lm["hidden_size"] == 32


def test_the_encoders_own_head_is_not_needed(tmp_path: Path):
    write_full(tmp_path)

    assert not load_original(tmp_path, device="cpu").encoder.decoder.weight.any()


def test_the_lm_can_be_held_in_4_bits(tmp_path: Path, window: np.ndarray):
    linear_4_bit = pytest.importorskip("bitsandbytes", reason="needs the extra [qlora]").nn.Linear4bit
    write_full(tmp_path)

    model = load_original(tmp_path, device="cpu", quantization="nf4")

    packed = [module for module in model.lm.modules() if isinstance(module, linear_4_bit)]
    assert len(packed) == 7 * model.lm.config.num_hidden_layers
    _, found = logits_of(model, window)
    unpack(model.lm, torch.float32)
    torch.testing.assert_close(found, logits_of(model, window)[1], atol=1e-4, rtol=1e-4)
    _, plain = logits_of(load_original(tmp_path, device="cpu"), window)
    assert 1e-3 < (found - plain).abs().mean() < plain.std() / 2  # 4 bits are rough, and are these weights
