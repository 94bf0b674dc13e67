"""`--upright START-END`: seconds in which the person stands or walks, which tell how the device is worn."""

from __future__ import annotations

from typing import Annotated

import typer

UprightFlag = Annotated[
    list[str] | None,
    typer.Option(
        "--upright",
        metavar="START-END",
        help="Seconds in which the person stands or walks, such as 0:05-0:15: they tell how the device is worn.",
    ),
]
