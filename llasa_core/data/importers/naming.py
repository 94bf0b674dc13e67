"""Which dataset and person an imported window is of, as far as names tell."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llasa_core.data.importers.item import ForeignItem

UNKNOWN_PERSON = "unknown"
_SAYS_NOTHING = re.compile(
    r"(?:images?|npy|windows?|samples?|data|train(?:_\w+)?|val|test|sensor_images?)", re.IGNORECASE
)
"""Folders whose name is that of no dataset."""
_PERSON = re.compile(
    r"(?:^|[/_.\-\s])(?:subject|subj|user|person|participant)[_\-]?(?P<name>\d+|[a-z])(?=$|[/_.\-\s])", re.IGNORECASE
)
_PUBLISHED_FILE = re.compile(r"train_(?P<name>[a-z0-9]+)_v\d.*")
"""OpenSQA's files: `train_hhar_v2-00000-of-00001.jsonl`."""
_SAME_SET = {"uci": "hapt", "motion": "motionsense"}
"""Names that LIMU-BERT's copies have, and ours of the same people under the same numbers."""


def dataset_of(item: ForeignItem, otherwise: str) -> str:
    """Return the dataset of an item: as it says, or its windows' folder, or else the file's name."""
    if item.dataset:
        return plain(item.dataset)
    name = item.windows[0]
    if isinstance(name, str):
        for folder in PurePosixPath(name.replace("\\", "/")).parent.parts[::-1]:
            if folder in {"/", "."} or ":" in folder:
                break
            if not _SAYS_NOTHING.fullmatch(folder) and not _PERSON.search(folder):
                return plain(folder)
            if _SAYS_NOTHING.fullmatch(folder):
                break
    published = _PUBLISHED_FILE.fullmatch(otherwise)
    return plain(published["name"] if published else otherwise)


def subject_of(item: ForeignItem, dataset: str) -> str:
    """Return the person of an item as `dataset/name`, from what it says, its windows' path or its id."""
    dataset = _SAME_SET.get(dataset, dataset)
    if item.subject:
        return f"{dataset}/{_number(plain(item.subject))}"
    for text in (*(name for name in item.windows if isinstance(name, str)), item.id):
        if match := _PERSON.search(text):
            return f"{dataset}/{_number(match['name'].lower())}"
    return f"{dataset}/{UNKNOWN_PERSON}"


def _number(name: str) -> str:
    return f"{int(name):02d}" if name.isdecimal() else name


def plain(text: str) -> str:
    """Return a text as names of sources have it: no spaces, no slashes."""
    return re.sub(r"[^\w.-]+", "-", text.strip()).strip("-").lower() or "imported"
