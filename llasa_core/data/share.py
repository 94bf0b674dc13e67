"""A stateless share of the recordings, for one of many machines."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from llasa_core.errors import UsageError

_SHARE = re.compile(r"\s*(\d+)\s*/\s*(\d+)\s*")


@dataclass(frozen=True)
class Share:
    """The nth of so many shares, counted from 1; a recording's name alone says which share has it."""

    nth: int
    of: int

    def __str__(self) -> str:
        return f"{self.nth}/{self.of}"

    @classmethod
    def parse(cls, text: str) -> Share:
        """Read a share as people write it: `2/8`.

        Raises:
            UsageError: it is none.
        """
        match = _SHARE.fullmatch(text)
        share = cls(int(match[1]), int(match[2])) if match else None
        if share is None or not 1 <= share.nth <= share.of:
            raise UsageError(
                f'--shard is not a share of all recordings: "{text}"',
                fix="write it like `--shard 2/8`, from 1/8 to 8/8",
            )
        return share

    def takes(self, name: str) -> bool:
        """Return whether a recording falls into this share, the same on every machine."""
        digest = hashlib.sha256(name.encode()).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.nth - 1
