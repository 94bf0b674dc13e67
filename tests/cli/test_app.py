from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Never

import pytest
from typer.main import get_command

import llasa_cli.app
from llasa_cli.app import app, main
from llasa_core import __version__
from llasa_core.errors import DataError, ErrorGroup, InterruptedRun, LlasaError, ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

    Fail = Callable[[BaseException], None]

HEAVY = ("torch", "numpy", "transformers", "h5py", "yaml", "rich", "duckdb", "scipy", "sklearn", "matplotlib")
RECIPES = Path(__file__).parents[2] / "recipes"


def llasa(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real command in a process of its own."""
    command = [sys.executable, "-m", "llasa_cli.app", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **environment}, timeout=60
    )


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Fail:
    """Return a function that makes the whole command line raise an error."""

    def fail_with(error: BaseException) -> None:
        class Command:
            def main(self, **_arguments: object) -> Never:
                raise error

        monkeypatch.setattr(llasa_cli.app, "get_command", lambda _app: Command())

    return fail_with


def test_help_names_every_command_and_imports_nothing_heavy():
    code = (
        "import sys\nfrom llasa_cli.app import main\ncode = main(['--help'])\n"
        f"sys.exit(code or ','.join(name for name in {HEAVY!r} if name in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, done.stderr) == (0, "")
    for command in ("prepare-data", "pretrain", "finetune", "eval", "chat", "fetch", "recipe"):
        assert f"\n  {command} " in done.stdout


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]):
    assert main([]) == 0
    assert capsys.readouterr().out.startswith("Usage: llasa [OPTIONS] COMMAND")


def test_version(capsys: pytest.CaptureFixture[str]):
    assert main(["--version"]) == 0
    assert capsys.readouterr() == (f"llasa {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "message", "where"),
    [
        (["xyz"], "no such command 'xyz'", "llasa"),
        (["pretrian"], "no such command 'pretrian'. Did you mean 'pretrain'?", "llasa"),
        (["pretrain"], "missing argument 'recipe'", "llasa pretrain"),
        (["pretrain", "r.yaml", "--gpus", "two"], None, "llasa pretrain"),
        (["pretrain", "r.yaml", "--epochs", "2"], "no such option: --epochs", "llasa pretrain"),
        (["recipe"], "missing command", "llasa recipe"),
    ],
)
def test_a_wrong_command_line_is_three_lines_and_exit_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str | None, where: str
):
    assert main(arguments) == 2

    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert message is None or lines[0] == f"error: {message}"
    assert lines[1:] == [f"  where: {where}", f"  fix:   `{where} --help` shows what it takes"]


def test_a_wrong_command_line_is_json_when_json_is_asked_for(capsys: pytest.CaptureFixture[str]):
    assert main(["pretrain", "--json"]) == 2
    assert json.loads(capsys.readouterr().err) == {
        "error": "missing argument 'recipe'",
        "where": "llasa pretrain",
        "fix": "`llasa pretrain --help` shows what it takes",
    }


def test_an_error_shows_what_where_and_what_to_do(capsys: pytest.CaptureFixture[str], failing: Fail):
    failing(DataError("gyr_y is not a number", where="a.csv:3:5", fix="repair the row"))

    assert main([]) == 2
    assert capsys.readouterr() == ("", "error: gyr_y is not a number\n  where: a.csv:3:5\n  fix:   repair the row\n")


def test_each_error_of_a_group_is_shown(capsys: pytest.CaptureFixture[str], failing: Fail):
    failing(ErrorGroup([ModelError("one"), DataError("two", fix="mend it")]))

    assert main([]) == 2
    assert capsys.readouterr().err == "error: one\nerror: two\n  fix:   mend it\n"


def test_a_group_is_one_json_object(capsys: pytest.CaptureFixture[str], failing: Fail):
    failing(ErrorGroup([ModelError("one"), DataError("two", fix="mend it")]))

    assert main(["--json"]) == 2
    assert json.loads(capsys.readouterr().err) == {
        "error": "one",
        "where": None,
        "fix": None,
        "errors": [
            {"error": "one", "where": None, "fix": None},
            {"error": "two", "where": None, "fix": "mend it"},
        ],
    }


@pytest.mark.parametrize(
    ("error", "code"),
    [(LlasaError("x"), 1), (ModelError("x"), 2), (InterruptedRun("x"), 130), (KeyboardInterrupt(), 130)],
)
def test_the_exit_code_follows_from_the_error(failing: Fail, error: BaseException, code: int):
    failing(error)

    assert main([]) == code


def test_a_full_disk_is_an_error_and_no_fault(capsys: pytest.CaptureFixture[str], failing: Fail):
    failing(OSError(errno.ENOSPC, "No space left on device", "runs/x.safetensors"))

    assert main([]) == 1
    assert capsys.readouterr().err == (
        "error: the disk is full\n"
        "  where: runs/x.safetensors\n"
        "  fix:   free some space and run the same command again\n"
    )


def test_a_file_that_may_not_be_read_is_an_error_and_no_fault(capsys: pytest.CaptureFixture[str], failing: Fail):
    failing(PermissionError(errno.EACCES, "Permission denied", "data"))

    assert main([]) == 1
    assert capsys.readouterr().err == (
        "error: a file cannot be used: permission denied\n  where: data\n  fix:   check its permissions\n"
    )


def test_a_fault_of_ours_shows_its_traceback_and_asks_for_a_report(capsys: pytest.CaptureFixture[str], failing: Fail):
    failing(ZeroDivisionError("division by zero"))

    assert main([]) == 1
    err = capsys.readouterr().err
    assert "Traceback (most recent call last)" in err
    assert err.splitlines()[-3] == "error: llasa has a fault: ZeroDivisionError: division by zero"
    assert err.splitlines()[-2].startswith(f"  where: {__file__}:")
    assert err.splitlines()[-1] == (
        "  fix:   please report it with the lines above and the command; nobody should see this"
    )


def test_the_last_line_of_a_fault_is_json_when_json_is_asked_for(capsys: pytest.CaptureFixture[str], failing: Fail):
    failing(ZeroDivisionError("division by zero"))

    assert main(["--json"]) == 1
    assert json.loads(capsys.readouterr().err.splitlines()[-1])["error"] == (
        "llasa has a fault: ZeroDivisionError: division by zero"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
def test_a_reader_that_has_seen_enough_is_no_error():
    command = f"{sys.executable} -m llasa_cli.app recipe schema | true; echo ${{PIPESTATUS[0]}}"  # `true` reads nothing
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=60)  # noqa: S607

    assert (done.stdout, done.stderr) == ("1\n", "")


def test_the_shell_completes_commands():
    done = llasa(_LLASA_COMPLETE="complete_bash", COMP_WORDS="llasa pre", COMP_CWORD="1")

    assert done.stdout.split() == ["prepare-data", "pretrain"]


def test_every_command_and_flag_is_explained():
    group = get_command(app)
    commands = {**group.commands, **group.commands["recipe"].commands}  # type: ignore[attr-defined]

    assert [name for name, command in commands.items() if not command.help] == []
    assert [(name, p.name) for name, command in commands.items() for p in command.params if not p.help] == []


def test_recipe_check_reports_every_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "r.yaml"
    file.write_text("data: {folder: d}\nseed: x\npretrian: {}\n")

    assert main(["recipe", "check", str(file)]) == 2
    assert capsys.readouterr().err == (
        'error: `seed` is "x", expected a whole number of at least 0 and below 4,294,967,296\n'
        f"  where: {file}:2:7\n"
        "  fix:   `llasa recipe schema` lists the fields\n"
        "error: `pretrian` is not a field; did you mean `pretrain`?\n"
        f"  where: {file}:3:1\n"
        "  fix:   `llasa recipe schema` lists the fields\n"
    )


def test_recipe_check_says_that_a_recipe_is_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "r.yaml"
    file.write_text("data: {folder: d}\nseed: 1\n")

    assert main(["recipe", "check", str(file), "--set", "eval.trees=10"]) == 0
    assert capsys.readouterr().out == f"{file} is a recipe; it sets 3 fields, the rest are defaults\n"
    assert main(["recipe", "check", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"recipe": str(file), "settings": 2}


def test_recipe_show_says_where_each_value_came_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "r.yaml"
    file.write_text("data: {folder: d}\n")

    assert main(["recipe", "show", str(file), "--set", "seed=1"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[:3] == [["seed:", "1", "#", "--set", "seed=1"], ["data:"], ["folder:", "d", "#", f"{file}:1:8"]]

    assert main(["recipe", "show", str(file), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["recipe"]["data"] == {"folder": "d", "fold": None, "leave_out": None}
    assert shown["sources"]["seed"] == "default"


def test_recipe_schema_is_json_schema(capsys: pytest.CaptureFixture[str]):
    assert main(["recipe", "schema"]) == 0
    schema = json.loads(capsys.readouterr().out)

    assert main(["recipe", "schema", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == schema
    assert schema["properties"]["seed"]["default"] == 7
    assert schema["properties"]["seed"]["description"].startswith("Seeds every random choice")


def test_fetch_names_what_it_knows(capsys: pytest.CaptureFixture[str]):
    assert main(["fetch", "gpt-9"]) == 2
    assert capsys.readouterr().err == (
        "error: `gpt-9` is nothing that can be fetched by name\n  fix:   `llasa fetch --list` shows what can be\n"
    )


def test_fetch_downloads_nothing_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    folder = tmp_path / "smollm2-135m"
    folder.mkdir()
    (folder / "source.json").touch()
    monkeypatch.setenv("LLASA_CACHE", str(tmp_path))

    assert main(["fetch", "smollm2-135m"]) == 0
    assert capsys.readouterr() == (f"smollm2-135m is in {folder}\n", "")
