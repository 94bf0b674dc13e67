"""One process at a time on a folder."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from llasa_core.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def only_one(lock_file: Path, *, doing: str) -> Iterator[None]:
    """Hold a lock while the body runs; the system frees it when the process ends, however it ends.

    Args:
        lock_file: made for the lock, and removed after it.
        doing: what another process would be in the middle of, for the message.

    Raises:
        RunError: another process holds it.
    """
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    handle = _take(lock_file)
    if handle is None:
        raise RunError(
            f"another process is {doing}", where=lock_file, fix="wait until it is done, then run the same command again"
        )
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes no open file; there the empty file stays
            lock_file.unlink()
        os.close(handle)


def hold_together(lock_file: Path, who: str) -> None:
    """Hold a lock together with others until this process ends, however it ends; where one holds it alone, wait.

    Args:
        lock_file: made where it is not.
        who: for the message of `wait_until_free`.
    """
    import fcntl  # noqa: PLC0415 - of Linux, as whatever calls this

    handle = os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    fcntl.flock(handle, fcntl.LOCK_SH)
    os.write(handle, f"{who}\n".encode())


def wait_until_free(lock_file: Path, patience_s: float = 20.0) -> None:
    """Wait until nobody holds a lock that `hold_together` holds, and remove its file.

    Raises:
        RunError: somebody still does.
    """
    deadline = time.monotonic() + patience_s
    while lock_file.exists():
        handle = _take(lock_file)
        if handle is not None:
            lock_file.unlink()
            os.close(handle)
        elif time.monotonic() > deadline:
            holders = ", ".join(lock_file.read_text(encoding="utf-8").splitlines())
            raise RunError(
                f"an earlier command is still at work here: {holders}",
                where=lock_file.parent,
                fix="end these processes, then run the same command again",
            )
        else:
            time.sleep(0.1)


def is_held(lock_file: Path) -> bool:
    """Return whether a process holds a lock now."""
    try:
        handle = os.open(lock_file, os.O_RDWR)
    except FileNotFoundError:
        return False
    except PermissionError:
        return True  # somebody else's; who cannot ask must not assume
    try:
        _lock(handle)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _take(lock_file: Path) -> int | None:
    """Return the handle of the locked file, or None where another process has locked it."""
    while True:
        handle = os.open(lock_file, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(handle)
            if os.fstat(handle).st_ino == lock_file.stat().st_ino:
                return handle
        except FileNotFoundError:
            pass  # the process before us removed its file after we opened it: that lock guards nothing
        except OSError:
            os.close(handle)
            return None
        os.close(handle)


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - each system has one of the two

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415 - each system has one of the two

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
