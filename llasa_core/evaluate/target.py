"""What is to be measured: a recipe's or a folder's checkpoint, the data, and where the report goes."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from llasa_core.data.store import WindowStore
from llasa_core.errors import ModelError, UsageError
from llasa_core.evaluate.exam import Exam
from llasa_core.evaluate.folder import EvalFolder
from llasa_core.evaluate.models import Models
from llasa_core.files import write_json, write_text
from llasa_core.model.any_checkpoint import read_any_config
from llasa_core.model.checkpoint import read_checkpoint_config
from llasa_core.model.head import read_head
from llasa_core.model.original import is_original
from llasa_core.model.shipped import CONFIG_FILE, shipped
from llasa_core.recipe_file import load_recipe, recipe_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llasa_core.recipe import Recipe

RECIPE_OF_CHECKPOINT = "recipe.yaml"
LAST_FOLDERS = ("pretrain", "finetune", "checkpoint")
"""Of a run; every run has them, so they name none."""


@dataclass(frozen=True)
class Target:
    """A checkpoint and how it is measured."""

    name: str
    checkpoint: Path
    recipe: Recipe
    """The recipe as this process can open it, or the one that the checkpoint brings along."""
    data: Path
    folder: Path
    """Where the report goes."""
    base_lm: str | None = None
    """Another place of the base LM."""
    encoder: Path | None = None
    """LIMU-BERT's weights, for a checkpoint of the original."""

    def exam(self) -> Exam:
        """Open the data and read what the checkpoint says of itself.

        Raises:
            DataError: there is no data folder, or it is damaged.
            ModelError: there is no checkpoint, or it is damaged.
        """
        store = WindowStore(self.data, self.recipe.data.parting)
        config = read_any_config(self.checkpoint, base_lm=self.base_lm, encoder=self.encoder)
        if self.is_original:  # it does not say which activities it knows, and is asked about all of them
            config = replace(config, activities=tuple(store.activity_names))
        return Exam(self.name, store, config, self.recipe.eval, self.recipe.seed, read_head(self.checkpoint))

    def models(self, device: str | None, say: Callable[[str], None]) -> Models:
        """Return the models to measure with, which load when they are first needed."""
        return Models(self.checkpoint, self.base_lm, self.encoder, device, say)

    def write(self) -> EvalFolder:
        """Leave in the folder what is measured, for ranks to read."""
        folder = EvalFolder(self.folder)
        write_text(folder.recipe_file, recipe_yaml(self.recipe))
        paths = {"checkpoint": self.checkpoint, "data": self.data, "encoder": self.encoder}
        absolute = {key: None if path is None else str(path.absolute()) for key, path in paths.items()}
        write_json(folder.begun_file, {"name": self.name, "base_lm": self.base_lm, **absolute})
        return folder

    @classmethod
    def read(cls, folder: EvalFolder) -> Target:
        """Return what `write` has left."""
        said = json.loads(folder.begun_file.read_text(encoding="utf-8"))
        return cls(
            name=said["name"],
            checkpoint=Path(said["checkpoint"]),
            recipe=load_recipe(folder.recipe_file).recipe,
            data=Path(said["data"]),
            folder=folder.folder,
            base_lm=said["base_lm"],
            encoder=None if said["encoder"] is None else Path(said["encoder"]),
        )

    @property
    def is_original(self) -> bool:
        """Say whether the checkpoint is one of the original LLaSA."""
        return is_original(self.checkpoint)


def find_target(source: Path, data: Path | None, overrides: Sequence[str], runs: Path) -> Target:
    """Find out what `llasa eval SOURCE` measures.

    Args:
        source: a recipe file, or a checkpoint folder.
        data: the data folder; a recipe's own where None.
        overrides: `key=value`, changes to the recipe.
        runs: where runs are kept.

    Raises:
        UsageError: there is nothing at `source`, or a checkpoint without data.
        RecipeError: the recipe is wrong.
        ModelError: the recipe has no checkpoint, or the folder is none.
    """
    if source.is_dir():
        return _of_folder(source, data, overrides, runs)
    if not source.exists():
        raise UsageError(
            "there is no recipe and no checkpoint here",
            where=source,
            fix="name a recipe such as `recipes/smol.yaml`, or a checkpoint folder with `--data DATA`",
        )
    loaded = load_recipe(source, overrides)
    return Target(
        name=loaded.name,
        checkpoint=checkpoint_of(loaded.name, source, runs),
        recipe=loaded.resolved,
        data=data or loaded.resolved.data.folder,
        folder=runs / loaded.name / "eval",
    )


def _of_folder(checkpoint: Path, data: Path | None, overrides: Sequence[str], runs: Path) -> Target:
    its_own = not is_original(checkpoint)
    if its_own:
        read_checkpoint_config(checkpoint)  # first of all, whether it is one
    if data is None:
        raise UsageError(
            "a checkpoint does not say which data it is to be measured on",
            where=checkpoint,
            fix=f"pass `--data DATA`: `llasa eval {checkpoint} --data data/hapt`",
        )
    name = name_of(checkpoint)
    recipe = (
        load_recipe(checkpoint / RECIPE_OF_CHECKPOINT, overrides).recipe if its_own else default_recipe(data, overrides)
    )
    return Target(name=name, checkpoint=checkpoint, recipe=recipe, data=data, folder=runs / name / "eval")


def default_recipe(data: Path, overrides: Sequence[str]) -> Recipe:
    """Return the recipe of a checkpoint that brings none, such as one of the original."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, RECIPE_OF_CHECKPOINT)
        file.write_text(f"data: {{folder: {json.dumps(str(data))}}}\n", encoding="utf-8")
        return load_recipe(file, overrides).recipe


def name_of(checkpoint: Path) -> str:
    """Return NAME of `runs/NAME/finetune/checkpoint` and of `NAME/checkpoint`, else the folder's own name."""
    folders = [name for name in checkpoint.resolve().parts if name not in LAST_FOLDERS]
    return folders[-1]


def checkpoint_of(name: str, recipe_file: Path, runs: Path) -> Path:
    """Return a recipe's finetuned checkpoint, else the one that is shipped for it.

    Raises:
        ModelError: there is neither.
    """
    trained = runs / name / "finetune" / "checkpoint"
    if (trained / CONFIG_FILE).is_file():
        return trained
    coming_with_us = shipped(name)
    if coming_with_us is None:
        raise ModelError(
            f"the recipe `{name}` has no finetuned checkpoint",
            where=trained,
            fix=f"run `llasa finetune {recipe_file}` first",
        )
    return coming_with_us
