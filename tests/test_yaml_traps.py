"""What YAML does that its writer did not mean: refused with the place, or read as everybody reads it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from llasa_core.errors import LlasaError
from llasa_core.recipe_file import load_recipe
from llasa_core.yaml_places import MOST_BYTES

if TYPE_CHECKING:
    from llasa_core.recipe import Recipe

DATA = "data: {folder: d}\n"
LIST_FIELDS = "`llasa recipe schema` lists the fields"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load(text: str | bytes, *flags: str) -> Recipe:
    """Write `r.yaml` as it is and load it."""
    Path("r.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_recipe(Path("r.yaml"), flags).recipe


def error_of(text: str | bytes, *flags: str) -> str:
    """Return the whole text of the error."""
    with pytest.raises(LlasaError) as caught:
        load(text, *flags)
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "message", "where", "fix"),
    [
        (
            DATA + "pretrain:\n\tepochs: 2\n",
            "this is not YAML: found character '\\t' that cannot start any token",
            "3:1",
            "look at the indentation, colons and quotes near this place",
        ),
        (DATA + "seed: 010\n", "YAML reads 010 as 8", "2:7", 'write 8, or "010" where text is meant'),
        (DATA + "seed: 1:30\n", "YAML reads 1:30 as 90", "2:7", 'write 90, or "1:30" where text is meant'),
        (
            DATA + "finetune: {learning_rate: 1:30.5}\n",
            "YAML reads 1:30.5 as 90.5",
            "2:27",
            'write 90.5, or "1:30.5" where text is meant',
        ),
        (
            DATA + "pretrain: {epochs: 2.0}\n",
            "`pretrain.epochs` is 2.0, expected a whole number above 0",
            "2:20",
            "write 2",
        ),
        (
            DATA + "model: {system: no}\n",
            "`model.system` is no, expected text",
            "2:17",
            'put it in quotes: "no"',
        ),
        (
            DATA + "finetune: {activation_checkpointing: 1}\n",
            "`finetune.activation_checkpointing` is 1, expected auto or true or false",
            "2:38",
            LIST_FIELDS,
        ),
        (
            DATA + "finetune: {activation_checkpointing: 'true'}\n",
            '`finetune.activation_checkpointing` is "true", expected auto or true or false; YAML reads this as text',
            "2:38",
            "write true without quotes",
        ),
        (
            DATA + "finetune: {activation_checkpointing: atuo}\n",
            '`finetune.activation_checkpointing` is "atuo", expected auto or true or false; did you mean `auto`?',
            "2:38",
            LIST_FIELDS,
        ),
        (
            DATA + "finetune: {zero_stage: true}\n",
            "`finetune.zero_stage` is true, expected one of auto, 0, 1, 2, 3",
            "2:24",
            LIST_FIELDS,
        ),
        (
            DATA + "finetune: {zero_stage: '2'}\n",
            '`finetune.zero_stage` is "2", expected one of auto, 0, 1, 2, 3; YAML reads this as text',
            "2:24",
            "write 2 without quotes",
        ),
        (
            DATA + "pretrain: &p {epochs: 2}\nfinetune: {<<: *p}\n",
            "the merge key `<<` is not for recipes",
            "3:12",
            "write the fields out where they belong",
        ),
        (
            "data: {folder: !!python/object/apply:os.system ['true']}\n",
            "the tag `!!python/object/apply:os.system` is not for recipes",
            "1:16",
            "write a plain value without it",
        ),
        (
            DATA + "seed: !!python/name:int\n",
            "the tag `!!python/name:int` is not for recipes",
            "2:7",
            "write a plain value without it",
        ),
        (
            DATA + "seed: !mine 3\n",
            "the tag `!mine` is not for recipes",
            "2:7",
            "write a plain value without it",
        ),
        (
            DATA + "model: {system: !!binary aGk=}\n",
            "the tag `!!binary` is not for recipes",
            "2:17",
            "write a plain value without it",
        ),
        (
            DATA + "seed: !!int many\n",
            '`seed` is "many", expected a whole number of at least 0 and below 4,294,967,296',
            "2:7",
            LIST_FIELDS,
        ),
        (
            DATA + 'model: {system: "\\ud800"}\n',
            "the text holds half a character",
            "2:17",
            "write the character itself, not its `\\u` escape",
        ),
        ('data: {folder: ""}\n', '`data.folder` is "", expected a path', "1:16", LIST_FIELDS),
        (
            DATA + "seed:\n" + "".join("  " * n + "- \n" for n in range(3)),
            "`seed` is a list, expected a whole number of at least 0 and below 4,294,967,296",
            "3:1",
            LIST_FIELDS,
        ),
        ("!x {seed: 1}\n", "the tag `!x` is not for recipes", "1:1", "write a plain value without it"),
        (
            "%YAML 3.0\n---\nseed: 1\n",
            "this is not YAML: found incompatible YAML document (version 1.* is required)",
            "1:1",
            "",
        ),
    ],
)
def test_a_trap_is_refused_at_its_place(text: str, message: str, where: str, fix: str):
    fix = fix or "look at the indentation, colons and quotes near this place"

    assert error_of(text) == f"{message}\n  where: r.yaml:{where}\n  fix:   {fix}"


def test_numbers_may_have_underscores_signs_and_other_bases():
    assert load(DATA + "seed: 1_000\n").seed == 1000
    assert load(DATA + "seed: +0x10\n").seed == 16
    assert load(DATA + "seed: 0\n").seed == 0
    assert load(DATA + "pretrain: {learning_rate: 1}\n").pretrain.learning_rate == 1.0
    assert load(DATA + "pretrain: {learning_rate: .5}\n").pretrain.learning_rate == 0.5


def test_yaml_s_other_words_for_true_and_false_are_taken():
    assert load(DATA + "pretrain: {compile: yes}\nfinetune: {compile: Off}\n").pretrain.compile
    assert load(DATA + "finetune: {activation_checkpointing: on}\n").finetune.activation_checkpointing is True


def test_an_alias_stands_for_what_its_anchor_holds():
    assert load(DATA + "pretrain: {epochs: &n 3}\nfinetune: {epochs: *n}\n").finetune.epochs == 3


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old mac"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "marked"])
def test_line_ends_and_a_byte_order_mark_change_neither_values_nor_places(ends: str, mark: str):
    lines = [*DATA.splitlines(), "seed: 3", "finetune:", "  epoch: 2", ""]

    assert error_of((mark + ends.join(lines)).encode()) == (
        f"`finetune.epoch` is not a field; did you mean `finetune.epochs`?\n  where: r.yaml:4:3\n  fix:   {LIST_FIELDS}"
    )
    assert load((mark + ends.join(lines[:2])).encode()).seed == 3


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_refused(encoding: str):
    marks = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}

    assert error_of(marks.get(encoding, b"") + DATA.encode(encoding)) == (
        "the recipe is UTF-16 text, not UTF-8\n  where: r.yaml:1:1\n  fix:   save the file as UTF-8"
    )


def test_bytes_of_something_else_are_refused():
    assert error_of(b"\x89PNG\r\n\x1a\n\x00\x00") == (
        "the recipe is not UTF-8 text\n  where: r.yaml:1:1\n  fix:   save the file as UTF-8"
    )
    assert error_of(b"PK\x03\x04") == (
        "this is not YAML: the character U+0003 is not allowed\n  where: r.yaml:1:3\n  fix:   remove it"
    )


def test_a_file_of_50_megabytes_is_refused_unread():
    with Path("r.yaml").open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(LlasaError) as caught:
        load_recipe(Path("r.yaml"))

    assert str(caught.value) == (
        f"the file has more than {MOST_BYTES // 1024} KiB, a recipe has a few\n"
        "  where: r.yaml\n  fix:   name a file such as recipes/smol.yaml"
    )


def test_a_billion_laughs_end_at_once():
    lines = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]

    assert error_of("\n".join(lines)) == (
        "the recipe stands for more than 5,000 values\n"
        "  where: r.yaml:1:1\n  fix:   write the values out instead of repeating them by aliases"
    )


@pytest.mark.parametrize(
    ("depth", "where", "fix"),
    [
        (40, "r.yaml:2:23", "no field lies deeper than four groups"),
        (60_000, "r.yaml", "close the brackets that it opens"),
    ],
)
def test_brackets_in_brackets_end_somewhere(depth: int, where: str, fix: str):
    assert error_of(DATA + "seed: " + "[" * depth + "]" * depth) == (
        f"the recipe is nested too deeply\n  where: {where}\n  fix:   {fix}"
    )


@pytest.mark.parametrize(
    ("flag", "message", "fix"),
    [
        ("seed=010", "YAML reads 010 as 8", 'write 8, or "010" where text is meant'),
        (
            "seed=!!python/name:os.system",
            "the tag `!!python/name:os.system` is not for recipes",
            "write a plain value without it",
        ),
        ("seed=", "`seed` is empty, expected a whole number of at least 0 and below 4,294,967,296", LIST_FIELDS),
        ("seed=nan", '`seed` is "nan", expected a whole number of at least 0 and below 4,294,967,296', LIST_FIELDS),
        ("data.folder=", "`data.folder` is empty, expected a path", LIST_FIELDS),
        (
            "finetune.kinds[0]=fact",
            "`finetune.kinds[0]` is not a field; did you mean `finetune.kinds`?",
            LIST_FIELDS,
        ),
        ("=3", '"=3" is not KEY=VALUE', "write it like `--set pretrain.learning_rate=1.0e-3`"),
        (
            "pretrain..epochs=3",
            '"pretrain..epochs=3" is not KEY=VALUE',
            "write it like `--set pretrain.learning_rate=1.0e-3`",
        ),
    ],
)
def test_traps_in_a_flag_are_refused_too(flag: str, message: str, fix: str):
    assert error_of(DATA, flag) == f"{message}\n  where: --set {flag}\n  fix:   {fix}"


def test_words_that_python_takes_for_numbers_stay_text_in_a_flag():
    assert load(DATA, "model.system=infinity").model.system == "infinity"


def test_a_flag_does_not_hide_what_the_file_has_in_place_of_a_group():
    assert error_of(DATA + "finetune: 3\n", "finetune.epochs=2") == (
        f"`finetune` is 3, expected a group of settings\n  where: r.yaml:2:11\n  fix:   {LIST_FIELDS}"
    )
