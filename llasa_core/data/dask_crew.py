"""An existing Dask cluster that cuts recordings; its workers read and write the same paths as this machine."""

from __future__ import annotations

import socket
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from llasa_core import __version__
from llasa_core.data.fan_out import cut_group
from llasa_core.errors import RunError, UsageError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from llasa_core.data.cutting import How
    from llasa_core.data.fan_out import Group

ANSWERS_WITHIN_S = 10.0
"""A scheduler that does not answer for so long is not there."""
WORKERS_WITHIN_S = 60.0
"""So long a cluster may be without a worker: a nanny starts a lost one again in seconds, a queue in minutes."""
LOOKS_EVERY_S = 0.2
SHOWN_WITHIN_S = 30.0
"""A file that another machine wrote may show up late on a network's disk."""
_DECIDE_BYTES = ("numpy", "scipy", "duckdb")
"""Other versions of these may round otherwise."""


@dataclass(frozen=True)
class DaskCrew:
    """The workers of the scheduler at an address."""

    address: str

    def __call__(self, groups: Sequence[Group], how: How, folder: Path) -> Generator[Group, None, None]:
        """Yield each group once its file is whole; what a lost worker had in hand is given to another.

        Raises:
            DataError: a file cannot be read, and bad files are not to be skipped.
            RunError: the cluster cannot be reached, is lost, or does not fit this machine.
            UsageError: Dask is not installed.
        """
        with self._client() as client, self._named():
            group_of = {
                client.submit(cut_on_worker, group, how, folder, versions(), pure=False): group for group in groups
            }
            for future in self._finished(client, list(group_of)):
                future.result()
                group = group_of.pop(future)
                _wait_for(folder / group.file_name)
                yield group

    def _finished(self, client: Any, futures: list[Any]) -> Iterator[Any]:
        """Yield futures as they end, as long as there are workers."""
        from distributed import as_completed  # noqa: PLC0415 - an optional extra

        coming = as_completed(futures, loop=client.loop)
        seen_at = time.monotonic()
        n_left = len(futures)
        while n_left:
            batch = list(coming.next_batch(block=False))
            n_left -= len(batch)
            yield from batch
            if batch or client.scheduler_info(n_workers=-1)["workers"]:
                seen_at = time.monotonic()
            elif time.monotonic() - seen_at > WORKERS_WITHIN_S:
                raise RunError(
                    f"the Dask cluster has had no worker for {WORKERS_WITHIN_S:g} s",
                    where=self.address,
                    fix="start workers, as in `dask worker ADDRESS`, and run the same command again",
                )
            time.sleep(0 if batch else LOOKS_EVERY_S)

    @contextmanager
    def _client(self) -> Iterator[Any]:
        try:
            from distributed import Client  # noqa: PLC0415 - an optional extra
        except ImportError as error:
            raise UsageError(
                "`--backend dask` needs the package distributed", fix="install it: pip install 'llasa[cluster]'"
            ) from error
        try:
            client = Client(self.address, timeout=ANSWERS_WITHIN_S, set_as_default=False)
        except (OSError, ValueError) as error:  # a TimeoutError is an OSError
            raise RunError(
                "no Dask scheduler answers at this address",
                where=self.address,
                fix="check the address, as in `--scheduler tcp://host:8786`, and that this machine may reach it",
            ) from error
        with client:
            yield client

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Say in our words what befell the cluster."""
        from distributed import CancelledError  # noqa: PLC0415 - an optional extra
        from distributed.comm.core import CommClosedError  # noqa: PLC0415
        from distributed.scheduler import KilledWorker  # noqa: PLC0415

        again = "run the same command again: it goes on where this one stopped"
        try:
            yield
        except KilledWorker as error:
            raise RunError(
                "workers of the Dask cluster were killed again and again over the same files, perhaps because memory "
                "ran out",
                where=self.address,
                fix=f"give the workers more memory, 1 GB for each of their threads; then {again}",
            ) from error
        except ModuleNotFoundError as error:
            raise RunError(
                f"a worker of the Dask cluster has no package {error.name}",
                where=self.address,
                fix=f"install llasa {__version__} where the workers run",
            ) from error
        except (CancelledError, CommClosedError) as error:
            raise RunError(f"the Dask cluster was lost: {error}", where=self.address, fix=again) from error


def cut_on_worker(group: Group, how: How, folder: Path, wanted: dict[str, str]) -> None:
    """Cut a group into its file; runs on a worker.

    Raises:
        DataError: a file cannot be read, and bad files are not to be skipped.
        RunError: this worker sees other files than the machine that sent the work, or has other versions.
    """
    here = f"a worker of the Dask cluster, on {socket.gethostname()},"
    for name, found in versions().items():
        if found != wanted[name]:
            raise RunError(
                f"{here} has {name} {found}, this machine has {wanted[name]}",
                fix=f"install {name} {wanted[name]} where the workers run: other versions may give other bytes",
            )
    sources = [file.path for piece in group.pieces for file in piece.unread.files]
    for path in (folder, *sources):
        if not path.exists():
            raise RunError(
                f"{here} finds nothing at this path",
                where=path,
                fix="workers must see the same paths: keep the sources and `--out` on a disk that they share",
            )
    cut_group(group, how, folder)


def versions() -> dict[str, str]:
    """Return the versions here of all that decides the bytes of a window."""
    found = {"llasa": __version__, "Python": f"{sys.version_info.major}.{sys.version_info.minor}"}
    for name in _DECIDE_BYTES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # a build without metadata
            found[name] = "of an unknown version"
    return found


def _wait_for(path: Path) -> None:
    until = time.monotonic() + SHOWN_WITHIN_S
    while not path.is_file():
        if time.monotonic() > until:
            raise RunError(
                "a worker of the Dask cluster wrote a file that this machine does not see",
                where=path,
                fix="workers must see the same paths: keep `--out` on a disk that they share",
            )
        any(path.parent.iterdir())  # makes a network's disk look again
        time.sleep(LOOKS_EVERY_S)
