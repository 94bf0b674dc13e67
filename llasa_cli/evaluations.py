"""What `llasa eval` does with several evaluations, and with answers that another system wrote."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from llasa_cli import console
from llasa_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.evaluate.comparing.evaluated import Evaluated
    from llasa_core.evaluate.open_ended.comparison import Comparison as ComparedAnswers
    from llasa_core.evaluate.page.blocks import Section


class Shown(Protocol):
    """A part of a result."""

    def as_dict(self) -> dict[str, Any]:
        """Return it for programs."""

    def sections(self) -> Sequence[Section]:
        """Return it for a page."""


@dataclass(frozen=True)
class Together:
    """Results that are shown as one."""

    title: str
    parts: dict[str, Shown]
    texts: list[str]
    """The parts for a terminal."""

    def as_dict(self) -> dict[str, Any]:
        """Return all parts by name."""
        return {name: part.as_dict() for name, part in self.parts.items()}

    def __str__(self) -> str:
        return "\n\n".join(self.texts)

    def write(self, folder: Path, name: str) -> None:
        """Write the page and the object for programs.

        Raises:
            RunError: the disk is full.
        """
        from llasa_core.evaluate.page.blocks import Cover
        from llasa_core.evaluate.page.page import render_page
        from llasa_core.files import write_text

        sections = [section for part in self.parts.values() for section in part.sections()]
        write_text(folder / f"{name}.html", render_page(Cover(self.title), sections))
        write_text(folder / f"{name}.json", json.dumps(self.as_dict(), indent=2, ensure_ascii=False) + "\n")


def show_comparison(named: Sequence[Path], runs: Path, out: Path | None, *, as_json: bool) -> None:
    """Compare evaluations with the first of them: what they named, and what they answered where both kept it."""
    from llasa_core.evaluate.comparing.comparison import compare
    from llasa_core.evaluate.comparing.evaluated import find_evaluation, names_of

    found = [find_evaluation(one, runs) for one in named]
    compared = compare(found)
    parts: dict[str, Shown] = {"closed_set": compared}
    texts = [str(compared)]
    names = names_of(found)
    for name, other in zip(names[1:], found[1:], strict=True):
        answers = _compared_answers(found[0], other, (names[0], name))
        if answers is not None:
            parts["open_ended" if len(found) == 2 else f"open_ended: {name}"] = answers  # noqa: PLR2004 - a pair
            texts.append("\n".join(answers.lines()))
    _show(Together(f"{names[0]} beside {', '.join(names[1:])}", parts, texts), out, "comparison", as_json=as_json)


def show_pool(named: Sequence[Path], runs: Path, out: Path | None, *, as_json: bool) -> None:
    """Put evaluations together: folds of other people, or seeds on the same windows."""
    from llasa_core.evaluate.comparing.evaluated import find_evaluation
    from llasa_core.evaluate.comparing.pooling import pool

    pooled = pool([find_evaluation(one, runs) for one in named])
    together = Together(f"{len(named)} evaluations together", {"closed_set": pooled}, [str(pooled)])
    _show(together, out, "pooled", as_json=as_json)


def show_outputs(file: Path, data: Path | None, changes: Sequence[str], out: Path | None, *, as_json: bool) -> None:
    """Score what another system wrote about a data folder's questions."""
    from llasa_core.data.store import WindowStore
    from llasa_core.evaluate.open_ended.judge.asking import Reach
    from llasa_core.evaluate.open_ended.outputs import score_outputs
    from llasa_core.evaluate.target import default_recipe

    if data is None:
        raise UsageError(
            "answers do not say which data they are about",
            where=file,
            fix=f"pass `--data DATA`: `llasa eval --outputs {file} --data data/hapt`",
        )
    recipe = default_recipe(data, changes)
    reach = Reach(out or file.parent, say=console.note)
    found = score_outputs(file, WindowStore(data), recipe.eval, seed=recipe.seed, reach=reach)
    together = Together(f"Answers of {found.file.model}", {"outputs": found}, ["\n".join(found.lines())])
    _show(together, out, "outputs", as_json=as_json)


def _compared_answers(first: Evaluated, second: Evaluated, names: tuple[str, str]) -> ComparedAnswers | None:
    from llasa_core.data.store import WindowStore
    from llasa_core.eval_settings import EvalConfig
    from llasa_core.evaluate.open_ended.answer_file import ANSWERS
    from llasa_core.evaluate.open_ended.comparison import compare_answers

    ours, theirs, data = first.folder / ANSWERS, second.folder / ANSWERS, Path(first.data)
    if not (ours.is_file() and theirs.is_file() and data.is_dir()):
        return None
    return compare_answers(ours, theirs, WindowStore(data), EvalConfig(), seed=first.seed, names=names)


def _show(result: Together, out: Path | None, name: str, *, as_json: bool) -> None:
    if out is not None:
        result.write(out, name)
        console.note(f"files: {out}: {name}.html, {name}.json")
    console.show(result, as_json=as_json)
