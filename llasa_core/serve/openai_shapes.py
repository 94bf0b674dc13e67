"""OpenAI's shapes: what a chat request looks like, and what completions, chunks and errors do.

Source:
    OpenAI's API reference, "Chat completions"; what the `openai` client sends and reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llasa_core.engine import BusyError
from llasa_core.errors import LlasaError, RunError

if TYPE_CHECKING:
    from collections.abc import Mapping

UNSUPPORTED = {
    "n": 1,
    "top_p": 1,
    "frequency_penalty": 0,
    "presence_penalty": 0,
    "logprobs": False,
    "response_format": {"type": "text"},
    "tools": [],
    "functions": [],
    "stop": [],
    "logit_bias": {},
    "modalities": ["text"],
    "audio": None,
}
"""What a request may say only if it is this, or null: quietly doing something else would be worse than an error."""


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore")


class FileContent(_Shape):
    """A recording in a message: an upload's id, or its content in base64."""

    file_id: str | None = None
    file_data: str | None = None
    filename: str | None = None


class Part(_Shape):
    """A part of a message."""

    type: str
    text: str | None = None
    file: FileContent | None = None


class Message(_Shape):
    """One message of a conversation."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[Part] | None = None


class StreamOptions(_Shape):
    """Of a streamed answer."""

    include_usage: bool = False


class ChatRequest(_Shape):
    """What is asked of `/v1/chat/completions`."""

    messages: list[Message] = Field(min_length=1, max_length=256)
    model: str | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2, allow_inf_nan=False)
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)


class ApiError(LlasaError):
    """What a client is told, and with which status."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        where: str | None = None,
        fix: str | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message, where=where, fix=fix)
        self.status, self.code, self.param = status, code, param
        self.retry_after_s = retry_after_s

    @property
    def body(self) -> dict[str, Any]:
        """OpenAI's shape; `where` and `fix` are ours."""
        kind = _TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")  # noqa: PLR2004
        message = f"{self.message}; {self.fix}" if self.fix else self.message
        parts = {"message": message, "type": kind, "param": self.param, "code": self.code}
        return {"error": {**parts, "where": self.where, "fix": self.fix}}

    @property
    def headers(self) -> dict[str, str]:
        """What goes with it."""
        headers = {} if self.retry_after_s is None else {"retry-after": str(self.retry_after_s)}
        return headers | ({"www-authenticate": "Bearer"} if self.status == 401 else {})  # noqa: PLR2004


_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
RETRY_S = 2
"""When a client that was refused may try again."""


def as_api_error(error: Exception) -> ApiError:
    """Return what a client is told of an error of ours."""
    match error:
        case ApiError():
            return error
        case BusyError():
            return ApiError(
                429, error.message, code="rate_limit_exceeded", where=error.where, fix=error.fix, retry_after_s=RETRY_S
            )
        case RunError():
            return ApiError(503, error.message, where=error.where, fix=error.fix, retry_after_s=RETRY_S)
        case LlasaError():
            return ApiError(400, error.message, code="invalid_value", where=error.where, fix=error.fix)
        case _:
            return ApiError(500, "the server has a fault", fix="please report it with what its operator sees")


def read_request(body: Any) -> ChatRequest:
    """Return a request, checked.

    Raises:
        ApiError: it is not of the shape, or asks for something that is not done here.
    """
    if not isinstance(body, dict):
        raise ApiError(400, "the body is no JSON object", fix="send `messages` as OpenAI's client does")
    for name, only in UNSUPPORTED.items():
        if body.get(name) is not None and body[name] != only:
            raise ApiError(
                400, f"`{name}` is not supported here", code="unsupported_parameter", param=name, fix="leave it out"
            )
    try:
        return ChatRequest.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        param = ".".join(map(str, first["loc"]))
        raise ApiError(400, f"`{param}`: {first['msg']}", code="invalid_value", param=param) from error


def completion(answer_id: str, created: int, model: str, **parts: Any) -> dict[str, Any]:
    """Return a whole answer; `parts` are its text, its end, its usage and what it rests on."""
    message = {"role": "assistant", "content": parts["text"], "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": parts["finish_reason"]}
    head = {"id": answer_id, "object": "chat.completion", "created": created, "model": model}
    return {**head, "choices": [choice], "usage": parts["usage"], "llasa": parts["llasa"]}


def chunk(
    answer_id: str,
    created: int,
    model: str,
    delta: Mapping[str, Any] | None,
    finish_reason: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return a piece of a streamed answer; without a delta it has no choices, as the one that tells the usage."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    head = {"id": answer_id, "object": "chat.completion.chunk", "created": created, "model": model}
    return {**head, "choices": [] if delta is None else [choice], **more}


def usage_of(prompt_tokens: int, answer_tokens: int) -> dict[str, int]:
    """Return how many tokens were read and said."""
    total = prompt_tokens + answer_tokens
    return {"prompt_tokens": prompt_tokens, "completion_tokens": answer_tokens, "total_tokens": total}
