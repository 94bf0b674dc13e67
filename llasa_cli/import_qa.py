"""`llasa import-qa`: questions and answers that somebody else wrote, repaired, to a data folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llasa_cli import console
from llasa_cli.flags import FreshFlag, JsonFlag
from llasa_cli.prepare_data import OutFolder
from llasa_cli.reading import AccUnitFlag, GyrUnitFlag, LabelMap
from llasa_cli.reading import _renaming as renaming

ItemFiles = Annotated[
    list[Path],
    typer.Argument(
        metavar="SOURCE", help="LLaVA-style JSON or JSON Lines, SensorCaps, or OpenSQA.", show_default=False
    ),
]
Windows = Annotated[
    Path | None,
    typer.Option(
        "--windows",
        metavar="PATH",
        help="Where the windows are: a folder of .npy files, or one array [window, time, channel]; "
        "by default they are looked for beside each SOURCE.",
    ),
]
Dataset = Annotated[
    str | None,
    typer.Option("--dataset", metavar="NAME", help="Name of the data; by default folders and files give it."),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="KEY", help="A key of the items that says nothing; may be repeated."),
]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out and count items that cannot be read or have no window.")
]
AllowUpsample = Annotated[
    bool, typer.Option("--allow-upsample", help="Take windows that stand in the items as readings at 10 Hz.")
]


def import_qa(  # noqa: PLR0913, PLR0917 - each flag is one
    sources: ItemFiles,
    out: OutFolder,
    windows: Windows = None,
    dataset: Dataset = None,
    label_map: LabelMap = None,
    ignore: Ignore = None,
    acc_unit: AccUnitFlag = None,
    gyr_unit: GyrUnitFlag = None,
    skip_bad: SkipBad = False,
    allow_upsample: AllowUpsample = False,
    fresh: FreshFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Turn published questions and answers into a data folder.

    On the way they are repaired: answers that stand at another question are put back, texts of other windows and wrong
    statistics are taken out, ids are made unique. What is left out is counted. `llasa inspect FILE --audit` shows what
    is to repair.
    """
    from llasa_core.data.importers.importing import ImportSettings
    from llasa_core.data.importers.importing import import_qa as import_files

    settings = ImportSettings(
        dataset=dataset,
        label_map=tuple(map(renaming, label_map or ())),
        ignore=tuple(ignore or ()),
        acc_unit=acc_unit,
        gyr_unit=gyr_unit,
        skip_bad=skip_bad,
        allow_upsample=allow_upsample,
    )
    with console.progress("import", 100) as progress:
        report = import_files(sources, out, settings, windows=windows, fresh=fresh, progress=progress)
    console.show(report, as_json=as_json)
