"""What is wrong with a folder of the original is said in full."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import torch
from lm_samples.original_folders import (
    TOWER,
    full_tensors,
    lm_tensors,
    random_encoder,
    random_lm,
    random_projector,
    under,
    write_base,
    write_config,
    write_encoder,
    write_full,
    write_stage1,
    write_weights,
)

from llasa_core.errors import ModelError
from llasa_core.model.original import load_original

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Tensors = dict[str, torch.Tensor]
COPY_AGAIN = "copy the checkpoint again, with all its files; one that was cut off cannot be mended"
BELONG = "copy the checkpoint again; its files belong together"
WHOLE_AGAIN = "copy the whole checkpoint again, and name the base LM that it was trained on"


@pytest.fixture
def tensors() -> Tensors:
    return full_tensors()


@pytest.fixture
def full(tmp_path: Path) -> Path:
    return write_full(tmp_path / "full")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return write_base(tmp_path / "base")


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    return write_encoder(tmp_path / "uci.pt")


@pytest.fixture
def stage1(tmp_path: Path) -> Path:
    return write_stage1(tmp_path / "stage1")


@pytest.fixture
def lora(tmp_path: Path) -> Path:
    folder = tmp_path / "lora"
    write_config(folder)
    settings = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["q_proj"]}
    (folder / "adapter_config.json").write_text(json.dumps({**settings, "base_model_name_or_path": "lmsys/vicuna"}))
    torch.save(adapter(), folder / "adapter_model.bin")
    others = under("base_model.model.model.mm_projector.", random_projector("mlp2x_gelu", 72, 32))
    torch.save(others, folder / "non_lora_trainables.bin")
    return folder


def adapter() -> Tensors:
    layers = [f"base_model.model.model.layers.{i}.self_attn.q_proj" for i in range(2)]
    shapes = {"lora_A": (2, 32), "lora_B": (32, 2)}
    return {f"{layer}.{part}.weight": torch.ones(shape) for layer in layers for part, shape in shapes.items()}


def said(*arguments: Any, **options: Any) -> tuple[str, str, str]:
    """Return the three parts of the error that loading ends with."""
    with pytest.raises(ModelError) as caught:
        load_original(*arguments, device="cpu", **options)
    error = caught.value
    return error.message, error.where or "", error.fix or ""


def change(folder: Path, **changes: Any) -> None:
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


FIRST = "model.embed_tokens.weight"


@pytest.mark.parametrize(
    ("alter", "problem"),
    [
        (lambda t: t.pop("model.norm.weight"), "`model.norm.weight` is missing"),
        (lambda t: t.update({"model.extra": torch.ones(1)}), "`model.extra` is not expected"),
        (lambda t: t.update({"lm_head.weight": torch.ones(3, 32)}), "`lm_head.weight` is [3, 32], expected [{}, 32]"),
        (lambda t: t.pop("lm_head.weight"), "`lm_head.weight` is missing"),
    ],
)
def test_tensors_of_the_lm_are_counted(full: Path, tensors: Tensors, alter: Callable, problem: str):
    alter(tensors)
    write_weights(full, tensors)

    assert said(full) == (
        f"the weights are not those of the LM that config.json describes: {problem.format(len(tensors[FIRST]))}",
        str(full),
        BELONG,
    )


def test_another_projector_than_the_config_names_is_an_error(full: Path):
    change(full, mm_projector_type="linear")

    assert said(full) == (
        (
            "the projector is not the `linear` that config.json names: `bias` is missing; `weight` is missing; "
            "`0.bias` is not expected"
        ),
        str(full),
        BELONG,
    )


def test_an_unknown_projector_is_an_error(full: Path):
    change(full, mm_projector_type="identity")

    assert said(full) == (
        "the projector `identity` is not known",
        str(full / "config.json"),
        "`mm_projector_type` can be `linear` or `mlp2x_gelu`, with 1 to 9 for the 2",
    )


def test_a_plain_llama_is_no_checkpoint_of_the_original(full: Path, base: Path):
    assert said(base) == (
        "model_type is `llama`: only `llava_llama` checkpoints of the original can be loaded",
        str(base / "config.json"),
        "name a folder that the original LLaSA, or LLaVA 1.5 on a Llama, has written",
    )
    write_weights(full, lm_tensors(random_lm()))
    assert said(full) == (
        "there is no projector among the weights: no name begins with `model.mm_projector.`",
        str(full),
        "name a folder that the original has trained; a plain LM goes to `--base-lm`",
    )


def test_marks_around_windows_are_refused(full: Path):
    change(full, mm_use_im_start_end=True)

    assert said(full) == (
        "`mm_use_im_start_end` is true: this checkpoint has learned marks around each window that we do not write",
        str(full / "config.json"),
        "name a checkpoint that was trained without them, as LLaSA's are",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "config.json is missing"),
        ("[]", "config.json holds no named values"),
        ("{", "config.json is damaged: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ],
)
def test_a_damaged_config_is_an_error(full: Path, content: str | None, message: str):
    file = full / "config.json"
    file.unlink()
    if content is not None:
        file.write_text(content)

    assert said(full) == (message, str(file), COPY_AGAIN)


def test_a_config_that_describes_no_llama_is_an_error(full: Path):
    change(full, num_attention_heads=5)

    message, where, fix = said(full)

    assert message.startswith("config.json does not describe a Llama: ")
    assert (where, fix) == (str(full / "config.json"), COPY_AGAIN)


@pytest.mark.parametrize("form", ["safetensors", "bin"])
def test_a_file_that_was_cut_off_is_an_error(full: Path, tensors: Tensors, form: str):
    (full / "model.safetensors").unlink()
    write_weights(full, tensors, form)
    file = next(full.glob(f"*.{form}"))
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])

    message, where, fix = said(full)

    assert message.startswith(f"{file.name} cannot be read as weights: ")
    assert (where, fix) == (str(file), COPY_AGAIN)


def test_a_file_of_something_else_is_an_error(stage1: Path, base: Path):
    file = stage1 / "mm_projector.bin"
    torch.save([1, 2], file)
    assert said(stage1, base) == ("mm_projector.bin holds no named tensors", str(file), COPY_AGAIN)

    torch.save({"code": Bomb()}, file)
    message, _, _ = said(stage1, base)
    assert message.startswith("mm_projector.bin cannot be read as weights: Weights only load failed")


class Bomb:
    """Code that a pickle would run."""

    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("code in a weights file was run",)


def test_a_shard_that_is_missing_is_named(full: Path, tensors: Tensors):
    (full / "model.safetensors").unlink()
    write_weights(full, tensors, "bin-shards")
    shard = full / "pytorch_model-00002-of-00002.bin"
    shard.unlink()

    assert said(full) == (f"{shard.name} is missing", str(shard), COPY_AGAIN)


def test_shards_are_those_of_the_index(full: Path, tensors: Tensors):
    (full / "model.safetensors").unlink()
    write_weights(full, tensors, "safetensors-shards")
    index = full / "model.safetensors.index.json"
    values = json.loads(index.read_text())
    values["weight_map"]["model.more"] = values["weight_map"].pop("model.norm.weight")
    index.write_text(json.dumps(values))

    assert said(full) == (
        (
            "the shards are not those of model.safetensors.index.json: `model.more` is missing; "
            "`model.norm.weight` is not in the index"
        ),
        str(index),
        COPY_AGAIN,
    )


def test_an_index_reaches_no_other_folder(full: Path):
    (full / "model.safetensors").unlink()
    index = full / "pytorch_model.bin.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "../elsewhere.bin"}}))

    assert said(full) == (
        (
            "pytorch_model.bin.index.json is damaged: shards beside it are named by a file name alone, "
            "not ['../elsewhere.bin']"
        ),
        str(index),
        COPY_AGAIN,
    )


def test_a_folder_without_weights_is_an_error(full: Path):
    (full / "model.safetensors").unlink()

    assert said(full) == (
        "the folder holds no weights",
        str(full),
        "it needs model.safetensors or pytorch_model.bin, mm_projector.bin, or adapter_config.json with an adapter",
    )


@pytest.mark.parametrize(
    ("fixture", "kind", "name"), [("stage1", "stage-1", "bases/small"), ("lora", "LoRA", "lmsys/vicuna")]
)
def test_a_base_lm_is_asked_for(fixture: str, kind: str, name: str, request: pytest.FixtureRequest):
    folder = request.getfixturevalue(fixture)

    assert said(folder) == (
        f"a {kind} checkpoint needs its base LM; it was trained on `{name}`",
        str(folder),
        "pass `--base-lm` with that LM's folder or Hugging Face id",
    )


def test_an_encoder_is_asked_for(full: Path, stage1: Path, base: Path, tensors: Tensors):
    fix = "pass `--encoder FILE` with the LIMU-BERT weights that it was trained with"
    assert said(stage1, base) == (
        "this stage-1 checkpoint holds no encoder: it was trained with `../model_4.pt`",
        str(stage1),
        fix,
    )
    write_weights(full, {name: tensor for name, tensor in tensors.items() if not name.startswith(TOWER)})
    change(full, mm_vision_tower=None)
    assert said(full) == ("this full checkpoint holds no encoder", str(full), fix)


def test_an_encoder_with_missing_or_extra_tensors_is_an_error(full: Path, tensors: Tensors):
    tensors[f"{TOWER}norm3.gamma"] = tensors.pop(f"{TOWER}norm2.gamma")
    write_weights(full, tensors)

    assert said(full) == (
        "these are not LIMU-BERT's weights: `transformer.norm2.gamma` is missing; `norm3.gamma` is not expected",
        str(full),
        "copy the checkpoint again, or pass `--encoder FILE` with published LIMU-BERT weights",
    )


def test_an_encoder_of_another_width_is_an_error(full: Path, tmp_path: Path):
    torch.save(random_encoder(hidden=36, hidden_ff=72).state_dict(), tmp_path / "small.pt")

    assert said(full, encoder=tmp_path / "small.pt") == (
        "the encoder gives 36 numbers for each sample; this checkpoint was trained on 72",
        str(full / "config.json"),
        "pass `--encoder FILE` with the LIMU-BERT weights that it was trained with",
    )


def test_another_base_lm_is_an_error(stage1: Path, base: Path, encoder: Path):
    change(base, num_hidden_layers=1, model_type="mistral")

    assert said(stage1, base, encoder) == (
        f"{base} is not the base LM of this stage-1 checkpoint: model_type mistral; num_hidden_layers 1, trained on 2",
        str(base / "config.json"),
        "pass `--base-lm` with a copy of bases/small",
    )
    assert said(stage1, "tiny-random", encoder)[0] == (
        "`tiny-random` is not the base LM of this stage-1 checkpoint: it has no files"
    )


def test_more_than_a_projector_in_stage_1_is_an_error(stage1: Path, base: Path):
    file = stage1 / "mm_projector.bin"
    torch.save({**torch.load(file), "model.norm.weight": torch.ones(32)}, file)

    assert said(stage1, base) == (
        "mm_projector.bin holds more than a projector: `model.norm.weight`",
        str(file),
        "name the folder that the original's first stage has written",
    )


def test_what_a_lora_run_trained_must_be_the_lms(lora: Path, base: Path, encoder: Path):
    file = lora / "non_lora_trainables.bin"
    torch.save({**torch.load(file), "base_model.model.model.layers.7.bias": torch.ones(32)}, file)

    message, where, _ = said(lora, base, encoder)

    assert message.endswith("describes: `model.layers.7.bias` is not expected")
    assert where == str(lora)


def test_a_lora_folder_without_its_projector_is_an_error(lora: Path, base: Path):
    (lora / "non_lora_trainables.bin").unlink()

    assert said(lora, base) == (
        "non_lora_trainables.bin is missing",
        str(lora / "non_lora_trainables.bin"),
        COPY_AGAIN,
    )


LAYER = "base_model.model.model.layers.1.self_attn.q_proj"


@pytest.mark.parametrize(
    ("alter", "problem"),
    [
        (lambda t: t.pop(f"{LAYER}.lora_A.weight"), f"`{LAYER}.lora_A.weight` is missing"),
        (
            lambda t: t.update({"base_model.model.x.lora_A.weight": torch.ones(1)}),
            "`base_model.model.x.lora_A.weight` is not expected",
        ),
        (
            lambda t: t.update({f"{LAYER}.lora_B.weight": torch.ones(32, 3)}),
            f"`{LAYER}.lora_B.weight` is [32, 3], expected [32, 2]",
        ),
    ],
)
def test_tensors_of_the_adapter_are_counted(lora: Path, base: Path, encoder: Path, alter: Callable, problem: str):
    tensors = adapter()
    alter(tensors)
    torch.save(tensors, lora / "adapter_model.bin")

    assert said(lora, base, encoder) == (
        f"the adapter does not fit the base LM: {problem}",
        str(lora / "adapter_model.bin"),
        WHOLE_AGAIN,
    )


def test_an_adapter_for_no_layer_is_an_error(lora: Path, base: Path, encoder: Path):
    settings(lora, target_modules=["query"])
    torch.save({}, lora / "adapter_model.bin")

    assert said(lora, base, encoder) == (
        "the adapter does not fit the base LM: it names none of its layers",
        str(lora / "adapter_model.bin"),
        WHOLE_AGAIN,
    )


def settings(lora: Path, **changes: Any) -> Path:
    file = lora / "adapter_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))
    return file


@pytest.mark.parametrize(("changes", "kind"), [({"use_dora": True}, "DoRA"), ({"peft_type": "IA3"}, "IA3")])
def test_other_adapters_than_lora_are_refused(
    lora: Path, base: Path, encoder: Path, changes: dict[str, Any], kind: str
):
    file = settings(lora, **changes)

    assert said(lora, base, encoder) == (
        f"the adapter is of kind {kind}: only LoRA can be merged",
        str(file),
        "merge it with peft, and load the merged folder",
    )


def test_an_adapter_has_to_say_how_it_was_made(lora: Path, base: Path, encoder: Path):
    file = settings(lora, lora_alpha=None)

    assert said(lora, base, encoder) == ("adapter_config.json does not say `lora_alpha`", str(file), COPY_AGAIN)


def test_a_missing_tokenizer_is_an_error(full: Path):
    (full / "tokenizer.model").unlink()

    assert said(full) == (
        "there is no tokenizer: neither tokenizer.model nor tokenizer.json",
        str(full),
        "copy the tokenizer's files into the folder, or pass `--base-lm` with an LM that has them",
    )


def test_a_full_checkpoint_without_a_tokenizer_takes_the_base_lms(full: Path, base: Path):
    (full / "tokenizer.model").unlink()

    assert load_original(full, base, device="cpu").codec.encode("The", with_special=False)


def test_a_tokenizer_with_more_words_than_the_lm_is_an_error(full: Path):
    words = json.loads((full / "config.json").read_text())["vocab_size"]
    (full / "added_tokens.json").write_text(json.dumps({"<pad>": words}))

    assert said(full) == (
        f"the tokenizer has {words + 1} words, the LM {words}",
        str(full),
        "copy the tokenizer's files again from where the checkpoint came from",
    )
