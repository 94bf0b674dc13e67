"""`llasa fetch`: bring something public into the user's cache, because it was asked for by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from llasa_cli import console
from llasa_cli.flags import JsonFlag

Name = Annotated[str, typer.Argument(help="What to fetch, such as smollm2-135m.")]


@dataclass(frozen=True)
class Fetched:
    """What was fetched, and where it is now."""

    name: str
    folder: str

    def __str__(self) -> str:
        return f"{self.name} is in {self.folder}"


def fetch(name: Name, as_json: JsonFlag = False) -> None:
    """Fetch a base LM by its alias, once.

    It goes to the user's cache; what is there already is not downloaded again.
    """
    from llasa_core.model.base_lm import fetch as fetch_lm

    console.show(Fetched(name, str(fetch_lm(name, console.note))), as_json=as_json)
