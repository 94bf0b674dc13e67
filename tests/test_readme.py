"""What the README tells people to type must exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from llasa_cli.app import app

ROOT = Path(__file__).parents[1]
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/chat.md",
    "docs/data.md",
    "docs/decisions.md",
    "docs/evaluation.md",
    "docs/experiments.md",
    "docs/formats.md",
    "docs/serve.md",
)
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMAND = re.compile(r"^\$ (.+)$|`(llasa [^`\n]+)`", re.MULTILINE)


def commands_in(text: str) -> list[list[str]]:
    """Return the words of each command after a `$`, or between backticks if it begins with `llasa`."""
    lines = [shown or named for shown, named in COMMAND.findall(text.replace("\\\n", " "))]
    return [shlex.split(part, comments=True) for line in lines for part in line.split("&&")]


LLASA_COMMANDS = [words[1:] for words in commands_in(README) if words[:1] == ["llasa"]]


def parse(words: list[str]) -> None:
    """Parse the words after `llasa` without running anything.

    Raises:
        TyperException: there is no such command or flag, or an argument is missing.
    """
    command, path, rest = get_command(app), "llasa", list(words)
    while rest and (inner := getattr(command, "commands", {}).get(rest[0])):
        command, path = inner, f"{path} {rest.pop(0)}"
    assert rest[:1] == [] or rest[0].startswith("-") or not hasattr(command, "commands"), f"no command {rest[0]}"
    command.make_context(path, rest)


def test_the_readme_shows_the_whole_path():
    shown = [words[0] for words in LLASA_COMMANDS]

    assert shown[0] == "chat"
    assert {"prepare-data", "pretrain", "finetune", "eval", "fetch"} <= set(shown)


@pytest.mark.parametrize("words", LLASA_COMMANDS, ids=shlex.join)
def test_every_llasa_command_in_the_readme_parses(words: list[str]):
    parse(words)


def test_every_flag_the_readme_speaks_of_exists():
    text = "\n".join(line for line in README.splitlines() if not line.startswith("$ pip"))
    spoken_of = set(re.findall(r"--[a-z][a-z-]+", text))
    commands = list(get_command(app).commands.values())
    commands += [inner for command in commands for inner in getattr(command, "commands", {}).values()]
    flags = {flag for command in commands for part in command.params for flag in part.opts}

    assert spoken_of <= flags | {"--help"}


def test_a_wrong_flag_would_be_found():
    with pytest.raises(typer.TyperException):
        parse(["chat", "--no-such-flag"])
    with pytest.raises(AssertionError):
        parse(["no-such-command"])


def test_every_make_target_in_the_readme_exists():
    targets = {words[1] for words in commands_in(README) if words[:1] == ["make"]}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert targets == {"demo", "test"}
    assert all(f"\n{target}:" in makefile for target in targets)


def test_files_named_in_commands_are_in_the_repository():
    named = {word for words in LLASA_COMMANDS for word in words if word.startswith(("examples/", "recipes/"))}

    assert len(named) > 3
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_to_files_that_exist(name: str):
    document = ROOT / name
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8"))

    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_figure_is_left_to_fill_in(name: str):
    assert re.findall(r"@@\w+@@", (ROOT / name).read_text(encoding="utf-8")) == []
