"""What can be asked of the server: OpenAI's endpoints, those of the page, and those for its operator."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import secrets
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.responses import JSONResponse, Response, StreamingResponse

from llasa_core import __version__
from llasa_core.chat.settings import ChatSettings
from llasa_core.errors import DataError, LlasaError, UsageError
from llasa_core.serve.answering import Question, begin
from llasa_core.serve.assets import asset
from llasa_core.serve.bodies import Room, chunks_of
from llasa_core.serve.examples import examples
from llasa_core.serve.intake import ReadingFields, reading_fields
from llasa_core.serve.messages import read_messages
from llasa_core.serve.openai_shapes import ApiError, as_api_error, chunk, completion, read_request
from llasa_core.serve.refusal import Refusal
from llasa_core.serve.signal_view import SIGNALS, UNITS, signal_view
from llasa_core.serve.store import shown
from llasa_core.timeline.figure import colours_of
from llasa_core.timeline.text import CSV_HEAD, csv_rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.datastructures import UploadFile
    from starlette.types import Receive, Scope, Send

    from llasa_core.engine import Engine
    from llasa_core.model.multimodal import LlasaModel
    from llasa_core.serve.answering import Answer
    from llasa_core.serve.intake import Intake
    from llasa_core.serve.messages import Asked, Sent
    from llasa_core.serve.metrics import Metrics
    from llasa_core.serve.openai_shapes import ChatRequest
    from llasa_core.serve.settings import ServeSettings
    from llasa_core.serve.store import Store, Upload

MOST_BRACES = 50_000
"""Of a chat request: small objects take ten times the memory of their text, long texts hardly more than theirs."""
MOST_FIELDS = 16
IN_MEMORY_BYTES = 1 << 20
CLIENT_LEFT = 499


@dataclass(frozen=True)
class Parts:
    """What answers are made with."""

    name: str
    """The model's, for clients."""
    activities: tuple[str, ...]
    engine: Engine
    model: LlasaModel
    store: Store
    intake: Intake
    settings: ServeSettings
    metrics: Metrics
    created: int
    """When the server started, in seconds since 1970."""
    chat: ChatSettings = ChatSettings()  # noqa: RUF009 - it cannot be changed
    """How conversations are held."""


def make_app(parts: Parts) -> FastAPI:
    """Return the application, without the guard."""
    app = FastAPI(title="LLaSA", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    _add_errors(app, parts.settings.linger_s)
    _add_chat(app, parts)
    _add_models(app, parts)
    _add_uploads(app, parts)
    _add_views(app, parts)
    _add_page(app, parts)
    return app


def _add_errors(app: FastAPI, linger_s: float) -> None:
    async def ours(_request: Request, error: Exception) -> Response:
        return Refusal(as_api_error(error), linger_s)

    async def of_the_framework(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
        message = {404: "there is nothing here", 405: "this cannot be done here"}.get(error.status_code, error.detail)
        return Refusal(ApiError(error.status_code, message, fix="docs/serve.md lists the endpoints"), linger_s)

    async def of_the_query(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
        first = error.errors()[0]
        param = str(first["loc"][-1])
        return Refusal(ApiError(422, f"`{param}`: {first['msg']}", code="invalid_value", param=param), linger_s)

    app.add_exception_handler(RequestValidationError, of_the_query)
    app.add_exception_handler(LlasaError, ours)
    app.add_exception_handler(Exception, ours)  # and is raised again for the guard, which writes it down
    app.add_exception_handler(HTTPException, of_the_framework)


def _add_chat(app: FastAPI, parts: Parts) -> None:
    bodies = Room(parts.settings.most_body_bytes, "the requests")

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> Response:
        with bodies.share() as take:
            chat, asked, uploads = await _taken_in(request, parts, take)
        question = _question(chat, asked, uploads, parts.settings)
        answer = await begin(question, parts.engine, parts.model, parts.settings, parts.chat)
        told = answer.rests_on() | {"recordings": [_summary(one) for one in uploads], "notes": asked.notes}
        identity = (f"chatcmpl-{secrets.token_hex(12)}", int(time.time()), parts.name)
        if chat.stream:
            wants_usage = chat.stream_options is not None and chat.stream_options.include_usage
            return _EventStream(_events(answer, identity, told, parts, wants_usage=wants_usage), answer)
        await _until_whole(answer, request, parts)
        told |= {"unsupported": await asyncio.to_thread(answer.unsupported)}
        more: dict[str, Any] = {"text": answer.text, "finish_reason": answer.finish_reason, "usage": answer.usage}
        return JSONResponse(completion(*identity, **more, llasa=told))


async def _taken_in(
    request: Request, parts: Parts, take: Callable[[int], None]
) -> tuple[ChatRequest, Asked, list[Upload]]:
    """Return what is asked, with its recordings read; nothing of the body is held any longer."""
    body = bytearray()
    async for block in chunks_of(request, parts.settings.most_inline_bytes, parts.settings):
        take(len(block))
        body += block
    chat, fields, asked = await asyncio.to_thread(_read_chat, body, parts)
    uploads = [await _upload_of(sent, fields, parts) for sent in asked.recordings]
    asked.recordings.clear()
    chat.messages.clear()
    return chat, asked, uploads


def _read_chat(body: bytearray, parts: Parts) -> tuple[ChatRequest, ReadingFields, Asked]:
    if body.count(b"{") + body.count(b"[") > MOST_BRACES:
        raise ApiError(400, "the body holds too many objects", fix="send a recording as text, or as a file")
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "the body is no JSON", fix="send what OpenAI's client does") from error
    chat = read_request(said)
    if chat.model not in {None, parts.name}:
        raise ApiError(
            404,
            f"there is no model `{shown(str(chat.model))}` here",
            code="model_not_found",
            param="model",
            fix=f"ask for `{parts.name}`",
        )
    return chat, reading_fields(said.get("llasa") or {}), read_messages(chat, parts.settings.most_text)


async def _upload_of(sent: Sent, fields: ReadingFields, parts: Parts) -> Upload:
    if sent.file_id is not None:
        return _found(parts.store, sent.file_id)
    assert sent.content is not None  # noqa: S101 - one or the other
    return await parts.intake.take(sent.content, sent.name, fields, is_new=False)


def _question(chat: ChatRequest, asked: Asked, uploads: list[Upload], settings: ServeSettings) -> Question:
    return Question(
        text=asked.question,
        turns=asked.turns,
        recordings=[upload.recording for upload in uploads],
        max_new_tokens=min(
            chat.max_completion_tokens or chat.max_tokens or settings.default_tokens, settings.most_tokens
        ),
        temperature=chat.temperature or 0.0,
        seed=chat.seed or 0,
    )


async def _until_whole(answer: Answer, request: Request, parts: Parts) -> None:
    """Wait for the whole answer, but no longer than the client does."""

    async def collect() -> None:
        async for _ in answer.pieces():
            pass

    async def left() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    collecting, leaving = asyncio.create_task(collect()), asyncio.create_task(left())
    try:
        await asyncio.wait({collecting, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not collecting.done():
            raise ApiError(CLIENT_LEFT, "the client left before its answer was whole")
        await collecting
    finally:
        collecting.cancel()
        leaving.cancel()
        answer.cancel()
        parts.metrics.answered(answer, answer.finish_reason if collecting.done() else "left")


class _EventStream(StreamingResponse):
    """Pieces of an answer as server-sent events; whatever happens, the answer is given up in the end."""

    def __init__(self, events: AsyncIterator[str], answer: Answer) -> None:
        super().__init__(events, media_type="text/event-stream", headers={"cache-control": "no-store"})
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._answer.cancel()


async def _events(
    answer: Answer, identity: tuple[str, int, str], told: dict[str, Any], parts: Parts, *, wants_usage: bool
) -> AsyncIterator[str]:
    end = "left"
    try:
        yield _event(chunk(*identity, {"role": "assistant", "content": ""}, llasa=told))
        async for piece in answer.pieces():
            yield _event(chunk(*identity, {"content": piece}))
        end = answer.finish_reason
        unsupported = await asyncio.to_thread(answer.unsupported)
        yield _event(chunk(*identity, {}, end, llasa={"unsupported": unsupported}))
        if wants_usage:
            yield _event(chunk(*identity, None, usage=answer.usage))
        yield "data: [DONE]\n\n"
    except LlasaError as error:
        end = "failed"
        yield _event(as_api_error(error).body)
    finally:
        parts.metrics.answered(answer, end)


def _event(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


def _add_models(app: FastAPI, parts: Parts) -> None:
    model = {"id": parts.name, "object": "model", "created": parts.created, "owned_by": "llasa"}

    @app.get("/v1/models")
    async def models() -> Response:
        return JSONResponse({"object": "list", "data": [model]})

    @app.get("/v1/models/{name:path}")
    async def one_model(name: str) -> Response:
        if name != parts.name:
            raise ApiError(404, f"there is no model `{shown(name)}` here", code="model_not_found", param="model")
        return JSONResponse(model)


def _add_uploads(app: FastAPI, parts: Parts) -> None:
    room = Room(parts.settings.most_uploads_at_once, "the uploads")

    @app.post("/uploads")
    @app.post("/v1/files")
    async def upload(request: Request) -> Response:
        with room.share() as take:
            take(1)
            async with _received(request, parts.settings) as (file, name, said):
                taken = await parts.intake.take(file, name, reading_fields(said))
        return JSONResponse(_described(taken, parts.store))

    @app.get("/v1/files/{file_id}")
    @app.get("/uploads/{file_id}")
    async def look(file_id: str) -> Response:
        return JSONResponse(_described(_found(parts.store, file_id), parts.store))

    @app.delete("/v1/files/{file_id}")
    @app.delete("/uploads/{file_id}")
    async def forget(file_id: str) -> Response:
        _found(parts.store, file_id)
        parts.store.remove(file_id)
        return JSONResponse({"id": file_id, "object": "file", "deleted": True})

    @app.get("/examples")
    async def list_examples() -> Response:
        return JSONResponse({"examples": [{"name": one.name, "title": one.title} for one in examples()]})


@asynccontextmanager
async def _received(request: Request, settings: ServeSettings) -> AsyncIterator[tuple[Any, str | None, dict[str, Any]]]:
    """Yield a file that is sent, its name, and what is said of it: as a form, as the body, or an example's name."""
    said: dict[str, Any] = {
        name: value for name, value in request.query_params.items() if name not in {"filename", "example"}
    }
    chunks = chunks_of(request, settings.most_upload_bytes, settings)
    if wanted := request.query_params.get("example"):
        path = next((one.path for one in examples() if one.name == wanted), None)
        if path is None:
            raise ApiError(404, f"there is no example `{shown(wanted)}`", fix="`/examples` lists them")
        yield await asyncio.to_thread(path.read_bytes), wanted, said
    elif request.headers.get("content-type", "").startswith("multipart/form-data"):
        try:
            form = await MultiPartParser(request.headers, chunks, max_files=1, max_fields=MOST_FIELDS).parse()
        except MultiPartException as error:
            raise ApiError(400, f"the form cannot be read: {error.message}", fix=HOW_TO_UPLOAD) from error
        try:
            file: UploadFile | str | None = form.get("file")
            if file is None or isinstance(file, str):
                raise ApiError(400, "the form holds no file", param="file", fix=HOW_TO_UPLOAD)
            said |= {name: value for name, value in form.items() if name not in {"file", "purpose"}}
            yield file.file, file.filename, said
        finally:
            await form.close()
    else:
        with SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as body:
            async for block in chunks:
                await asyncio.to_thread(body.write, block)
            if not body.tell():
                raise ApiError(400, "the body is empty", fix=HOW_TO_UPLOAD)
            yield body, request.query_params.get("filename"), said


HOW_TO_UPLOAD = "send it as curl does: `curl -F file=@walk.csv …/uploads`"


def _add_views(app: FastAPI, parts: Parts) -> None:
    @app.get("/timeline")
    async def timeline(upload: str, format: str = "json") -> Response:  # noqa: A002 - the parameter's name
        found = _found(parts.store, upload)
        if format == "csv":
            return _as_csv(found)
        if format != "json":
            raise UsageError(f"there is no format `{shown(format)}`", fix="ask for `json` or `csv`")
        known = found.recording
        more = {
            "upload": found.id,
            "file_name": found.file_name,
            "signals": [{"name": name, "unit": UNITS[name]} for name in SIGNALS],
            "colours": dict(colours_of(known.timeline.activities)),
            "sampling_rate_hz": known.sampling_rate_hz,
            "window_s": known.window_s,
        }
        return JSONResponse(known.timeline.as_dict() | more)

    @app.get("/signal")
    async def signal(
        upload: str, signal: str = SIGNALS[0], start: float | None = None, end: float | None = None, points: int = 2000
    ) -> Response:
        found = _found(parts.store, upload)
        return JSONResponse(await asyncio.to_thread(signal_view, found.recording, signal, start, end, points))


def _as_csv(found: Upload) -> Response:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_HEAD)
    writer.writerows(csv_rows(found.recording.timeline))
    name = found.file_name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
    headers = {"content-disposition": f'attachment; filename="{name.rpartition(".")[0] or name}-timeline.csv"'}
    return Response(text.getvalue(), media_type="text/csv", headers=headers)


def _add_page(app: FastAPI, parts: Parts) -> None:
    @app.get("/")
    async def page(request: Request) -> Response:
        return asset("index.html", dict(request.headers))

    @app.get("/favicon.ico")
    async def icon(request: Request) -> Response:
        return asset("icon.svg", dict(request.headers))

    @app.get("/static/{name}")
    async def static(name: str, request: Request) -> Response:
        return asset(name, dict(request.headers))

    @app.get("/health")
    async def health() -> Response:
        return JSONResponse({"status": "ok", "model": parts.name})

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(parts.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _found(store: Store, file_id: str) -> Upload:
    try:
        return store.get(file_id)
    except DataError as error:
        raise ApiError(404, error.message, code="not_found", param="upload", fix=error.fix) from error


def _described(upload: Upload, store: Store) -> dict[str, Any]:
    """Return an upload as OpenAI describes files, and what we know of it."""
    created, expires = int(upload.created), int(store.expires(upload))
    head = {"id": upload.id, "object": "file", "bytes": upload.file_bytes, "created_at": created}
    head |= {"expires_at": expires, "filename": upload.file_name, "purpose": "user_data", "status": "processed"}
    return head | {"llasa": _summary(upload)}


def _summary(upload: Upload) -> dict[str, Any]:
    timeline = upload.recording.timeline
    return {
        "upload": upload.id,
        "file_name": upload.file_name,
        "recording": timeline.name,
        "duration_s": round(timeline.end_s - timeline.start_s, 3),
        "notes": list(timeline.notes),
        "warnings": list(timeline.warnings),
    }
