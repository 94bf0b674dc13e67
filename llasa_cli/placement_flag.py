"""`--placement NAME`: where on the body the device is worn."""

from __future__ import annotations

from typing import Annotated

import typer

PlacementFlag = Annotated[
    str | None,
    typer.Option("--placement", metavar="NAME", help="Where the device is worn, of the places that the model learned."),
]
