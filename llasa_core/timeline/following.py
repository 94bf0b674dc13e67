"""A file that grows while it is read: its timeline again and again, as far as it was written."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from llasa_core.errors import DataError
from llasa_core.timeline.timeline import renamed, timelines_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from llasa_core.data.read_options import ReadOptions
    from llasa_core.timeline.classifier import WindowClassifier
    from llasa_core.timeline.options import TimelineOptions
    from llasa_core.timeline.timeline import Timeline

PAUSE_S = 1.0
"""Between two looks at the file."""
BUSY_SHARE = 0.25
"""Of the time that reading may take: a long file is read less often."""
LINE_BYTES = 1 << 16
"""No line is longer."""


def follow(
    path: Path,
    reading: ReadOptions,
    classifier: WindowClassifier,
    options: TimelineOptions,
    *,
    waiting: Callable[[DataError], None] = lambda _error: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Timeline]:
    """Yield the timeline of a text file's only recording whenever the file has grown, for ever.

    The file is read anew from its beginning, since what its columns and units are is decided on its first rows; whole
    lines only, so that the one that is being written does no harm.

    Args:
        path: the file.
        reading: what it does not say itself.
        classifier: from `load_classifier`.
        options: of the timeline.
        waiting: told why there is no timeline yet, such as too few rows.
        sleep: waits so many seconds.

    Raises:
        DataError: there is no such file.
    """
    if not path.is_file():
        raise DataError("there is no such file to watch", where=path, fix="check the path; a folder cannot be watched")
    seen = -1
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        while True:
            begun = time.monotonic()
            size = path.stat().st_size
            if size != seen:
                seen = size
                _copy_lines(path, copy)
                try:
                    *_, last = timelines_in(copy, reading, classifier, options)
                except DataError as error:
                    waiting(error)
                else:
                    yield renamed(last, path)
            sleep(max(PAUSE_S, (time.monotonic() - begun) * (1 - BUSY_SHARE) / BUSY_SHARE))


def _copy_lines(path: Path, copy: Path) -> None:
    """Copy a text file as far as its last whole line."""
    shutil.copyfile(path, copy)
    with copy.open("r+b") as file:
        size = file.seek(0, 2)
        first = max(0, size - LINE_BYTES)
        file.seek(first)
        file.truncate(first + file.read().rfind(b"\n") + 1)
