from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from llasa_core.errors import ErrorGroup, LlasaError, RecipeError
from llasa_core.recipe import DataConfig, Recipe
from llasa_core.recipe_file import described, load_recipe, recipe_yaml, resolve_path

if TYPE_CHECKING:
    from collections.abc import Callable

    Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Return a function that writes `r.yaml` into the current folder."""
    monkeypatch.chdir(tmp_path)

    def write_text(text: str) -> Path:
        Path("r.yaml").write_text(text, encoding="utf-8")
        return Path("r.yaml")

    return write_text


LIST_FIELDS = "`llasa recipe schema` lists the fields"
LOOK_NEAR = "look at the indentation, colons and quotes near this place"
ADD_DATA = "add it, such as `data: {folder: data/hapt}`"


def error_of(path: Path, *overrides: str) -> str:
    """Return the whole text of the error that loading raises."""
    with pytest.raises(LlasaError) as caught:
        load_recipe(path, overrides)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_a_recipe_needs_no_more_than_its_data(write: Write):
    loaded = load_recipe(write("data: {folder: d}\n"))

    assert loaded.recipe == Recipe(data=DataConfig(folder=Path("d")))
    assert loaded.name == "r"


def test_every_value_knows_where_it_came_from(write: Write):
    text = "seed: 3\ndata:\n  folder: d\nfinetune: {adapter: {rank: 4}}\n"
    sources = load_recipe(write(text), ["finetune.epochs=2"]).sources

    assert sources["seed"] == "r.yaml:1:1"
    assert sources["data.folder"] == "r.yaml:3:3"
    assert sources["finetune.adapter.rank"] == "r.yaml:4:22"
    assert sources["finetune.epochs"] == "--set finetune.epochs=2"
    assert sources["finetune.adapter.alpha"] == "default"


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_file(write: Write):
    path = write("data: {folder: d}\npretrain: {epochs: many}\n\nfinetune:\n  rank: 8\n  learning_rat: 1.0e-3\n")

    with pytest.raises(ErrorGroup) as caught:
        load_recipe(path)

    assert str(caught.value) == (
        '`pretrain.epochs` is "many", expected a whole number above 0\n'
        "  where: r.yaml:2:20\n"
        "  fix:   `llasa recipe schema` lists the fields\n"
        "`finetune.rank` is not a field; `rank` belongs under `finetune.adapter`\n"
        "  where: r.yaml:5:3\n"
        "  fix:   `llasa recipe schema` lists the fields\n"
        "`finetune.learning_rat` is not a field; did you mean `finetune.learning_rate`?\n"
        "  where: r.yaml:6:3\n"
        "  fix:   `llasa recipe schema` lists the fields"
    )


@pytest.mark.parametrize(
    ("text", "message", "where", "fix"),
    [
        ("pretrain: {epochs: 1}\n", "`data.folder` is missing", "r.yaml", ADD_DATA),
        ("data: {}\n", "`data.folder` is missing", "r.yaml:1:7", ADD_DATA),
        ("", "the recipe is empty", "r.yaml", "write at least `data: {folder: data/hapt}`"),
        ("# nothing\n", "the recipe is empty", "r.yaml", "write at least `data: {folder: data/hapt}`"),
        (
            "\n- seed\n",
            "a recipe is made of `name: value` lines, this file holds something else",
            "r.yaml:2:1",
            "look at recipes/smol.yaml for an example",
        ),
        (
            "data: {folder: d}\nseed: 1\nseed: 2\n",
            "`seed` stands twice; the first is in line 2",
            "r.yaml:3:1",
            "remove one of them",
        ),
        (
            "data: {folder: d}\nseed: [1, 2\n",
            "this is not YAML: expected ',' or ']', but got '<stream end>'",
            "r.yaml:3:1",
            LOOK_NEAR,
        ),
        (
            "data: {folder: d}\nseed: \x07\n",
            "this is not YAML: the character U+0007 is not allowed",
            "r.yaml:2:7",
            "remove it",
        ),
        (
            "data: {folder: d}\n---\nseed: 1\n",
            "this is not YAML: expected a single document in the stream, but found another document",
            "r.yaml:2:1",
            LOOK_NEAR,
        ),
        ("data: {folder: d}\n? [a]\n: 1\n", "a field's name is not a single word", "r.yaml:2:3", LIST_FIELDS),
        (
            "data: {folder: d}\npretrain: {learning_rate: 2e-4}\n",
            '`pretrain.learning_rate` is "2e-4", expected a number above 0; YAML reads this as text',
            "r.yaml:2:27",
            "write 2.0e-4",
        ),
        (
            "data: {folder: d}\npretrain: {learning_rate: 1.5E3}\n",
            '`pretrain.learning_rate` is "1.5E3", expected a number above 0; YAML reads this as text',
            "r.yaml:2:27",
            "write 1.5e+3",
        ),
        (
            "data: {folder: d}\npretrain: {epochs: '3'}\n",
            '`pretrain.epochs` is "3", expected a whole number above 0; YAML reads this as text',
            "r.yaml:2:20",
            "write 3 without quotes",
        ),
        ("data: {folder: 7}\n", "`data.folder` is 7, expected a path", "r.yaml:1:16", 'put it in quotes: "7"'),
        (
            "data: {folder: d}\nfinetune: {learning_rate: .inf}\n",
            "`finetune.learning_rate` is .inf, expected a number above 0, and finite",
            "r.yaml:2:27",
            LIST_FIELDS,
        ),
        (
            "data: {folder: d}\nfinetune: {adapter: {rank: yes}}\n",
            "`finetune.adapter.rank` is yes, expected a whole number above 0",
            "r.yaml:2:28",
            LIST_FIELDS,
        ),
        (
            "data: {folder: d}\neval: {split: tset}\n",
            '`eval.split` is "tset", expected one of train, val, test; did you mean `test`?',
            "r.yaml:2:15",
            LIST_FIELDS,
        ),
        (
            "data: {folder: d}\nfinetune: {kinds: [caption, fat]}\n",
            (
                '`finetune.kinds[1]` is "fat", expected one of activity, fact, caption, compare, timeline, '
                "reasoning, unanswerable; did you mean `fact`?"
            ),
            "r.yaml:2:29",
            LIST_FIELDS,
        ),
        (
            "data: {folder: d}\nfinetune: {kinds: caption}\n",
            (
                '`finetune.kinds` is "caption", expected a list, each one of activity, fact, caption, '
                "compare, timeline, reasoning, unanswerable, not empty, or null"
            ),
            "r.yaml:2:19",
            LIST_FIELDS,
        ),
        (
            "data: {folder: d}\nmodel: {projector: mlp}\n",
            '`model.projector` is "mlp", expected text that matches ^(linear|mlp[1-9]x_gelu)$',
            "r.yaml:2:20",
            LIST_FIELDS,
        ),
        (
            "data: {folder: d}\nencoder:\n",
            "`encoder` is empty, expected a group of settings",
            "r.yaml:2:9",
            LIST_FIELDS,
        ),
        (
            "data: {folder: d}\nfinetune: {warmup_fraction: 1}\n",
            "`finetune.warmup_fraction` is 1, expected a number of at least 0 and below 1",
            "r.yaml:2:29",
            LIST_FIELDS,
        ),
        (
            "data: {folder: d}\nfinetune: {lr: 1.0e-3}\n",
            "`finetune.lr` is not a field; did you mean `finetune.learning_rate`?",
            "r.yaml:2:12",
            LIST_FIELDS,
        ),
        (
            "data: {folder: d}\nbatch_size: 4\n",
            ("`batch_size` is not a field; `batch_size` belongs under `encoder.pretraining`, `pretrain` or `finetune`"),
            "r.yaml:2:1",
            LIST_FIELDS,
        ),
        (
            "data: {folder: d}\nfinetune: {kinds: []}\n",
            (
                "`finetune.kinds` is an empty list, expected a list, each one of activity, fact, caption, compare, "
                "timeline, reasoning, unanswerable, not empty, or null"
            ),
            "r.yaml:2:19",
            LIST_FIELDS,
        ),
        (
            "data: {folder: d}\nencoder: {hidden: 70}\n",
            "`encoder.n_heads` 4 does not divide `encoder.hidden` 70",
            "r.yaml:2:19",
            LIST_FIELDS,
        ),
        (
            "data: {folder: d}\nmodel: {quantization: nf4}\nfinetune: {lm: whole}\n",
            (
                "`finetune.lm: whole` cannot train weights that `model.quantization: nf4` holds; "
                "take `lm: adapter`, or no quantization"
            ),
            "r.yaml:3:16",
            LIST_FIELDS,
        ),
        (
            "data: {folder: d}\nmodel: {quantization: nf4}\npretrain: {zero_stage: 3}\n",
            (
                "`pretrain.zero_stage: 3` cannot share out what `model.quantization: nf4` holds; "
                "take 2 or less, or no quantization"
            ),
            "r.yaml:3:24",
            LIST_FIELDS,
        ),
        (
            "data: {folder: d}\nmodel: {quantization: nf4}\nfinetune: {offload: all}\n",
            (
                "`finetune.offload: all` cannot move what `model.quantization: nf4` holds; "
                "take `optimizer`, or no quantization"
            ),
            "r.yaml:3:21",
            LIST_FIELDS,
        ),
        (
            "data: {folder: d}\nmodel: {base_lm: ''}\n",
            '`model.base_lm` is "", expected text, not empty',
            "r.yaml:2:18",
            LIST_FIELDS,
        ),
        ("data: {folder: d}\nzzz: 4\n", "`zzz` is not a field", "r.yaml:2:1", LIST_FIELDS),
    ],
)
def test_a_mistake_says_what_where_and_what_to_do(write: Write, text: str, message: str, where: str, fix: str):
    assert error_of(write(text)) == f"{message}\n  where: {where}\n  fix:   {fix}"


def test_an_alias_inside_its_anchor_does_not_hang(write: Write):
    assert error_of(write("seed: &s [*s]\ndata: {folder: d}\n")) == (
        "an alias stands inside its own anchor\n  where: r.yaml:1:7\n  fix:   write the value out"
    )


def test_a_missing_recipe_names_those_that_are_there(write: Write):
    write("seed: 1\n")

    assert error_of(Path("smol.yaml")) == (
        "there is no recipe smol.yaml\n  where: smol.yaml\n  fix:   recipes there: r.yaml"
    )
    assert error_of(Path("no/smol.yaml")) == (
        "there is no recipe smol.yaml\n  where: no/smol.yaml\n  fix:   name a file such as recipes/smol.yaml"
    )


def test_a_folder_is_no_recipe(write: Write):
    write("seed: 1\n")

    assert error_of(Path()) == ". is a folder, not a recipe\n  where: .\n  fix:   recipes there: r.yaml"


def test_text_that_is_not_utf8_is_pointed_at(write: Write):
    path = write("")
    path.write_bytes("seed: 1\nmodel: {system: Über}\n".encode("latin-1"))

    assert error_of(path) == "the recipe is not UTF-8 text\n  where: r.yaml:2:17\n  fix:   save the file as UTF-8"


def test_a_flag_wins_over_the_file(write: Write):
    path = write("data: {folder: d}\nseed: 1\nfinetune: {adapter:}\n")
    recipe = load_recipe(path, ["seed=2", "seed=3", "pretrain.learning_rate=1e-4", "finetune.adapter.rank=4"]).recipe

    assert recipe.seed == 3
    assert recipe.pretrain.learning_rate == 1e-4
    assert recipe.finetune.adapter.rank == 4


def test_a_flag_takes_groups_lists_and_null(write: Write):
    path = write("data: {folder: d}\nfinetune: {adapter: {dropout: 0.1}}\n")
    loaded = load_recipe(path, ["finetune.adapter={rank: 4}", "finetune.kinds=[caption]", "eval.max_windows=null"])

    assert (loaded.recipe.finetune.adapter.rank, loaded.recipe.finetune.adapter.dropout) == (4, 0.0)
    assert loaded.recipe.finetune.kinds == ("caption",)
    assert loaded.sources["finetune.adapter.rank"] == "--set finetune.adapter={rank: 4}"
    assert loaded.sources["finetune.adapter.dropout"] == "default"
    assert load_recipe(path, ["finetune.kinds=null"]).recipe.finetune.kinds is None


def test_a_flag_mends_a_mistake_in_the_file(write: Write):
    path = write("data: {folder: d}\npretrain: {kinds: [fat]}\n")

    assert load_recipe(path, ["pretrain.kinds=[fact]"]).recipe.pretrain.kinds == ("fact",)


@pytest.mark.parametrize(
    ("override", "message", "where", "fix"),
    [
        (
            "pretrain.epoch=2",
            "`pretrain.epoch` is not a field; did you mean `pretrain.epochs`?",
            "--set pretrain.epoch=2",
            LIST_FIELDS,
        ),
        (
            "pretrain.epochs=two",
            '`pretrain.epochs` is "two", expected a whole number above 0',
            "--set pretrain.epochs=two",
            LIST_FIELDS,
        ),
        (
            "seed.x=1",
            "`seed` is a group of settings, expected a whole number of at least 0 and below 4,294,967,296",
            "--set seed.x=1",
            LIST_FIELDS,
        ),
        ("seed", '"seed" is not KEY=VALUE', "--set seed", "write it like `--set pretrain.learning_rate=1.0e-3`"),
        (
            "model.system=a: b: c",
            "this is not YAML: mapping values are not allowed here",
            "--set model.system=a: b: c",
            "put the value in quotes",
        ),
    ],
)
def test_a_wrong_flag_is_named(write: Write, override: str, message: str, where: str, fix: str):
    assert error_of(write("data: {folder: d}\n"), override) == f"{message}\n  where: {where}\n  fix:   {fix}"


def test_a_recipe_written_out_loads_back_equal(write: Write):
    overrides = ["finetune.kinds=[fact]", "model.system='a: \"b\"\n\n ü'", "pretrain.learning_rate=1e-7"]
    text = "data: {folder: d}\npretrain: {activation_checkpointing: true, zero_stage: 2}\nfinetune: {lm: whole}\n"
    recipe = load_recipe(write(text), overrides).recipe

    assert load_recipe(write(recipe_yaml(recipe))).recipe == recipe


def test_a_recipe_described_is_yaml_that_loads_back_equal(write: Write):
    loaded = load_recipe(write('data: {folder: "a # b"}\nmodel: {system: "x\\ny"}\nfinetune: {kinds: [fact]}\n'))

    text = described(loaded)

    assert load_recipe(write(text)).recipe == loaded.recipe
    assert text.splitlines()[0].split() == ["seed:", "7", "#", "default"]
    assert text.splitlines()[2].split() == ["folder:", "'a", "#", "b'", "#", "r.yaml:1:8"]


def test_paths_are_looked_for_beside_the_recipe_first(write: Write, tmp_path: Path):
    write("")
    (tmp_path / "sub" / "data").mkdir(parents=True)
    recipe_file = tmp_path / "sub" / "r.yaml"
    recipe_file.write_text("data: {folder: data}\nencoder: {checkpoint: e.pt}\nhead: {folder: data}\n")

    loaded = load_recipe(recipe_file)

    assert loaded.resolved.data.folder == tmp_path / "sub" / "data"
    assert loaded.resolved.encoder.checkpoint == Path("e.pt")
    assert loaded.resolved.head.folder == tmp_path / "sub" / "data"
    assert loaded.recipe.data.folder == Path("data")
    assert resolve_path(loaded, tmp_path / "elsewhere") == tmp_path / "elsewhere"


def test_the_mistakes_of_an_error_group_are_errors_of_their_own(write: Write):
    with pytest.raises(ErrorGroup) as caught:
        load_recipe(write("seed: x\ndat: 1\n"))

    assert all(isinstance(error, RecipeError) for error in caught.value.errors)
    assert [error.where for error in caught.value.errors] == ["r.yaml", "r.yaml:1:7", "r.yaml:2:1"]
