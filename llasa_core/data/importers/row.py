"""One object of a foreign file, whose keys have many spellings."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any

from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llasa_core.data.importers.json_values import Value
    from llasa_core.errors import Place

SPELLINGS = {
    "id": ("id", "question_id", "item_id"),
    "window": ("image", "images", "window", "windows", "sensor", "npy", "file", "path"),
    "index": ("index", "window_index", "row", "row_idx"),
    "conversations": ("conversations", "conversation", "messages"),
    "question": ("question", "prompt", "instruction"),
    "answer": ("answer", "response", "output"),
    "caption": ("caption", "summary", "features"),
    "narration": ("narration",),
    "label": ("label", "activity", "class"),
    "subject": ("subject", "subject_id", "user", "user_id", "participant"),
    "dataset": ("dataset",),
}
"""What a value is, and the keys that it stands under."""
SAY_NOTHING = ("split", "category", "question_type", "type", "model", "source", "truncated_cells")
"""Keys that exports have and that no item needs."""
_KNOWN = {key for keys in SPELLINGS.values() for key in keys} | set(SAY_NOTHING)


class Row:
    """Access to an object by what its values are."""

    def __init__(self, value: Value, ignore: Sequence[str] = ()) -> None:
        """Take an object, or the `row` in it where a viewer of datasets wrote it.

        Args:
            value: from the file.
            ignore: keys that say nothing.

        Raises:
            DataError: it is no object, or has a key that nobody knows.
        """
        self.place: Place = value.place
        found = value.json
        if isinstance(found, dict) and isinstance(found.get("row"), dict):
            found = found["row"]
        if not isinstance(found, dict):
            raise self.error(f"an item is a JSON object, not {short(found)}")
        self._check_ours(found)
        self._values = {key: one for key, one in found.items() if key not in ignore and one is not None}
        for key in self._values:
            if key not in _KNOWN:
                raise self._unknown_key(key)

    def has(self, what: str) -> bool:
        """Return whether there is such a value."""
        return any(key in self._values for key in SPELLINGS[what])

    def get(self, what: str) -> Any:
        """Return such a value; None where there is none."""
        return next((self._values[key] for key in SPELLINGS[what] if key in self._values), None)

    def text(self, what: str) -> str | None:
        """Return such a value as a text.

        Raises:
            DataError: it is neither a text nor a whole number.
        """
        found = self.get(what)
        if found is None or isinstance(found, str):
            return found
        if isinstance(found, int) and not isinstance(found, bool):
            return str(found)
        raise self.error(f"`{self.key_of(what)}` is not a text but {short(found)}")

    def key_of(self, what: str) -> str:
        """Return the key that such a value stands under, or its usual one."""
        return next((key for key in SPELLINGS[what] if key in self._values), SPELLINGS[what][0])

    def error(self, message: str, fix: str = "repair the item, or pass `--skip-bad` to leave it out") -> DataError:
        """Return an error about this object."""
        return DataError(message, where=self.place, fix=fix)

    def _check_ours(self, found: dict[str, Any]) -> None:
        windows = found.get("windows")
        if isinstance(windows, list) and windows and isinstance(windows[0], dict):
            raise self.error(
                "this is a QA item of a data folder, whose windows are stored already",
                "merge data folders with `llasa prepare-data FOLDER... --merge --out DATA`",
            )

    def _unknown_key(self, key: str) -> DataError:
        close = difflib.get_close_matches(key, sorted(_KNOWN), n=1, cutoff=0.75)
        meant = f"; did you mean `{close[0]}`?" if close else ""
        return self.error(
            f"`{key}` is not a key of a LLaVA-style or SensorCaps item{meant}",
            f"rename it, or pass `--ignore {key}` if it says nothing",
        )


def unknown_keys(value: Value) -> list[str]:
    """Return the keys of an object that nobody knows."""
    found = value.json
    if isinstance(found, dict) and isinstance(found.get("row"), dict):
        found = found["row"]
    return [key for key in found if key not in _KNOWN] if isinstance(found, dict) else []


def short(value: object) -> str:
    """Return a value as JSON, cut to what a message can hold."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:40] + "…"  # noqa: PLR2004 - fits on a line with its sentence
