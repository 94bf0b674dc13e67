"""What runs in a process of its own: it parses files that nobody trusts, within bounds.

Imports stay light until the bounds are set.
"""

from __future__ import annotations

import os
import pickle
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llasa_core.errors import DataError, LlasaError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    from llasa_core.chat.known_recording import KnownRecording
    from llasa_core.data.read_options import ReadOptions
    from llasa_core.timeline.classifier import WindowClassifier
    from llasa_core.timeline.options import Upright

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Stacks of idle threads would count as address space."""


@dataclass(frozen=True)
class Job:
    """A file to parse."""

    path: Path
    """In a folder of its own, where nothing else can be taken for a part of it."""
    reading: ReadOptions
    classifier: WindowClassifier
    """A light head, or one that tells nothing apart where the LM has to be asked, which this process lacks."""
    recording: str | None = None
    allow_upsample: bool = False
    upright: tuple[Upright, ...] = ()
    placement: str | None = None


@dataclass(frozen=True)
class Failure:
    """Why a file was refused: an error's parts."""

    error: str
    where: str | None
    fix: str | None
    is_fault: bool = False
    """Whether it is ours."""


def work(connection: Connection, memory_bytes: int) -> None:
    """Parse one job after the other until the connection is closed; results go back pickled.

    Args:
        connection: jobs come in and outcomes go out; None asks to get ready.
        memory_bytes: address space of this process; not limited where the system cannot.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends this process
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    _limit_memory(memory_bytes)
    while True:
        try:
            job: Job | None = connection.recv()
        except EOFError:
            return
        if job is None:
            import llasa_core.chat.known_recording  # noqa: F401, PLC0415 - a second that nobody waits for

            continue
        connection.send_bytes(_packed(job))


def _limit_memory(memory_bytes: int) -> None:
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return
    for limit in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE):  # what is unpacked to the disk is bounded likewise
        with suppress(ValueError, OSError):  # macOS knows the first and does not take it
            resource.setrlimit(limit, (memory_bytes, memory_bytes))


def _packed(job: Job) -> bytes:
    try:
        return pickle.dumps(_parse(job), protocol=pickle.HIGHEST_PROTOCOL)
    except LlasaError as error:
        return pickle.dumps(_told(error, job))
    except MemoryError:
        return pickle.dumps(_too_large())
    except Exception as error:  # noqa: BLE001 - whoever waits has to be told
        if "memory" in type(error).__name__.lower():  # duckdb's own
            return pickle.dumps(_too_large())
        return pickle.dumps(Failure(f"{type(error).__name__}: {error}", None, None, is_fault=True))


def _parse(job: Job) -> KnownRecording:
    from llasa_core.chat.known_recording import know  # noqa: PLC0415 - numpy, once the bounds are set

    return know(
        job.path,
        job.reading,
        job.classifier,
        name=job.recording,
        allow_upsample=job.allow_upsample,
        upright=job.upright,
        placement=job.placement,
    )


def _told(error: LlasaError, job: Job) -> Failure:
    """Leave out where the file lies on this machine."""
    folder = f"{job.path.parent}{os.sep}"
    parts = [part and part.replace(folder, "") for part in (error.message, error.where, error.fix)]
    return Failure(str(parts[0]), parts[1], parts[2])


def _too_large() -> Failure:
    error = DataError("reading this file takes more memory than there is for it", fix="upload a part of it")
    return Failure(error.message, error.where, error.fix)
