"""One file from a server: what came before a connection broke off is kept, and the next try goes on from there."""

from __future__ import annotations

import errno
import http.client
import json
import shutil
import ssl
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import IO, TYPE_CHECKING, Any, NoReturn, Protocol
from urllib.parse import urlsplit

from llasa_core import __version__
from llasa_core.errors import InterruptedRun, RunError, UsageError
from llasa_core.files import put_in_place, remove, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WAITS_S = (1.0, 3.0, 9.0, 27.0)
"""Pauses before each new try that follows one that brought nothing."""
LONGEST_WAIT_S = 60.0
"""Of what a server asks for by `Retry-After`."""
SILENCE_S = 30.0
"""How long a server may send nothing."""
BLOCK_BYTES = 1 << 18
BEGINNINGS = {".zip": b"PK", ".rar": b"Rar!", ".npy": b"\x93NUMPY", ".gz": b"\x1f\x8b"}
"""How a file of a kind begins; sites that moved answer with a page."""
TRY_LATER = (
    http.client.REQUEST_TIMEOUT,
    http.client.TOO_MANY_REQUESTS,
    http.client.INTERNAL_SERVER_ERROR,
    http.client.BAD_GATEWAY,
    http.client.SERVICE_UNAVAILABLE,
    http.client.GATEWAY_TIMEOUT,
)


class Progress(Protocol):
    """What a caller may want to hear."""

    def __call__(self, done: int, total: int | None, file: str) -> None:
        """Take the bytes so far, those in all where the server says them, and the file's name."""


@dataclass(frozen=True)
class _Version:
    """What tells whether a server still has the file that a part of is here."""

    address: str
    tag: str | None = None
    """Its strong ETag, else its date."""
    total: int | None = None
    """Bytes in all."""


class _BrokenOffError(Exception):
    """A try ended early; the next may do better."""

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


def download(
    address: str,
    target: Path,
    *,
    page: str,
    progress: Progress | None = None,
    waits_s: Sequence[float] = WAITS_S,
    silence_s: float = SILENCE_S,
) -> Path:
    """Download a file beside its target, under the name `TARGET.part`, and go on where an earlier try ended.

    A part is continued only if the server says that it has the same version still; else it is begun anew. Proxies are
    taken from the environment.

    Args:
        address: http or https; a redirect from https to http is not followed.
        target: what the file will be called once the caller has checked it.
        page: where a person would look for the file, for messages.
        progress: called now and then.
        waits_s: pauses between tries; as many of them in a row may bring nothing.
        silence_s: how long the server may send nothing.

    Returns:
        The part, which is whole now.

    Raises:
        UsageError: the address is not http or https.
        RunError: the server does not give the file, or the connection broke off too often.
        InterruptedRun: Ctrl-C was pressed.
    """
    if urlsplit(address).scheme not in ("http", "https"):
        raise UsageError("only http and https are fetched", where=address, fix="name an address of that kind")
    part = target.with_name(f"{target.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    one = _Download(address, part, target, page, progress, silence_s)
    try:
        _try_until_whole(one, waits_s)
    except KeyboardInterrupt as error:
        raise InterruptedRun(f"interrupted: {one.so_far}", fix="run the same command again to go on") from error
    return part


def keep(part: Path, target: Path) -> None:
    """Give a whole part its name."""
    put_in_place(part, target)
    remove(_version_file_of(part))


def drop(part: Path) -> None:
    """Remove a part, and what is known of it."""
    remove(part)
    remove(_version_file_of(part))


def _version_file_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _try_until_whole(one: _Download, waits_s: Sequence[float]) -> None:
    n_vain, most = 0, one.kept
    while True:
        try:
            one.go_on()
        except _BrokenOffError as error:
            n_vain = 0 if one.kept > most else n_vain + 1
            most = max(most, one.kept)
            if n_vain > len(waits_s):
                raise one.given_up(str(error)) from error
            time.sleep(waits_s[max(n_vain - 1, 0)] if error.wait_s is None else min(error.wait_s, LONGEST_WAIT_S))
        else:
            return


class _Download:
    """The part on the disk, and what is known of the whole."""

    def __init__(
        self, address: str, part: Path, target: Path, page: str, progress: Progress | None, silence_s: float
    ) -> None:
        self.part = part
        self._target, self._page, self._progress, self._silence_s = target, page, progress, silence_s
        self._version = self._read_version(address)

    @property
    def kept(self) -> int:
        """Bytes that are here."""
        return self.part.stat().st_size if self.part.exists() else 0

    @property
    def so_far(self) -> str:
        """What is here, in words."""
        if not self.kept:
            return "nothing came yet"
        if self._version.tag is None:
            return "nothing is kept, because the server does not say which version of the file it has"
        of_total = f" of {self._version.total}" if self._version.total is not None else ""
        return f"{self.kept}{of_total} bytes are kept"

    def go_on(self) -> None:
        """Ask for what is missing, and write it behind what is here.

        Raises:
            _BrokenOffError: it ended early.
            RunError: the server does not give it.
        """
        if self.kept and self.kept == self._version.total:
            return
        if self._version.tag is None:
            remove(self.part)  # nothing says that the server's file is still the one this is a part of
        try:
            with self._ask() as response:
                self._take(response)
        except urllib.error.HTTPError as error:
            with error:
                self._judge(error)
        except urllib.error.URLError as error:
            if isinstance(error.reason, ssl.SSLCertVerificationError):
                raise self._failed(
                    f"{self._target.name} was not fetched: the server cannot show who it is "
                    f"({error.reason.verify_message})",
                    "set SSL_CERT_FILE where this machine keeps its certificates in another place",
                ) from error
            raise _BrokenOffError(_reason(error.reason)) from error
        except http.client.HTTPException as error:
            raise _BrokenOffError(_reason(error)) from error
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise self._failed("the disk is full", "free some space and run the same command again") from error
            raise _BrokenOffError(_reason(error)) from error

    def given_up(self, reason: str) -> RunError:
        """Return what ends the download."""
        fix = f"run the same command again: {self.so_far}"
        if not self.kept:
            fix = "check the connection, or run the same command again later"
        return self._failed(f"{self._target.name} was not fetched: {reason}", fix)

    def _ask(self) -> Any:
        headers = {"User-Agent": f"llasa/{__version__}", "Accept-Encoding": "identity"}
        if self.kept and self._version.tag:
            headers |= {"Range": f"bytes={self.kept}-", "If-Range": self._version.tag}
        request = urllib.request.Request(self._version.address, headers=headers)  # noqa: S310 - `download` checks it
        return urllib.request.build_opener(_SameSafety).open(request, timeout=self._silence_s)

    def _take(self, response: Any) -> None:
        begin = 0
        if response.status == http.client.PARTIAL_CONTENT:
            begin, total = _range_of(response.headers.get("Content-Range", ""))
            is_same = self._version.total in (None, total) and _tag_of(response.headers) in (None, self._version.tag)
            if begin != self.kept or not is_same:
                remove(self.part)
                raise _BrokenOffError("the server sent another part than it was asked for", wait_s=0)
            self._version = replace(self._version, total=total)
        else:
            length = response.headers.get("Content-Length", "")
            total = int(length) if length.isdigit() else None
            self._begin_anew(_Version(self._version.address, _tag_of(response.headers), total))
        self._check_room(begin)
        with self.part.open("ab") as file:
            self._write(response, file)
        if not self.kept or self._version.total not in (None, self.kept):
            raise _BrokenOffError("the connection broke off")

    def _write(self, response: Any, file: IO[bytes]) -> None:
        done = file.tell()
        while block := response.read(BLOCK_BYTES):
            if not done:
                self._check_beginning(block, response.headers.get("Content-Type", "of no kind"))
            file.write(block)
            done += len(block)
            if self._progress is not None:
                self._progress(done, self._version.total, self._target.name)

    def _judge(self, error: urllib.error.HTTPError) -> NoReturn:
        """Raise what an answer other than the file means.

        Raises:
            _BrokenOffError: it is worth another try.
            RunError: it is not.
        """
        answer = f"the server answers {error.code} {error.reason}"
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            remove(self.part)
            raise _BrokenOffError(answer, wait_s=0)
        if error.code in TRY_LATER:
            asked = error.headers.get("Retry-After", "")
            raise _BrokenOffError(answer, float(asked) if asked.isdigit() else None)
        why = "it is no longer at this address" if error.code in (404, 410) else "it does not give the file"
        raise self._failed(
            f"{self._target.name} was not fetched: {answer}; {why}",
            f"look for it on {self._page}; `llasa prepare-data` takes the file that a browser downloads",
        ) from error

    def _begin_anew(self, version: _Version) -> None:
        remove(self.part)
        self._version = version
        write_json(_version_file_of(self.part), asdict(version))

    def _check_beginning(self, block: bytes, kind: str) -> None:
        wanted = BEGINNINGS.get(self._target.suffix, b"")
        if not block.startswith(wanted):
            drop(self.part)
            raise self._failed(
                f"{self._target.name} was not fetched: the server sent something else ({kind}, it begins with "
                f"{block[:20].decode('utf-8', 'replace')!r})",
                f"look for it on {self._page}; `llasa prepare-data` takes the file that a browser downloads",
            )

    def _check_room(self, begin: int) -> None:
        free = shutil.disk_usage(self.part.parent).free
        needed = (self._version.total or 0) - begin
        if needed > free:
            raise self._failed(
                f"the disk is too small: {needed / 1e6:.0f} MB are missing, {free / 1e6:.0f} MB are free",
                "free some space and run the same command again, or pass another `--out`",
            )

    def _failed(self, message: str, fix: str) -> RunError:
        return RunError(message, where=self._version.address, fix=fix)

    def _read_version(self, address: str) -> _Version:
        with suppress(OSError, ValueError, TypeError):
            version = _Version(**json.loads(_version_file_of(self.part).read_text(encoding="utf-8")))
            if version.address == address:
                return version
        return _Version(address)


class _SameSafety(urllib.request.HTTPRedirectHandler):
    """Follows redirects to http and https, but not from https to http."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        old, new = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if new not in ("http", "https") or (old == "https" and new == "http"):
            fp.close()
            raise RunError(
                f"the server leads from {old} to {new}, which is not followed",
                where=newurl,
                fix="look for the file on the dataset's page",
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _tag_of(headers: Any) -> str | None:
    tag: str | None = headers.get("ETag")
    return tag if tag and not tag.startswith("W/") else headers.get("Last-Modified")


def _range_of(text: str) -> tuple[int, int | None]:
    """Return where `bytes 5-9/10` begins, and the whole size."""
    span, _, total = text.removeprefix("bytes ").partition("/")
    begin = span.partition("-")[0]
    return (int(begin) if begin.isdigit() else -1), (int(total) if total.isdigit() else None)


def _reason(error: object) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return text[:1].lower() + text[1:]
