"""From a file that a client sends to a recording that is remembered."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, PositiveFloat, ValidationError

from llasa_core.data.channels import AccUnit, GyrUnit  # noqa: TC001 - pydantic reads them at run time
from llasa_core.data.read_options import FormatName, ReadOptions
from llasa_core.errors import UsageError
from llasa_core.serve.openai_shapes import ApiError
from llasa_core.serve.worker import Job
from llasa_core.timeline.timeline import renamed
from llasa_core.timeline.upright import upright_spans

if TYPE_CHECKING:
    from typing import BinaryIO

    from llasa_core.chat.known_recording import KnownRecording
    from llasa_core.engine import Engine
    from llasa_core.serve.classifying import Classifying
    from llasa_core.serve.parsing import Parsers
    from llasa_core.serve.store import Store, Upload
    from llasa_core.timeline.options import Upright

COPIED_AT_ONCE = 1 << 20
LONGEST_NAME = 100
NAMELESS = "recording.csv"
NAMED_AT_ONCE = 2
"""Recordings whose windows the LM names at once, where there is no light head."""


class ReadingFields(BaseModel):
    """What a client says of a file, under the names of the flags of `llasa chat`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    recording: str | None = None
    format: FormatName = "auto"
    rate: PositiveFloat | None = None
    columns: str | None = None
    acc_unit: AccUnit | None = None
    gyr_unit: GyrUnit | None = None
    bad_rows: Literal["error", "drop"] = "error"
    allow_missing: Literal["gyro"] | None = None
    keep_frame: bool = False
    allow_upsample: bool = False
    upright: str | None = None
    """`START-END`, several with commas between."""
    placement: str | None = None

    @property
    def upright_spans(self) -> tuple[Upright, ...]:
        """Seconds in which the person stands or walks.

        Raises:
            UsageError: one is no span, or too short.
        """
        return upright_spans(self.upright.split(",") if self.upright else (), "upright")

    @property
    def options(self) -> ReadOptions:
        """For the readers."""
        return ReadOptions(
            format=self.format,
            sampling_rate_hz=self.rate,
            columns=tuple(name.strip() for name in self.columns.split(",")) if self.columns else None,
            acc_unit=self.acc_unit,
            gyr_unit=self.gyr_unit,
            bad_rows=self.bad_rows,
            allow_missing_gyro=self.allow_missing == "gyro",
            keep_frame=self.keep_frame,
        )


def reading_fields(said: object) -> ReadingFields:
    """Return what a client says of a file, checked; empty texts, as forms send them, say nothing.

    Raises:
        ApiError: these are no fields, there is no such field, or a value makes no sense.
    """
    if not isinstance(said, dict):
        raise ApiError(400, "`llasa` is no JSON object", param="llasa", fix='write it like `{"rate": 50}`')
    try:
        fields = ReadingFields.model_validate({name: value for name, value in said.items() if value != ""})
        fields.options, fields.upright_spans  # noqa: B018 - what is found there belongs to the request as well
    except ValidationError as error:
        first = error.errors()[0]
        param = ".".join(map(str, first["loc"]))
        raise ApiError(400, f"`{param}`: {first['msg']}", code="invalid_value", param=param) from error
    except UsageError as error:
        raise ApiError(400, error.message, code="invalid_value", param="upright", fix=error.fix) from error
    return fields


class Intake:
    """Takes files in: parsed in another process, named, and remembered. For the event loop's thread."""

    def __init__(self, store: Store, parsers: Parsers, classifying: Classifying, engine: Engine) -> None:
        self.store = store
        self._parsers, self._classifying, self._engine = parsers, classifying, engine
        self._naming = asyncio.Semaphore(NAMED_AT_ONCE)
        self._being_read: dict[str, asyncio.Task[KnownRecording]] = {}

    async def take(
        self, file: BinaryIO | bytes, name: str | None, fields: ReadingFields, *, is_new: bool = True
    ) -> Upload:
        """Return a file's recording as it is remembered from now on.

        Args:
            file: its content.
            name: what the client calls it; its end may tell the format.
            fields: what the client says of it.
            is_new: False where the same file may be one that is remembered already.

        Raises:
            DataError, ApiError, BusyError, RunError: see `Parsers.parse` and `Store.add`.
        """
        shown_name = plain_name(name)
        stream = io.BytesIO(file) if isinstance(file, bytes) else file
        content, n_bytes = await asyncio.to_thread(_identity, stream, fields, shown_name)
        known = self.store.same_as(content)
        if known is not None and not is_new:
            return known
        if known is not None:
            return self.store.add(content, shown_name, n_bytes, known.recording)
        recording = await self._read_once(content, stream, shown_name, fields)
        return self.store.add(content, shown_name, n_bytes, recording)

    async def _read_once(self, content: str, stream: BinaryIO, name: str, fields: ReadingFields) -> KnownRecording:
        """Let all who send the same file at once wait for one reading."""
        task = self._being_read.get(content)
        if task is None:
            task = asyncio.create_task(self._read(stream, name, fields))
            self._being_read[content] = task
            task.add_done_callback(lambda _done: self._being_read.pop(content, None))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may wait any more
        return await asyncio.shield(task)

    async def _read(self, stream: BinaryIO, name: str, fields: ReadingFields) -> KnownRecording:
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="llasa-serve-"))
        try:
            path = folder / name
            await asyncio.to_thread(_write, stream, path)
            job = Job(
                path,
                fields.options,
                self._classifying.in_parser,
                fields.recording,
                fields.allow_upsample,
                fields.upright_spans,
                fields.placement,
            )
            recording = await self._parsers.parse(job)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        async with self._naming:
            named = await asyncio.to_thread(self._classifying.finished, recording, self._engine)
        return replace(named, timeline=renamed(named.timeline, Path(name)))


def plain_name(name: str | None) -> str:
    """Return a file name of a client's without folders and without what no disk takes."""
    last = PureWindowsPath(PurePosixPath(name or "").name).name
    clean = "".join(letter for letter in last if letter.isprintable() and letter not in '<>:"/\\|?*').strip(". ")
    stem, dot, suffix = clean[-LONGEST_NAME:].rpartition(".")
    return clean[-LONGEST_NAME:].lstrip(". ") if clean and (stem or not dot or suffix) else NAMELESS


def _identity(stream: BinaryIO, fields: ReadingFields, name: str) -> tuple[str, int]:
    """Return what stands for a file and how it is read, and its size."""
    digest = hashlib.sha256(json.dumps([fields.model_dump(mode="json"), name]).encode())
    n_bytes = 0
    stream.seek(0)
    while block := stream.read(COPIED_AT_ONCE):
        digest.update(block)
        n_bytes += len(block)
    stream.seek(0)
    return digest.hexdigest(), n_bytes


def _write(stream: BinaryIO, path: Path) -> None:
    with path.open("wb") as file:
        shutil.copyfileobj(stream, file, COPIED_AT_ONCE)
