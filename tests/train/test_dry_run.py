"""`--dry-run` looks at the samples and at the machine; it needs no GPU, no network and no weights."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from llasa_cli.app import main
from llasa_core.data.qa import QaItem, Turn, WindowRef, read_qa, write_qa
from llasa_core.model.tiny_lm import TINY_CONFIG
from llasa_core.recipe_file import load_recipe
from llasa_core.train import samples
from llasa_core.train.outlook import Devices
from llasa_core.train.plan import Plan, make_plan

if TYPE_CHECKING:
    from collections.abc import Sequence

TINY = Path(__file__).parents[2] / "recipes" / "tiny.yaml"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LLASA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def plan_of(*overrides: str, stage: str = "finetune", devices: Devices | None = None) -> Plan:
    """Return the whole plan of a stage of the tiny recipe."""
    return make_plan(load_recipe(TINY, overrides), stage, devices=devices, looks_at_samples=True)  # type: ignore[arg-type]


def data_folder(items: Sequence[QaItem] | None = None) -> Path:
    """Copy tiny's data to `D`, with other training items if they are given."""
    shutil.copytree(TINY.parent / "tiny" / "data", "D")
    if items is not None:
        write_qa(Path("D/qa-train.json"), items)
    return Path("D")


def item(number: int, question: str = "Q", answer: str = "A") -> QaItem:
    """Return a question about one window; the tiny tokenizer has a token for each byte."""
    turns = (Turn("human", f"<sensor>{question}"), Turn("gpt", answer))
    return QaItem(f"item-{number}", (WindowRef("windows-00000.h5", 0),), "caption", "csv/a", turns)


ROUND = len("<|im_start|>user\n".replace("<|im_start|>", "x")) + 8 + len("x\nxassistant\n") + 1
"""Tokens around a question and its answer: a special token is one; 8 sensor tokens."""


def test_lengths_packs_and_tokens_can_be_counted_by_hand():
    data_folder([item(i, "Q" * (i + 1)) for i in range(8)])

    (finetune,) = plan_of(
        "data.folder=D", "finetune.batch_size=4", "finetune.micro_batch_tokens=100", "finetune.max_steps=null"
    ).stages

    found = finetune.samples
    assert found is not None
    assert (found.samples, found.steps, found.is_all) == (8, 2, True)
    assert (found.shortest, found.longest) == (ROUND + 2, ROUND + 9)
    assert (found.p50, found.p95) == (ROUND + 5, ROUND + 8)
    assert found.histogram == tuple((ROUND + i, ROUND + i + 1, 1) for i in range(2, 10))
    total = sum(ROUND + i for i in range(2, 10))
    assert found.tokens_per_step == total / 2
    assert found.tokens_per_epoch == total
    assert found.learned_share == round(8 * 2 / total, 4)  # "A" and the end of the turn
    assert found.packs_per_step == 2  # two samples of about 43 in 100, and no third
    assert found.packing_efficiency == round(total / 400, 4)
    assert found.context == TINY_CONFIG["max_position_embeddings"]


def test_what_is_learned_is_marked():
    data_folder([item(0, "Why\tso?\x1b[31m", "Be\ncause.")])
    (finetune,) = plan_of("data.folder=D").stages

    assert finetune.samples is not None
    (preview,) = finetune.samples.previews
    assert preview.line(lambda text: f"*{text}*") == (
        "<|im_start|>user⏎<sensor>×8Why⇥so?�[31m<|im_end|>⏎<|im_start|>assistant⏎*Be⏎cause.<|im_end|>*"
    )
    assert [(piece.kind, piece.tokens) for piece in preview.pieces] == [
        ("prompt", 6),
        ("sensor", 8),
        ("prompt", 12 + 1 + 1 + 1 + 10),
        ("learned", 9 + 1),
    ]


def test_only_so_many_samples_are_looked_at(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(samples, "MOST_ENCODED", 5)
    data_folder([item(i) for i in range(12)])

    plan = plan_of("data.folder=D", "finetune.batch_size=2", "finetune.max_steps=null")

    found = plan.stages[0].samples
    assert found is not None
    assert (found.samples, found.steps, found.is_all) == (4, 2, False)
    assert found.tokens_per_epoch == 12 * (ROUND + 2)
    lengths = f"{ROUND + 2} (median), {ROUND + 2} (95 %), {ROUND + 2} (longest) tokens"
    assert f"  lengths   {lengths}; 4 samples, of the first 2 steps" in plan.lines()


def test_the_survey_in_words():
    data_folder([item(i, "Q" * (i // 2 + 1)) for i in range(8)])
    lines = plan_of("data.folder=D", "finetune.micro_batch_tokens=200", devices=Devices()).lines()

    start = next(i for i, line in enumerate(lines) if line.startswith("  lengths"))
    low = ROUND + 2
    assert "  attention each: no kernel without a CUDA device" in lines[:start]
    assert lines[start : start + 7] == [
        f"  lengths   {low + 1} (median), {low + 3} (95 %), {low + 3} (longest) tokens; 8 samples, all of an epoch",
        *(f"            {low + i}–{low + i} {'█' * 40} 2" for i in range(4)),
        f"  packs     2.0 a step, {round(100 * (8 * low + 12) / 400)} % of 200 tokens filled; nothing is padded",
        (
            f"  tokens    {8 * low + 12} a step, about {8 * low + 12} an epoch; "
            f"{round(100 * 16 / (8 * low + 12))} % of them learned"
        ),
    ]
    assert lines[start + 7].startswith("  sample    item-")
    needed = (5760 + 8192) * (2 * 12 + 4) + 20 * 10**6 + 6 * 600  # two states, the result, a tokenizer, the log
    assert lines[-2].startswith(f"disk      {needed / 1e9:.2f} GB needed for states and results, ")
    assert lines[-2].endswith(" GB free")


def test_memory_is_predicted_for_the_largest_pack():
    data_folder([item(i, "Q" * (i + 1)) for i in range(8)])
    plan = plan_of("data.folder=D", "finetune.batch_size=4", "finetune.micro_batch_tokens=100")
    (finetune,) = plan.stages

    assert finetune.samples is not None
    size = finetune.samples.largest_pack
    assert (size.samples, size.windows, size.learned) == (2, 2, 4)
    assert 2 * (ROUND + 2) < size.tokens <= 100
    assert finetune.layout is not None
    assert finetune.layout.need is not None
    assert finetune.layout.need.items["trained weights"] == 4 * (5760 + 8192)
    assert f"  layout    {finetune.layout.why}" in plan.lines()
    assert any(line.startswith("  memory    ") and line.endswith(" a device predicted") for line in plan.lines())


def test_a_dry_run_for_programs_has_everything_under_keys(capsys: pytest.CaptureFixture[str]):
    assert main(["finetune", str(TINY), "--dry-run", "--json"]) == 0

    shown = json.loads(capsys.readouterr().out)
    stage = shown["stages"][0]
    assert shown["disk_free_bytes"] > 0
    assert stage["attention"] == {"name": "each", "reason": "no kernel without a CUDA device"}
    assert stage["steps"] == 6
    assert stage["micro_batch_tokens"] == 4096
    assert stage["disk_needed_bytes"] == (5760 + 8192) * (2 * 12 + 4) + 20 * 10**6 + 6 * 600
    assert stage["layout"]["placement"]["zero_stage"] == 0
    assert stage["layout"]["need"]["bytes"] > stage["layout"]["need"]["items_bytes"]["trained weights"]
    found = stage["samples"]
    assert found["unit"] == "tokens"
    assert sum(bar["samples"] for bar in found["histogram"]) == found["samples"]
    assert found["histogram"][0]["from_tokens"] == found["shortest"]
    assert {piece["kind"] for piece in found["previews"][0]["pieces"]} == {"prompt", "sensor", "learned"}


def test_without_the_base_lm_the_rest_is_shown_and_nothing_is_fetched(capsys: pytest.CaptureFixture[str]):
    assert main(["finetune", str(TINY), "--dry-run", "--set", "model.base_lm=nobody/has-this"]) == 0

    out, err = capsys.readouterr()
    assert err == ""
    reason = "the sizes of nobody/has-this are not known before it is fetched"
    assert f"  trains    projector unknown, adapter unknown parameters ({reason})\n" in out
    assert f"  layout    one CPU process; memory uncertain: {reason}\n  memory    unknown\n" in out
    assert "  lengths   not known before nobody/has-this is fetched: its tokenizer decides\n" in out
    assert "disk      unknown needed for states and results, " in out


def test_an_embedded_lm_that_is_not_here_is_not_fetched(tmp_path: Path):
    assert samples.local_lm("smollm2-135m") is None
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["model.base_lm=vicuna"],
            (
                "there is no base LM `vicuna`\n"
                "  fix:   name a local folder, a Hugging Face id such as `lmsys/vicuna-7b-v1.5`, or one of: "
                "smollm2-135m, tiny-random"
            ),
        ),
        (
            ["finetune.attention=varlen"],
            (
                "attention `varlen` cannot be had: it needs a CUDA device\n"
                "  fix:   leave `attention` out, or set it to `auto`"
            ),
        ),
        (
            ["finetune.micro_batch_tokens=30", "data.folder=D"],
            (
                f"2 samples are longer than the 30 tokens of a pack: item-0 ({ROUND + 11}), item-1 ({ROUND + 12})\n"
                f"  where: {Path('D/qa-train.json')}\n"
                f"  fix:   set `finetune.micro_batch_tokens` to {ROUND + 12} or more; a sample is never cut"
            ),
        ),
    ],
)
def test_what_cannot_be_trained_is_a_problem(overrides: list[str], message: str):
    data_folder([item(i, "Q" * (10 + i)) for i in range(2)])

    problem = plan_of(*overrides).problem

    assert problem is not None
    assert problem.exit_code == 2
    assert str(problem) == message


def test_an_lm_without_an_end_of_turn_is_a_problem():
    from llasa_core.model.tiny_lm import tiny_tokenizer  # noqa: PLC0415 - torch

    folder = Path("lm")
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(TINY_CONFIG))
    tiny_tokenizer().save(str(folder / "tokenizer.json"))
    template = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
    template += "{% if add_generation_prompt %}assistant: {% endif %}"
    settings = {"bos_token": None, "eos_token": None, "chat_template": template}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))

    chat = plan_of("model.base_lm=lm").problem
    vicuna = plan_of("model.base_lm=lm", "model.template=vicuna_v1").problem

    assert str(chat) == (
        "the base LM's chat template has no end-of-turn token: the model could not learn when to stop\n"
        "  fix:   name an instruction-tuned LM, or set `model.template: vicuna_v1`"
    )
    assert str(vicuna) == (
        "the tokenizer has no `eos_token`: the model could not learn when to stop\n"
        "  fix:   name an LM whose tokenizer has an end token"
    )


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("channels", ["gyr_x", "gyr_y", "gyr_z", "acc_x", "acc_y", "acc_z"], (
            "the shard's channels are gyr_x, gyr_y, gyr_z, acc_x, acc_y, acc_z, "
            "not acc_x, acc_y, acc_z, gyr_x, gyr_y, gyr_z"
        )),
        ("units", ["g"] * 3 + ["rad/s"] * 3, (
            "the shard's units are g, g, g, rad/s, rad/s, rad/s, not m/s^2, m/s^2, m/s^2, rad/s, rad/s, rad/s"
        )),
        ("sampling_rate_hz", 50.0, "the shard's sampling_rate_hz are 50, not 20"),
    ],
)  # fmt: skip
def test_a_shard_with_other_channels_units_or_rate_is_a_problem(name: str, value: object, message: str):
    folder = data_folder()
    with h5py.File(folder / "windows-00000.h5", "r+") as shard:
        shard.attrs[name] = value

    problem = plan_of("data.folder=D").problem

    assert problem is not None
    assert problem.exit_code == 2
    assert str(problem) == (
        f"{message}\n  where: {Path('D/windows-00000.h5')}:/\n  fix:   run `llasa prepare-data` again with `--fresh`"
    )


def test_data_of_another_rate_than_the_pretrain_run_s_is_a_problem():
    checkpoint = Path("runs/tiny/pretrain/checkpoint")
    checkpoint.mkdir(parents=True)
    (checkpoint / "config.json").write_text(json.dumps({"sampling_rate_hz": 50.0, "window_s": 6.0}))

    problem = plan_of(devices=Devices(Path("runs"))).problem

    assert problem is not None
    assert problem.message == "the windows are sampled at 20 Hz, the encoder was trained at 50 Hz"


def test_the_dry_run_packs_what_the_run_packs():
    items = read_qa(TINY.parent / "tiny" / "data" / "qa-train.json")

    (finetune,) = plan_of("finetune.max_steps=null").stages

    assert finetune.samples is not None
    assert finetune.samples.samples == len(items) == finetune.items
    assert np.isclose(finetune.samples.packing_efficiency * 4096 * finetune.samples.packs_per_step,
                      finetune.samples.tokens_per_step, rtol=0.01)  # fmt: skip
