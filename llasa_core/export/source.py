"""What is exported: a checkpoint, what of its LM was trained, and what it scored where that is known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llasa_core.errors import UsageError
from llasa_core.evaluate.past_report import report_on
from llasa_core.evaluate.target import checkpoint_of, name_of
from llasa_core.model.checkpoint import LM_FILE, read_checkpoint_config
from llasa_core.recipe_file import load_recipe
from llasa_core.train.card import card_fields, front_matter, split_card

if TYPE_CHECKING:
    from llasa_core.model.checkpoint import CheckpointConfig
    from llasa_core.train.card import LmTrained


@dataclass(frozen=True)
class Source:
    """A checkpoint to export."""

    name: str
    """Of its recipe or folder."""
    folder: Path
    config: CheckpointConfig
    report: dict[str, Any] | None
    """What `llasa eval` said of this very checkpoint, if it has been measured."""

    @property
    def lm_trained(self) -> LmTrained:
        """What of the LM was trained."""
        if (self.folder / LM_FILE).is_file():
            return "whole"
        return "frozen" if self.config.adapter is None else "adapter"

    def card(self, **changes: Any) -> str:
        """Return its model card, with front matter, and figures where they are known.

        Args:
            changes: fields of the front matter that win over those of its `README.md`.
        """
        return front_matter({**self.fields(), **changes}) + self._written()[1]

    def fields(self) -> dict[str, Any]:
        """Return the front matter: ours, under what its `README.md` says, under what was measured."""
        measured = {} if self.report is None else {"model-index": [_index(self.name, self.report)]}
        return {**card_fields(self.config, self.lm_trained), **self._written()[0], **measured}

    def _written(self) -> tuple[dict[str, Any], str]:
        file = self.folder / "README.md"
        return split_card(file.read_text(encoding="utf-8") if file.is_file() else f"# {self.name}\n")


def find_source(path: Path, runs: Path) -> Source:
    """Find out what `llasa export PATH` means.

    Args:
        path: a checkpoint folder, or a recipe, whose finetune run or shipped checkpoint is taken.
        runs: where runs are kept.

    Raises:
        UsageError: there is nothing.
        ModelError: the folder is no checkpoint, or the recipe has none.
        RecipeError: the recipe is wrong.
    """
    if not path.exists():
        raise UsageError(
            "there is no recipe and no checkpoint here",
            where=path,
            fix="name a checkpoint folder, or a recipe such as `recipes/smol.yaml`",
        )
    if path.is_dir():
        name, folder = name_of(path), path
    else:
        name = load_recipe(path).name
        folder = checkpoint_of(name, path, runs)
    return Source(name, folder, read_checkpoint_config(folder), report_on(folder, runs / name / "eval"))


def _index(name: str, report: dict[str, Any]) -> dict[str, Any]:
    """Return figures as the hub's `model-index` wants them."""
    found = report["closed_set"]
    data = Path(report["data"]).name
    metrics = [
        {"type": "accuracy", "name": "Accuracy", "value": round(found["accuracy"], 4)},
        {"type": "f1", "name": "Macro-F1", "value": round(found["macro_f1"], 4)},
    ]
    result = {
        "task": {"type": "other", "name": "Activity recognition on people that no training saw"},
        "dataset": {"type": data, "name": data, "split": report["split"]},
        "metrics": metrics,
    }
    return {"name": name, "results": [result]}
