"""What `--grid` tries, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llasa_core.errors import LlasaError
from llasa_core.sweep.grid import combine, folder_name, name_of, parse_grid, short_names, split_values

TINY = Path(__file__).parents[2] / "recipes" / "tiny.yaml"


def combinations(*flags: str) -> list[Any]:
    return combine(TINY, ["seed=3"], parse_grid(flags, "both"))


def test_every_combination_is_tried_once_with_the_last_setting_changing_fastest():
    found = combinations("finetune.learning_rate=3e-5,0.001", "finetune.adapter.rank=4,8")

    assert [combination.values for combination in found] == [(3e-5, 4), (3e-5, 8), (0.001, 4), (0.001, 8)]
    assert [c.loaded.recipe.finetune.adapter.rank for c in found] == [4, 8, 4, 8]
    assert {c.loaded.recipe.seed for c in found} == {3}


def test_a_trial_has_a_name_that_people_can_read():
    (first, *_) = combinations("finetune.learning_rate=0.00003,1e-4", "finetune.kinds=[caption,fact],null")

    assert name_of(first.settings) == "finetune.learning_rate=3e-05,finetune.kinds=caption+fact"


def test_a_name_that_no_file_system_takes_is_changed_and_kept_apart():
    assert folder_name("data.folder=data/a").startswith("data.folder=data-a-")
    assert folder_name("data.folder=data/a") != folder_name("data.folder=data-a")
    assert len(folder_name("a" * 300)) < 140


def test_values_are_split_at_commas_outside_brackets_and_quotes():
    assert split_values("[a, b],'c,d',{e: 1, f: 2},3") == ["[a, b]", "'c,d'", "{e: 1, f: 2}", "3"]


def test_short_names_stay_apart():
    assert short_names(["finetune.learning_rate", "pretrain.learning_rate", "finetune.adapter.rank"]) == {
        "finetune.learning_rate": "finetune.learning_rate",
        "pretrain.learning_rate": "pretrain.learning_rate",
        "finetune.adapter.rank": "rank",
    }


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ["finetune.learning_rate"],
            (
                '"finetune.learning_rate" is not KEY=VALUE,VALUE\n'
                "  where: --grid finetune.learning_rate\n"
                "  fix:   write it like `--grid finetune.learning_rate=3e-5,1e-4`"
            ),
        ),
        (
            ["seed=1,2", "seed=3"],
            (
                "`seed` stands in the grid twice\n"
                "  where: --grid seed=1,2\n"
                "  fix:   give all its values to one `--grid`\n"
                "`seed` stands in the grid twice\n"
                "  where: --grid seed=3\n"
                "  fix:   give all its values to one `--grid`"
            ),
        ),
        (
            ["eval.split=val,test"],
            (
                "`eval.split` says how a trial is measured, and trials that are compared are measured alike\n"
                "  where: --grid eval.split=val,test\n"
                "  fix:   give it to all of them with `--set eval.split=VALUE`"
            ),
        ),
        (
            ["finetune.learning_rate=3e-5,0.00003"],
            (
                "`finetune.learning_rate` has one value twice\n"
                "  where: --grid finetune.learning_rate=3e-5,0.00003\n"
                "  fix:   give each value once"
            ),
        ),
        (
            ["finetune.learning_rat=1,2", "finetune.adapter.rank=0,4,x"],
            (
                "`finetune.learning_rat` is not a field; did you mean `finetune.learning_rate`?\n"
                "  where: --grid finetune.learning_rat=1,2\n"
                "  fix:   `llasa recipe schema` lists the fields\n"
                "`finetune.adapter.rank` is 0, expected a whole number above 0\n"
                "  where: --grid finetune.adapter.rank=0,4,x\n"
                "  fix:   `llasa recipe schema` lists the fields\n"
                '`finetune.adapter.rank` is "x", expected a whole number above 0\n'
                "  where: --grid finetune.adapter.rank=0,4,x\n"
                "  fix:   `llasa recipe schema` lists the fields"
            ),
        ),
    ],
)
def test_a_wrong_grid_says_everything_at_once(flags: list[str], message: str):
    with pytest.raises(LlasaError) as error:
        combinations(*flags)

    assert str(error.value) == message
    assert error.value.exit_code == 2


def test_finetune_alone_takes_the_rest_as_it_is():
    with pytest.raises(LlasaError) as error:
        parse_grid(["pretrain.epochs=1,2"], "finetune")

    assert str(error.value) == (
        "`pretrain.epochs` changes more than finetune, and `--stage finetune` takes the rest as it is\n"
        "  where: --grid pretrain.epochs=1,2\n"
        "  fix:   leave `--stage finetune` out: what trials have in common is still trained once"
    )
