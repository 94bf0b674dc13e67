from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from llasa_cli.app import main
from llasa_core.errors import UsageError
from llasa_core.runs.compare import compare

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llasa_core.train.run import Run


def test_settings_that_differ_stand_beside_results(
    runs: Path, make_run: Callable[..., Run], capsys: pytest.CaptureFixture[str]
):
    make_run(runs / "other" / "finetune", steps=6, done=True, learning_rate=0.4, rank=8)

    assert main(["runs", "compare", "tiny/finetune", "runs/other/finetune"]) == 0

    lines = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert cells[:6] == [
        ["tiny/finetune", "other/finetune"],
        ["state", "interrupted at step 4 of 6", "done"],
        ["steps", "4", "6"],
        ["loss, mean of the last steps", "8.5000", "7.5000"],
        ["loss, lowest of a step", "7.0000", "5.0000"],
        ["accuracy", "–", "–"],
    ]
    assert cells[cells.index(["settings that differ"]) + 1 :] == [
        ["finetune.learning_rate", "0.2", "0.4"],
        ["learning_rate", "0.2", "0.4"],
        ["finetune.rank", "–", "8"],
        ["rank", "–", "8"],
    ]


def test_a_run_does_not_differ_from_itself(runs: Path, capsys: pytest.CaptureFixture[str]):
    assert runs.is_dir()

    assert main(["runs", "compare", "tiny/finetune", "tiny/finetune"]) == 0

    assert capsys.readouterr().out.endswith("\n\nno setting differs\n")


def test_a_comparison_as_json_holds_values(runs: Path, capsys: pytest.CaptureFixture[str]):
    assert runs.is_dir()

    assert main(["runs", "compare", "tiny/pretrain", "tiny/finetune", "--json"]) == 0

    shown = json.loads(capsys.readouterr().out)
    assert shown["settings"]["finetune.learning_rate"] == {"a": 0.1, "b": 0.2}
    assert (shown["a"]["loss"], shown["b"]["loss"], shown["a"]["best_loss"]) == (7.5, 8.5, 5.0)


def test_another_data_folder_is_seen_by_its_checksum(runs: Path):
    file = runs / "tiny" / "finetune" / "run.json"
    begun = json.loads(file.read_text())
    file.write_text(json.dumps({**begun, "data.sha256": "cd34" * 16}))

    text = str(compare("tiny/pretrain", "tiny/finetune", runs))

    assert ["data.sha256", "ab12ab12ab12…", "cd34cd34cd34…"] in [line.split() for line in text.splitlines()]


def test_a_run_that_is_not_there_is_an_error(runs: Path):
    with pytest.raises(UsageError) as raised:
        compare("tiny/finetune", "tiny/fine", runs)

    assert str(raised.value) == (
        f"there is no run `tiny/fine`\n  where: {runs}\n  fix:   did you mean `tiny/finetune`?"
    )
