"""Checkpoints that the original code wrote, and what it computed with them; tolerances are those of its README."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from llasa_core.data.channels import ACC
from llasa_core.data.qa import SENSOR, Turn
from llasa_core.model.collate import collate
from llasa_core.model.config import ModelConfig
from llasa_core.model.generate import generate_tokens, stream_answer
from llasa_core.model.limu_bert import ACC_SCALE
from llasa_core.model.original import load_original
from llasa_core.model.prompt import SENSOR_ID, Encoded, make_template
from llasa_core.model.text import TextCodec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from llasa_core.model.multimodal import LlasaModel

pytestmark = pytest.mark.shared

THEIR_PLACEHOLDER, NOT_LEARNED = -200, -100
KINDS = {"full": ("full", "full_bin"), "stage1": ("stage1",), "lora": ("lora", "lora_bin")}
OURS = {"v1": "vicuna_v1", "llava_v1": "llava_v1", "plain": "plain"}
"""Our names of the templates that we have."""


@pytest.fixture(scope="module")
def golden(shared: Path) -> Path:
    return shared / "golden" / "llava_tiny"


@pytest.fixture(scope="module")
def arrays(golden: Path) -> dict[str, np.ndarray]:
    with np.load(golden / "arrays.npz") as found:
        return dict(found)


@pytest.fixture(scope="module")
def cases(golden: Path) -> list[dict[str, Any]]:
    return json.loads((golden / "cases.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def load(golden: Path) -> Callable[[str], LlasaModel]:
    """Return what loads a folder of tinyA once."""
    loaded: dict[str, LlasaModel] = {}
    models = golden / "models" / "tinyA"

    def load_once(name: str) -> LlasaModel:
        if name not in loaded:
            needs = {"base_lm": models / "base", "encoder": golden.parent / "limubert" / "weights" / "uci.pt"}
            loaded[name] = load_original(models / name, **({} if name.startswith("full") else needs), device="cpu")
        return loaded[name]

    return load_once


@dataclass(frozen=True)
class Row:
    """One sample of a case."""

    encoded: Encoded
    windows: np.ndarray
    length: int
    """Positions that the original kept."""


def stored(images: np.ndarray) -> np.ndarray:
    """Return windows as we store them: the original's files hold acceleration divided by 9.8."""
    windows = images.astype(np.float32)
    windows[..., ACC] *= np.float32(ACC_SCALE)
    return windows


def turns_of(conversation: Sequence[dict[str, str]]) -> list[Turn]:
    return [Turn(turn["from"], turn["value"].replace("<image>", SENSOR)) for turn in conversation]


def encoded_of(ids: np.ndarray, labels: np.ndarray) -> Encoded:
    return Encoded(np.where(ids == THEIR_PLACEHOLDER, SENSOR_ID, ids).tolist(), (labels != NOT_LEARNED).tolist())


def rows_of(case: dict[str, Any], arrays: dict[str, np.ndarray]) -> Iterator[Row]:
    """Yield the samples of a case without their padding; windows are used up in the order of the placeholders."""
    given = {name: arrays.get(f"{case['id']}/{name}") for name in ("input_ids", "labels", "attention_mask", "images")}
    images, used = stored(given["images"]), 0
    for i, ids in enumerate(given["input_ids"]):
        is_text = np.full(len(ids), fill_value=True)
        if given["attention_mask"] is not None:
            is_text = given["attention_mask"][i].astype(bool)
        labels = given["labels"][i] if given["labels"] is not None else np.full_like(ids, NOT_LEARNED)
        n_windows = int((ids[is_text] == THEIR_PLACEHOLDER).sum())
        windows = images[used : used + n_windows]
        used += max(1, n_windows)  # a sample without a placeholder uses up one too
        yield Row(encoded_of(ids[is_text], labels[is_text]), windows, case["inputs_embeds_len"][i])


def logits_of(model: LlasaModel, row: Row) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the input vectors and logits of a sample, as far as the original kept it."""
    embeds = model.embed(collate([row.encoded], [row.windows], row.windows.shape[1]))
    return embeds[0, : row.length], model.logits(model.decode(embeds))[0, : row.length]


def learned_loss(logits: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, int]:
    """Return the summed cross-entropy of the next tokens, and their number."""
    is_learned = labels[1:] != NOT_LEARNED
    total = functional.cross_entropy(logits[:-1][is_learned], labels[1:][is_learned], reduction="sum")
    return total, int(is_learned.sum())


def chosen(cases: list[dict[str, Any]], kind: str, group: str) -> list[dict[str, Any]]:
    return [case for case in cases if case["kind"] == kind and case["id"].startswith(f"A.{group}.")]


@pytest.mark.parametrize("group", KINDS)
def test_vectors_logits_and_losses_are_the_originals(group: str, load: Callable, cases: list, arrays: dict):
    found = chosen(cases, "forward", group)
    assert found
    for model in map(load, KINDS[group]):
        for case in found:
            check_forward(model, case, arrays)


@torch.no_grad()
def check_forward(model: LlasaModel, case: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    of = {name.split("/", 1)[1]: array for name, array in arrays.items() if name.startswith(f"{case['id']}/")}
    total, n_learned = 0.0, 0
    for i, row in enumerate(rows_of(case, arrays)):
        is_real = of["spliced_attention_mask"][i].astype(bool)
        embeds, logits = logits_of(model, row)
        np.testing.assert_allclose(embeds, of["inputs_embeds"][i][is_real], atol=1e-5, err_msg=case["id"])
        np.testing.assert_allclose(logits[-1], of["logits_last"][i], atol=1e-4, err_msg=case["id"])
        if "logits_all" in of:
            np.testing.assert_allclose(logits, of["logits_all"][i][is_real], atol=1e-4, err_msg=case["id"])
        loss, n = learned_loss(logits, torch.from_numpy(of["spliced_labels"][i][is_real]))
        total, n_learned = total + float(loss), n_learned + n
    assert n_learned == case["supervised_tokens"]
    if n_learned:
        assert total / n_learned == pytest.approx(case["loss"], abs=1e-5), case["id"]


def test_gradients_of_the_projector_are_the_originals(load: Callable, cases: list, arrays: dict):
    n_compared = 0
    for case in cases:
        names = [name for name in arrays if name.startswith(f"{case['id']}/grad:")]
        if not names:
            continue
        model = load(case["id"].split(".")[1])
        parameters = {f"mm_projector.{name}": each for name, each in model.projector.named_parameters()}
        for parameter in parameters.values():
            parameter.requires_grad_(requires_grad=True).grad = None
        parts = [learned_loss(logits_of(model, row)[1], labels_of(row)) for row in rows_of(case, arrays)]
        (sum(total for total, _ in parts) / sum(n for _, n in parts)).backward()
        for name in names:
            wanted = arrays[name]
            found = next(each for ours, each in parameters.items() if name.endswith(ours)).grad
            np.testing.assert_allclose(found, wanted, atol=1e-4 * np.abs(wanted).max(), err_msg=name)
            n_compared += 1
        for parameter in parameters.values():
            parameter.requires_grad_(requires_grad=False).grad = None
    assert n_compared


def labels_of(row: Row) -> torch.Tensor:
    """Return the labels of a sample with its sensor tokens."""
    ids, is_answer = np.array(row.encoded.ids), np.array(row.encoded.is_answer)
    repeats = np.where(ids == SENSOR_ID, row.windows.shape[1], 1)
    return torch.from_numpy(np.where(is_answer, ids, NOT_LEARNED).repeat(repeats))[: row.length]


@pytest.mark.parametrize("group", KINDS)
def test_greedy_answers_are_the_originals(group: str, load: Callable, cases: list, arrays: dict):
    found = chosen(cases, "generate", group)
    assert found
    for model in map(load, KINDS[group]):
        for case in found:
            for row, wanted in zip(rows_of(case, arrays), case["greedy_new_ids"], strict=True):
                assert greedy(model, row, case.get("eos_token_id", 2), len(wanted)) == wanted, case["id"]


@torch.no_grad()
def greedy(model: LlasaModel, row: Row, end: int, at_most: int) -> list[int]:
    """Return the likeliest tokens with their end; filled up with 0 as the original does."""
    embeds = model.embed(collate([row.encoded], [row.windows], row.windows.shape[1]))
    tokens: list[int] = []
    while len(tokens) < at_most and end not in tokens:
        tokens.append(int(model.logits(model.decode(embeds)[0, -1]).argmax()))
        embeds = torch.cat([embeds, model.lm.get_input_embeddings()(torch.tensor([[tokens[-1]]]))], dim=1)
    return tokens + [0] * (at_most - len(tokens))


def test_our_own_decoding_gives_their_answers(load: Callable, cases: list, arrays: dict):
    n_compared = 0
    for case in cases:
        if case["kind"] != "generate" or case["template"] not in OURS or "eos_token_id" in case:
            continue
        model = load(case["id"].split(".")[1])
        model.template = make_template(ModelConfig(template=OURS[case["template"]]), model.codec)
        for row, prompt, wanted in zip(rows_of(case, arrays), case["prompts"], case["greedy_new_ids"], strict=True):
            question = prompt.split(" USER: ")[1].removesuffix(" ASSISTANT:").replace("<image>", SENSOR)
            turns = [Turn("human", question)]
            assert list(generate_tokens(model, row.windows, turns, max_new_tokens=len(wanted))) == wanted, case["id"]
            n_compared += 1
    assert n_compared


def test_a_conversation_gives_their_text(load: Callable, golden: Path):
    model = load("full")
    model.template = make_template(ModelConfig(template="llava_v1"), model.codec)
    with np.load(golden / "training" / "windows.npz") as windows:
        for asked in json.loads((golden / "prompts.json").read_text(encoding="utf-8"))["eval_model_text"]:
            turns = [Turn("human", f"{SENSOR}\n{asked['query']}")]
            window = stored(windows[f"w{asked['window']}"][None])
            assert "".join(stream_answer(model, window, turns, max_new_tokens=16)).strip() == asked["text"]


def test_token_ids_and_masks_of_every_sample_are_the_originals(load: Callable, cases: list, arrays: dict):
    codec = load("full").codec
    n_compared = 0
    for case in cases:
        if case["kind"] == "forward":
            for row, name, conversation in zip(
                rows_of(case, arrays), case["templates"], case["conversations"], strict=True
            ):
                template = make_template(ModelConfig(template=OURS[name]), codec)
                assert template.encode(turns_of(conversation)) == row.encoded, case["id"]
                n_compared += 1
    assert n_compared


@pytest.mark.parametrize("legacy", [False, True])
def test_conversations_are_tokenised_and_masked_as_the_original_does(legacy: bool, golden: Path, tmp_path: Path):  # noqa: FBT001
    codec = codec_with(golden, tmp_path, legacy=legacy)
    n_compared = 0
    for case in json.loads((golden / "tokenise.json").read_text(encoding="utf-8")):
        if case["legacy"] is legacy and case["template"] in OURS:
            template = make_template(ModelConfig(template=OURS[case["template"]]), codec)
            encoded = encoded_of(np.array(case["input_ids"]), np.array(case["labels"]))
            assert template.encode(turns_of(case["conversation"])) == encoded, case["prompt"]
            n_compared += 1
    assert n_compared


def test_questions_are_asked_in_the_originals_tokens(load: Callable, golden: Path):
    codec = load("full").codec
    template = make_template(ModelConfig(template="llava_v1"), codec)
    n_compared = 0
    for asked in json.loads((golden / "prompts.json").read_text(encoding="utf-8"))["eval_model"]:
        if asked["conv_mode"] == "llava_v1" and not asked["error"]:
            query = asked["query"]
            mark = "<image-placeholder>"
            question = query.replace(mark, SENSOR) if mark in query else f"{SENSOR}\n{query}"
            ids = np.array(asked["input_ids"])
            assert template.encode([Turn("human", question)]).ids == encoded_of(ids, ids).ids, query
            n_compared += 1
    assert n_compared


def test_whole_prompts_of_other_templates_are_cut_alike(golden: Path, load: Callable):
    codec = load("full").codec
    for case in json.loads((golden / "tokenise.json").read_text(encoding="utf-8")):
        if case["legacy"] is False:
            ids = codec.encode("<s>", with_special=True)
            for i, part in enumerate(case["prompt"].split("<image>")):
                ids += [THEIR_PLACEHOLDER] * (i > 0) + (codec.encode(part, with_special=True) if part else [])
            assert ids == case["input_ids"], case["prompt"]


def codec_with(golden: Path, folder: Path, *, legacy: bool) -> TextCodec:
    """Return the fixture's tokenizer with another `legacy`."""
    base = golden / "models" / "tinyA" / "base"
    shutil.copy(base / "tokenizer.model", folder)
    settings = json.loads((base / "tokenizer_config.json").read_text(encoding="utf-8"))
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "legacy": legacy}), encoding="utf-8")
    return TextCodec.from_folder(folder)


@pytest.mark.parametrize(("run", "questions"), [("stage1", "pretrain"), ("full", "finetune")])
def test_training_from_their_start_gives_their_losses_and_weights(run: str, questions: str, golden: Path):
    models, training = golden / "models" / "tinyA", golden / "training"
    encoder = golden.parent / "limubert" / "weights" / "uci.pt"
    template = "plain" if run == "stage1" else "vicuna_v1"
    model = load_original(models / "stage1", models / "base", encoder, template=template, device="cpu")
    with np.load(training / "tinyA" / f"{run}_projector_at_start.npz") as start:
        model.projector.load_state_dict(
            {name.split("mm_projector.")[1]: torch.from_numpy(start[name]) for name in start.files}
        )
    trace = json.loads((training / "tinyA" / f"{run}_trace.json").read_text(encoding="utf-8"))
    items = json.loads((training / f"{questions}.json").read_text(encoding="utf-8"))
    trained = model.projector if run == "stage1" else torch.nn.ModuleList([model.projector, model.lm])
    with np.load(training / "windows.npz") as windows:
        rows = [row_of(model, items[i], windows) for i in trace["sample_order"]]
    losses = train(
        model, trained, rows, 3 if run == "stage1" else 4, [rates[0] for rates in trace["lr_per_step_by_group"]]
    )

    assert losses == pytest.approx(trace["loss_per_step"], abs=1e-5)
    theirs = load_original(models / run, models / "base", encoder, device="cpu")
    for name, parameter in theirs.state_dict().items():
        if name.startswith(("projector.", "lm.")):
            torch.testing.assert_close(model.state_dict()[name], parameter, atol=1e-5, rtol=0, msg=name)


def row_of(model: LlasaModel, item: dict[str, Any], windows: Any) -> Row:
    encoded = model.template.encode(turns_of(item["conversations"]))
    window = stored(windows[item["image"].removesuffix(".npy")][None])
    return Row(encoded, window, len(encoded.ids) + window.shape[1] - 1)


def train(
    model: LlasaModel, trained: torch.nn.Module, rows: list[Row], batch_size: int, rates: list[float]
) -> list[float]:
    """Train as transformers' Trainer does; return the loss before each step."""
    parameters = list(trained.requires_grad_(requires_grad=True).parameters())
    optimizer = torch.optim.AdamW(parameters, weight_decay=0.0)
    losses = []
    for step, rate in enumerate(rates):
        batch = rows[step * batch_size : (step + 1) * batch_size]
        parts = [learned_loss(logits_of(model, row)[1], labels_of(row)) for row in batch]
        loss = sum(total for total, _ in parts) / sum(n for _, n in parts)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        losses.append(loss.item())
    return losses
