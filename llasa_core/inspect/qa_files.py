"""The questions of a data folder: how many of each kind, and whether each stands in the split of its windows."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from llasa_core.data.qa import WindowRef
from llasa_core.data.split import SPLITS
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np

    from llasa_core.data.store import WindowStore

_REPAIR = "repair the line, or run `llasa prepare-data` again with `--fresh`"


def count_questions(store: WindowStore, split_of: np.ndarray) -> tuple[dict[str, dict[str, int]], list[DataError]]:
    """Return the items of each split by kind, and an error for each file with items about another split's windows.

    Files are read line by line; whether every item keeps to the schema is for those who train on them.

    Args:
        store: the data folder.
        split_of: int [window]: the number of each window's split.

    Raises:
        DataError: a line is no item, or names a window that is not there.
    """
    kinds: dict[str, dict[str, int]] = {}
    leaks = []
    for number, split in enumerate(SPLITS):
        path = store.folder / f"qa-{split}.json"
        counts: Counter[str] = Counter()
        astray: list[int] = []
        for line, item in _items(path) if path.is_file() else ():
            try:
                counts[str(item["kind"])] += 1
                rows = [store.row_of(_ref(window)) for window in item["windows"]]
            except (KeyError, TypeError) as error:
                raise DataError("the line holds no QA item", where=Place(path, line), fix=_REPAIR) from error
            if any(split_of[row] != number for row in rows):
                astray.append(line)
        kinds[split] = dict(counts.most_common())
        if astray:
            leaks.append(_astray(path, split, astray))
    return kinds, leaks


def _ref(window: dict[str, Any]) -> WindowRef:
    return WindowRef(str(window["file"]), int(window["row"]))


def _items(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            text = line.strip().removesuffix(",")
            if text in {"[", "]", ""}:
                continue
            try:
                yield number, json.loads(text)
            except json.JSONDecodeError as error:
                place = Place(path, number, error.colno)
                raise DataError(f"the line is not JSON: {error.msg.lower()}", where=place, fix=_REPAIR) from error


def _astray(path: Path, split: str, lines: list[int]) -> DataError:
    count = len(lines)
    items = "1 item asks" if count == 1 else f"{count:,} items ask"
    return DataError(
        f"{items} about windows of another split than {split}",
        where=Place(path, lines[0]),
        fix="run `llasa prepare-data` again with `--fresh`: a score on these splits means nothing",
    )
