"""`llasa recipe`: check a recipe, show what it comes to, list every field there is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from llasa_cli import console
from llasa_cli.flags import JsonFlag, RecipeFile, SetFlags

app = typer.Typer(help="Begin, check, show or explain recipes.", rich_markup_mode=None)


@dataclass(frozen=True)
class Checked:
    """A recipe without mistakes."""

    recipe: str
    settings: int
    """How many the file or a flag sets."""

    def __str__(self) -> str:
        return f"{self.recipe} is a recipe; it sets {self.settings} fields, the rest are defaults"


@app.command("check")
def check(recipe: RecipeFile, settings: SetFlags = None, as_json: JsonFlag = False) -> None:
    """Report every mistake in a recipe, each with its line."""
    from llasa_core.recipe_file import DEFAULT, load_recipe

    sources = load_recipe(recipe, settings or ()).sources
    console.show(Checked(str(recipe), sum(source != DEFAULT for source in sources.values())), as_json=as_json)


@app.command("show")
def show(recipe: RecipeFile, settings: SetFlags = None, as_json: JsonFlag = False) -> None:
    """Print a recipe with all its defaults, and where each value came from."""
    from llasa_core.recipe_file import described, load_recipe

    loaded = load_recipe(recipe, settings or ())
    both = {"recipe": loaded.recipe, "sources": loaded.sources}
    console.show(both if as_json else described(loaded), as_json=as_json)


@app.command("schema")
def schema(as_json: JsonFlag = False) -> None:
    """Print the JSON Schema of recipes: every field, its type, default and meaning."""
    from llasa_core.starter import recipe_schema

    fields = recipe_schema()
    if as_json:
        console.show(fields, as_json=True)
    else:
        console.show_indented(fields)


class Written(dict[str, str]):
    """What `write_starter` returns, in words for people."""

    def __str__(self) -> str:
        beside = f"{self['schema']} beside it lets editors complete and check it"
        return f"{self['recipe']} is like recipes/{self['base']}.yaml; {beside}"


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Of the recipe; its runs will be kept under it.")],
    base: Annotated[str, typer.Option("--from", metavar="RECIPE", help="smol, 7b, 7b-qlora, 7b-full or 13b.")] = "smol",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="NAME.yaml by default.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write a recipe to begin with, and its schema beside it."""
    from llasa_core.starter import write_starter

    console.show(Written(write_starter(name, out, base)), as_json=as_json)
