"""The QA items of a split, however the people were parted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.data.partition import AS_PREPARED
from llasa_core.data.qa import read_qa
from llasa_core.data.split import SPLITS

if TYPE_CHECKING:
    from llasa_core.data.qa import QaItem
    from llasa_core.data.split import Split
    from llasa_core.data.store import WindowStore


def split_items(store: WindowStore, split: Split) -> list[QaItem]:
    """Return the items about windows of a split, in the order of the files.

    As the data was prepared, a split has a file of its own. Otherwise all files are read, and an item belongs to the
    split that all its windows are in; one whose windows are in different ones belongs to none.

    Raises:
        DataError: a file is missing or damaged, or names a window that is not there.
    """
    if store.parting == AS_PREPARED:
        return read_qa(store.folder / f"qa-{split}.json")
    wanted = SPLITS.index(split)
    split_of = store.split_of_windows
    files = [store.folder / f"qa-{each}.json" for each in SPLITS]
    items = (item for file in files for item in read_qa(file))
    return [item for item in items if all(split_of[store.row_of(ref)] == wanted for ref in item.windows)]
