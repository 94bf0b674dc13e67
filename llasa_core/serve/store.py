"""The recordings that a server remembers: in memory, for a time, and no more than fit."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.chat.known_recording import KnownRecording
    from llasa_core.serve.settings import ServeSettings

OBJECT_BYTES = 20_000
"""What a recording takes beside its arrays, about."""


@dataclass(eq=False)
class Upload:
    """A recording that is remembered."""

    id: str
    """Whoever has it may ask about the recording: it cannot be guessed."""
    content: str
    """Stands for the file's bytes and how they were read."""
    file_name: str
    file_bytes: int
    recording: KnownRecording
    created: float
    """Seconds since 1970."""
    used: float
    """On the store's clock."""
    n_bytes: int


class Store:
    """Remembers recordings; all methods are for the event loop's thread."""

    def __init__(self, settings: ServeSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._uploads: dict[str, Upload] = {}  # the one that was used last is last

    def __len__(self) -> int:
        self.forget_old()
        return len(self._uploads)

    @property
    def n_bytes(self) -> int:
        """What all recordings take."""
        return sum(upload.n_bytes for upload in self._uploads.values())

    def add(self, content: str, file_name: str, file_bytes: int, recording: KnownRecording) -> Upload:
        """Remember a recording, and forget others where there is no room.

        Raises:
            DataError: it alone is larger than all that may be remembered.
        """
        n_bytes = OBJECT_BYTES + bytes_of(recording)
        if n_bytes > self._settings.kept_bytes:
            raise DataError(
                f"the recording takes {n_bytes / 1e6:,.0f} MB of memory, all together may take "
                f"{self._settings.kept_bytes / 1e6:,.0f} MB",
                fix="upload a part of it",
            )
        self.forget_old()
        while len(self._uploads) >= self._settings.most_kept or self.n_bytes + n_bytes > self._settings.kept_bytes:
            del self._uploads[next(iter(self._uploads))]
        new_id = f"file-{secrets.token_urlsafe(18)}"
        upload = Upload(new_id, content, file_name, file_bytes, recording, time.time(), self._clock(), n_bytes)
        self._uploads[new_id] = upload
        return upload

    def get(self, wanted: str) -> Upload:
        """Return a recording, which is remembered anew.

        Raises:
            DataError: it is not there, or not any more.
        """
        self.forget_old()
        upload = self._uploads.pop(wanted, None)
        if upload is None:
            raise DataError(
                f"there is no upload `{shown(wanted)}`; it may have been forgotten",
                fix=f"upload the recording again: it is forgotten after {self._settings.keep_s / 60:g} minutes unused, "
                "or when others need the room",
            )
        self._uploads[wanted] = upload
        upload.used = self._clock()
        return upload

    def same_as(self, content: str) -> Upload | None:
        """Return an upload of the same file, read in the same way."""
        self.forget_old()
        found = next((upload for upload in self._uploads.values() if upload.content == content), None)
        return None if found is None else self.get(found.id)

    def remove(self, unwanted: str) -> None:
        """Forget a recording.

        Raises:
            DataError: it is not there.
        """
        self.get(unwanted)
        del self._uploads[unwanted]

    def expires(self, upload: Upload) -> float:
        """Return when a recording is forgotten if nobody asks about it, in seconds since 1970."""
        return time.time() + upload.used + self._settings.keep_s - self._clock()

    def forget_old(self) -> None:
        """Forget what nobody asked about for long."""
        oldest = self._clock() - self._settings.keep_s
        for upload in [one for one in self._uploads.values() if one.used < oldest]:
            del self._uploads[upload.id]


def bytes_of(value: Any) -> int:
    """Return what the arrays inside dataclasses, tuples and other plain objects take."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, tuple | list):
        return sum(map(bytes_of, value))
    if is_dataclass(value) and not isinstance(value, type):
        return sum(bytes_of(getattr(value, field.name)) for field in fields(value))
    if hasattr(value, "__dict__"):
        return sum(map(bytes_of, vars(value).values()))
    return 0


def shown(text: str, most: int = 60) -> str:
    """Return a text of a client's, short and without what could disturb a message."""
    clean = "".join(letter if letter.isprintable() else "?" for letter in text[: most + 1])
    return clean if len(clean) <= most else f"{clean[:most]}…"
