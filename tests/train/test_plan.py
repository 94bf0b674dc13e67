from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from llasa_core.data.qa import QaItem, Turn, WindowRef, write_qa
from llasa_core.files import write_json
from llasa_core.recipe_file import LoadedRecipe, load_recipe
from llasa_core.train.plan import make_plan, source_of

if TYPE_CHECKING:
    from llasa_core.data.qa import Kind

RECIPE = """\
data: {folder: D}
model: {base_lm: tiny-random, sensor_tokens: 8}
pretrain: {epochs: 2, batch_size: 2}
finetune: {samples_per_epoch: 4, batch_size: 3, epochs: 3}
"""


def item(split: str, number: int, kind: Kind) -> QaItem:
    """Return a question about one window."""
    conversation = (Turn("human", "<sensor>\nWhat?"), Turn("gpt", "Walking."))
    return QaItem(f"{split}/{kind}-{number}", (WindowRef("windows-00000.h5", number),), kind, "csv/a", conversation)


def make_data_folder(folder: Path, kinds: dict[Kind, int]) -> None:
    """Make a data folder without windows: a plan needs the manifest and the questions alone."""
    folder.mkdir()
    people = {"train": "hapt/01", "val": "hapt/04", "test": "hapt/03"}  # the real split decides
    manifest = {
        "schema_version": 1,
        "settings": {"windows": {"window_s": 6.0, "sampling_rate_hz": 20.0, "stride_s": 3.0}},
        "activities": ["walking"],
        "subjects": list(people.values()),
        "splits": {split: [person] for split, person in people.items()},
        "qa_items": {},
        "left_out": [],
        "sources": [
            {"subject": person, "windows": 10, "activities": {"walking": 10}, "left_out": [], "notes": []}
            for person in people.values()
        ],
    }
    write_json(folder / "manifest.json", manifest)
    for split in people:
        write_qa(
            folder / f"qa-{split}.json", [item(split, i, kind) for kind, count in kinds.items() for i in range(count)]
        )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, which is empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(*overrides: str) -> LoadedRecipe:
    """Load the recipe from the current folder."""
    Path("r.yaml").write_text(RECIPE)
    return load_recipe(Path("r.yaml"), overrides)


@pytest.mark.usefixtures("folder")
def test_a_plan_counts_data_steps_and_parameters():
    make_data_folder(Path("D"), {"caption": 5, "activity": 6})

    plan = make_plan(load(), "pretrain")

    windows = plan.data.splits["train"]["windows"] if plan.data else None
    encoder, pretrain = plan.stages
    assert plan.problem is None
    assert plan.data is not None
    assert plan.data.qa_items["test"] == {"activity": 6, "caption": 5}
    assert (encoder.stage, encoder.items, encoder.trained) == ("encoder", windows, {"encoder": 57_390})
    assert (pretrain.items, pretrain.items_per_epoch, pretrain.steps) == (
        5,
        5,
        6,
    )  # captions alone: 2 epochs of 3 steps
    assert pretrain.trained == {"projector": 73 * 64 + 65 * 64}


@pytest.mark.usefixtures("folder")
def test_the_samples_of_an_epoch_and_the_steps_can_be_capped():
    make_data_folder(Path("D"), {"caption": 5, "activity": 6})

    (finetune,) = make_plan(load(), "finetune").stages
    (capped,) = make_plan(load("finetune.max_steps=5"), "finetune").stages

    assert (finetune.items, finetune.items_per_epoch, finetune.steps) == (11, 4, 6)
    assert capped.steps == 5
    assert make_plan(load("finetune.max_steps=5"), "finetune").lines()[-2] == (
        "  steps     5 of 6, stopped by `max_steps`: 2.5 epochs of 4 of 11 QA items, 3 a step"
    )


@pytest.mark.usefixtures("folder")
def test_a_recipe_with_an_encoder_trains_none():
    make_data_folder(Path("D"), {"caption": 5})

    assert [stage.stage for stage in make_plan(load("encoder.checkpoint=e.pt"), "pretrain").stages] == ["pretrain"]


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("finetune.epochs=1", ["projector", "adapter"]),
        ("finetune.lm=whole", ["projector", "lm"]),
        ("finetune.encoder_learning_rate=1e-5", ["projector", "encoder", "adapter"]),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_plan_lists_what_is_trained(override: str, parts: list[str]):
    (finetune,) = make_plan(load(override), "finetune").stages

    assert list(finetune.trained) == parts
    assert None not in finetune.trained.values()


@pytest.mark.usefixtures("folder")
def test_without_data_everything_else_is_shown():
    plan = make_plan(load(), "finetune", ["deepspeed", "--num_gpus", "2"])

    assert str(plan.problem) == (
        "there is no data folder here\n  where: D\n  fix:   make it with `llasa prepare-data SOURCE --out D`"
    )
    assert plan.lines() == [
        "data      not there yet",
        "finetune",
        "  trains    projector 8,832, adapter 16,384 parameters",
        "  steps     unknown while the data is not there",
        "launcher  deepspeed --num_gpus 2",
    ]


@pytest.mark.usefixtures("folder")
def test_a_plan_in_words():
    make_data_folder(Path("D"), {"caption": 5, "activity": 6})

    assert make_plan(load("model.base_lm=a/b", "finetune.lm=whole"), "finetune").lines() == [
        "data      D",
        "  train   10 windows of 1 subject; QA items: 6 activity, 5 caption",
        "  val     10 windows of 1 subject; QA items: 6 activity, 5 caption",
        "  test    10 windows of 1 subject; QA items: 6 activity, 5 caption",
        "finetune",
        "  trains    projector unknown, lm unknown parameters (the sizes of a/b are not known before it is fetched)",
        "  steps     6: 3 epochs of 4 of 11 QA items, 3 a step",
        "launcher  none: one process trains on the CPU",
    ]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["encoder.max_len=100"],
            (
                "a window of 120 samples is longer than the encoder's 100\n"
                "  where: D\n"
                "  fix:   prepare the data with shorter windows, or raise `encoder.max_len`"
            ),
        ),
        (
            ["model.sensor_tokens=7"],
            (
                "7 sensor tokens do not divide a window of 120 samples\n"
                "  where: D\n"
                "  fix:   set `model.sensor_tokens` to a divisor of 120"
            ),
        ),
        (
            ["finetune.kinds=[timeline, compare]"],
            (
                "the data folder has no QA items of kind timeline or compare to train on\n"
                "  where: D/qa-train.json\n"
                "  fix:   prepare the data with questions (`--qa facts`), or name other `kinds` in the recipe"
            ),
        ),
    ],
)
@pytest.mark.usefixtures("folder")
def test_data_that_does_not_fit_is_a_problem(overrides: list[str], message: str):
    make_data_folder(Path("D"), {"caption": 5})

    plan = make_plan(load(*overrides), "finetune")

    assert str(plan.problem) == message
    assert plan.data is not None


@pytest.mark.usefixtures("folder")
def test_what_a_stage_starts_from():
    recipe, with_encoder = load().resolved, load("encoder.checkpoint=e.pt").resolved
    runs = Path("runs/r")

    assert source_of("pretrain", recipe, runs) == Path("runs/r/encoder/checkpoint/encoder.safetensors")
    assert source_of("pretrain", with_encoder, runs) == Path("e.pt")
    assert source_of("finetune", recipe, runs) == Path("runs/r/pretrain/checkpoint")


def test_a_plan_is_made_without_torch():
    code = "import sys, llasa_core.train.plan; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
