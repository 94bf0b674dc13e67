"""One launched rank: it ends when the command that started it ends, and says why it failed.

DeepSpeed's launcher starts it as `python -m MODULE FOLDER ARGUMENT...`, and the module calls `main` with what to do.
That imports torch late, so that a rank is bound to its parents within milliseconds and a failed import is said like
any other failure.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import sys
import threading
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from llasa_core import errors
from llasa_core.errors import ErrorGroup, InterruptedRun, LlasaError, RunError
from llasa_core.files import sha256_of
from llasa_core.launching.folder import RankFolder
from llasa_core.locks import hold_together

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Folder = TypeVar("Folder", bound=RankFolder)

RANK_MARK, PROGRESS_MARK, SAY_MARK, ERROR_MARK = "@rank ", "@progress ", "@say ", "@error "
"""Begin a line that a rank tells its command: who it is, what is done, words for people, why it ends."""
LAUNCH_VARIABLE = "LLASA_LAUNCH"
FOLDER_PATIENCE_S = 10.0
"""A network file system shows a new file to other hosts after some seconds."""
LONGEST_MESSAGE = 1500
"""Characters of an error; a line below 4,096 bytes is never mixed with another rank's."""


@dataclass(frozen=True)
class Launch:
    """What a rank must know of the command that started it."""

    host: str
    """Of this rank, as the hostfile calls it."""
    begun_sha256: str
    """Of the folder's `begun_file`, by which a rank knows that it sees the same folder."""
    addresses: tuple[str, ...] = ()
    """Of all hosts, where there are several."""

    def as_variable(self) -> dict[str, str]:
        """Return the environment variable that `read` reads."""
        return {LAUNCH_VARIABLE: json.dumps(asdict(self))}

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Launch:
        """Return what the command left in the environment."""
        said = json.loads(environment[LAUNCH_VARIABLE])
        return cls(said["host"], said["begun_sha256"], tuple(said["addresses"]))


def main(work: Callable[[Folder, Sequence[str], Launch], None], folder_of: Callable[[Path], Folder]) -> None:
    """Run as one rank of DeepSpeed's launcher.

    Args:
        work: what to do, given the folder, the arguments after it, and what the command left for its ranks.
        folder_of: makes the folder of its path.
    """
    path, *arguments = (word for word in sys.argv[1:] if not word.startswith("--local_rank"))
    folder, launch, rank = folder_of(Path(path)), Launch.read(os.environ), int(os.environ["RANK"])
    _end_with_parents()
    _tell(RANK_MARK, {"rank": rank, "pid": os.getpid()})
    try:
        check_folder(folder, launch)
        hold_together(folder.ranks_file, f"rank {rank} (process {os.getpid()} on {launch.host})")
        if _is_command_gone():
            os._exit(1)
        work(folder, arguments, launch)
    except InterruptedRun as error:
        # and with code 0: at any other the launcher kills ranks that still save
        _tell(ERROR_MARK, said(error, rank, folder))
    except BaseException as error:  # noqa: BLE001 - it is said, whatever it is
        _end(error, rank, folder)


def tell(progress: Mapping[str, Any]) -> None:
    """Tell the command what is done, in plain values that JSON can hold and a line has room for."""
    _tell(PROGRESS_MARK, progress)


def say(text: str) -> None:
    """Tell the command a line for people; one rank's is enough."""
    if os.environ["RANK"] == "0":
        _tell(SAY_MARK, {"text": text})


def _end(error: BaseException, rank: int, folder: RankFolder) -> NoReturn:
    """Say an error and end at once: a communicator whose peers are gone can hang in its destructor."""
    _tell(ERROR_MARK, said(error, rank, folder))
    traceback.print_exception(error)
    sys.stderr.flush()
    os._exit(1)


def said(error: BaseException, rank: int, folder: RankFolder) -> dict[str, Any]:
    """Return what a rank tells of an error, for `heard`."""
    if isinstance(error, ErrorGroup):
        error = error.errors[0]
    known = error if isinstance(error, LlasaError) else _described(error, rank, folder)
    parts = {key: value and value[:LONGEST_MESSAGE] for key, value in known.as_dict().items()}
    return {"rank": rank, "kind": type(known).__name__, **parts, "is_echo": _is_echo(error)}


def heard(words: Mapping[str, Any]) -> LlasaError:
    """Return the error that `said` told of."""
    kind = getattr(errors, words["kind"])
    error: LlasaError = kind(words["error"], where=words["where"], fix=words["fix"])
    return error


def _described(error: BaseException, rank: int, folder: RankFolder) -> RunError:
    name, log = type(error).__name__, folder.log_file
    if name == "OutOfMemoryError":
        message = f"rank {rank} ran out of GPU memory: {str(error).split('. ')[0]}"
        return RunError(message, where=log, fix=folder.LESS_MEMORY)
    fix = f"the traceback is in that file; {folder.GOES_ON}"
    return RunError(f"rank {rank} failed: {name}: {error}"[:LONGEST_MESSAGE], where=log, fix=fix)


def _is_echo(error: BaseException) -> bool:
    """Return whether an error only says that another rank is gone."""
    if isinstance(error, LlasaError):
        return False
    return type(error).__name__.startswith("Dist") or any(word in str(error) for word in ("gloo", "NCCL", "TCPStore"))


def check_folder(folder: RankFolder, launch: Launch, patience_s: float = FOLDER_PATIENCE_S) -> None:
    """Check that this host sees the folder that its command has begun.

    Raises:
        RunError: there is no such folder here, or another run's.
    """
    file, deadline = folder.begun_file, time.monotonic() + patience_s
    while not (file.is_file() and sha256_of(file) == launch.begun_sha256):
        if time.monotonic() > deadline:
            what = "sees another run in this run's folder" if file.is_file() else "does not see this run's folder"
            raise RunError(
                f"host {launch.host} {what}",
                where=folder.folder,
                fix="put `--runs` on a file system that all hosts share, under the same path",
            )
        time.sleep(0.2)


def _end_with_parents() -> None:
    """End at once when the launcher on this host dies, or the command does: both may be killed without a word.

    The command holds the other end of stdin, here or through ssh, and never writes to it again; so it ends when the
    command, or the connection to it, does.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    def wait() -> None:
        while os.read(0, 4096):
            pass
        os._exit(1)

    threading.Thread(target=wait, name="leash", daemon=True).start()


PR_SET_PDEATHSIG = 1
"""Of Linux's `prctl`: which signal to get when the parent ends."""


def _is_command_gone() -> bool:
    return bool(select.select([0], [], [], 0)[0])


def _tell(mark: str, value: Mapping[str, Any]) -> None:
    os.write(1, f"\n{mark}{json.dumps(value)}\n".encode())  # at once, and on a line of its own whatever others print
