"""One exchange with an OpenAI-compatible endpoint: an answer, or what went wrong and whether to try again."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from llasa_core import __version__
from llasa_core.data.llm_written.address import is_this_machine
from llasa_core.data.llm_written.cache import Answer
from llasa_core.data.llm_written.tokens import about_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MOST_BYTES = 4_000_000
"""Of one answer; 1,500 tokens are some 10,000."""
SHOWN = 300
"""Letters of what an endpoint says of an error."""
SENT_HEADERS = {
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "host",
    "user-agent",
    "x-stainless-raw-response",  # by it the client knows that it shall not parse the answer
}
"""Nothing else is sent: the client would add the machine, and what variables made for another endpoint say."""
REFUSED = {400, 422}
"""Answers to a request that an endpoint does not understand."""
OVER = {401, 402, 403, 404, 405, 410}
"""Answers that would be the same to every request."""
OVER_CODES = ("insufficient_quota", "billing_hard_limit_reached")


class Failure(Exception):  # noqa: N818 - it may be mended by another try
    """A request got no answer."""

    def __init__(self, reason: str, *, said: str = "", status: int = 0, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        """Short, the same for all failures of a kind."""
        self.said = said
        """What the endpoint said of it."""
        self.status = status
        self.wait_s = wait_s
        """What the endpoint asks us to wait."""

    @property
    def is_final(self) -> bool:
        """Whether every other request would fail too."""
        return self.status in OVER or 300 <= self.status < 400 or any(code in self.said for code in OVER_CODES)  # noqa: PLR2004 - redirections

    @property
    def may_pass(self) -> bool:
        """Whether the same request may succeed later."""
        is_of_client = 400 <= self.status < 500  # noqa: PLR2004 - of HTTP
        return not self.is_final and (not is_of_client or self.status in {408, 409, 425, 429})


@dataclass(frozen=True)
class Request:
    """What is asked, however the endpoint wants it."""

    model: str
    messages: tuple[tuple[str, str], ...]
    """Each with its role."""
    schema: dict[str, Any]
    """Of the JSON that is wanted; empty where any text will do."""
    max_tokens: int
    temperature: float

    def as_dict(self) -> dict[str, Any]:
        """Return all that decides the answer."""
        return {
            "model": self.model,
            "messages": [{"role": role, "content": text} for role, text in self.messages],
            "schema": self.schema,
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
        }

    def about_tokens(self) -> int:
        """Return about how many tokens go in."""
        return sum(about_tokens(text) + 4 for _, text in self.messages)


@dataclass(frozen=True)
class Dialect:
    """How an endpoint wants to be asked; found out by what it refuses."""

    has_schema: bool = True
    has_temperature: bool = True
    tokens_key: str = "max_tokens"

    def body(self, request: Request) -> dict[str, Any]:
        """Return the body of a request."""
        body = request.as_dict()
        schema = body.pop("schema")
        body[self.tokens_key] = body.pop("max_tokens")
        if not self.has_temperature:
            del body["temperature"]
        if self.has_schema and schema:
            form = {"name": "window", "strict": True, "schema": schema}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        return body

    def without(self, said: str) -> Dialect | None:
        """Return the dialect to try when this one was refused with these words; None where nothing is left."""
        if "max_completion_tokens" in said and self.tokens_key == "max_tokens":
            return replace(self, tokens_key="max_completion_tokens")
        if "temperature" in said and self.has_temperature:
            return replace(self, has_temperature=False)
        return replace(self, has_schema=False) if self.has_schema else None


class Endpoint:
    """An OpenAI-compatible endpoint; threads may share one. Content and key go there and nowhere else."""

    def __init__(self, url: str, key: str | None, timeout_s: float) -> None:
        from openai import DefaultHttpxClient, OpenAI, Timeout  # noqa: PLC0415 - takes a third of a second

        self._key = key
        self._timeout_s = timeout_s
        self._dialect = Dialect()
        is_here = is_this_machine(_host(url))
        self._http = DefaultHttpxClient(
            follow_redirects=False,  # would carry the recordings elsewhere
            trust_env=not is_here,  # a proxy has no business between this machine and itself
            event_hooks={"request": [self._strip], "response": [self._check_status]},
        )
        self._client = OpenAI(
            api_key="-",  # the real one is put in by `_strip`
            base_url=url,
            max_retries=0,
            timeout=Timeout(timeout_s, connect=min(10.0, timeout_s)),
            http_client=self._http,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def ask(self, request: Request) -> Answer:
        """Return the answer to a request, of which nothing is known yet but that it is text.

        Raises:
            Failure: there is none.
        """
        dialect = known = self._dialect
        while True:
            try:
                answer = self._ask(request, dialect)
            except Failure as failure:
                other = dialect.without(failure.said) if failure.status in REFUSED else None
                if other is None:
                    raise
                dialect = other
            else:
                if dialect is not known:
                    self._dialect = dialect  # asked so from now on
                return answer

    def _ask(self, request: Request, dialect: Dialect) -> Answer:
        from openai import APIConnectionError, APITimeoutError, OpenAIError  # noqa: PLC0415 - see above

        ends_at = time.monotonic() + self._timeout_s
        body: Any = dialect.body(request)
        try:
            with self._client.chat.completions.with_streaming_response.create(**body) as response:
                content = _limited(response.iter_bytes(), ends_at)
        except APITimeoutError as error:
            raise Failure("timed out") from error
        except APIConnectionError as error:
            if isinstance(error.__cause__, Failure):  # of `_check_status`; some versions of the client wrap it
                raise error.__cause__ from error
            raise Failure("no connection", said=self._clean(_innermost(error))) from error
        except OpenAIError as error:
            raise Failure("no connection", said=self._clean(str(error))) from error
        except Failure:
            raise
        except Exception as error:  # the connection broke while the body was read: whatever the transport raises
            raise Failure("the connection broke off", said=self._clean(_innermost(error))) from error
        return self._answer(content, request)

    def _answer(self, content: bytes, request: Request) -> Answer:
        reason = "the body is no chat completion"
        try:
            value = json.loads(content)
            choices = value["choices"]
            if not choices:
                raise Failure("the body holds no choice")
            text = choices[0]["message"].get("content") or choices[0]["message"].get("refusal") or ""
            finish = str(choices[0].get("finish_reason") or "stop")
            if not isinstance(text, str):
                raise Failure(reason)
            usage = value.get("usage") or {}
            prompt_tokens = int(usage.get("prompt_tokens") or request.about_tokens())
            answer_tokens = int(usage.get("completion_tokens") or about_tokens(text))
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
            said = self._clean(content[:SHOWN].decode("utf-8", "replace"))
            raise Failure(reason if _is_json(content) else "the body is not JSON", said=said) from error
        return Answer(self._clean(text, most=len(text)), finish, prompt_tokens, answer_tokens)

    def _strip(self, request: Any) -> None:
        """Leave of a request's headers what an endpoint needs."""
        for name in [name for name in request.headers if name.lower() not in SENT_HEADERS]:
            del request.headers[name]
        request.headers["User-Agent"] = f"llasa/{__version__}"
        request.headers["Accept-Encoding"] = "identity"  # a small body shall not unpack to a huge one
        if self._key is None:
            request.headers.pop("Authorization", None)
        else:
            request.headers["Authorization"] = f"Bearer {self._key}"

    def _check_status(self, response: Any) -> None:
        """Turn all but a 200 into a Failure, before its body is read as a whole."""
        if response.status_code == 200:  # noqa: PLR2004 - done
            return
        wait_s = _asked_to_wait(response.headers.get("retry-after"))
        try:
            said = _limited(response.iter_bytes(), time.monotonic() + self._timeout_s).decode("utf-8", "replace")
        except Exception:  # noqa: BLE001 - the status says enough
            said = ""
        if 300 <= response.status_code < 400:  # noqa: PLR2004 - redirections
            said = f"go to {response.headers.get('location', 'another address')}"
        raise Failure(
            f"HTTP {response.status_code}", said=self._clean(_message(said)), status=response.status_code, wait_s=wait_s
        )

    def _clean(self, text: str, most: int = SHOWN) -> str:
        """Return what an endpoint said, without the key that it may repeat."""
        if self._key:
            text = text.replace(self._key, "…")
        text = text.encode("utf-8", "replace").decode()  # half a surrogate pair could not be written
        return text if len(text) <= most else text[:most] + "…"


def _host(url: str) -> str:
    from urllib.parse import urlsplit  # noqa: PLC0415 - only here

    return urlsplit(url).hostname or ""


def _limited(chunks: Iterable[bytes], ends_at: float) -> bytes:
    """Return a body that is neither too long nor too slow.

    Raises:
        Failure: it is.
    """
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > MOST_BYTES:
            raise Failure("the body is too long")
        if time.monotonic() > ends_at:  # one byte a minute would keep every single read in time
            raise Failure("timed out")
    return bytes(body)


def _asked_to_wait(header: str | None) -> float:
    """Return the seconds of a Retry-After, which are a number or a date."""
    if not header:
        return 0.0
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - time.time()
        except ValueError:
            return 0.0
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0


def _message(body: str) -> str:
    """Return what an error's body says: its `error.message`, with its code, or all of it on one line."""
    try:
        error = json.loads(body)["error"]
        parts = [error] if isinstance(error, str) else [error.get("code"), error.get("message")]
        text = " ".join(str(part) for part in parts if part)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        text = body
    return " ".join(text.split())


def _is_json(content: bytes) -> bool:
    loads: Callable[[bytes], object] = json.loads
    try:
        loads(content)
    except (ValueError, RecursionError):
        return False
    return True


def _innermost(error: BaseException) -> str:
    """Return what the system said, such as `Connection refused`."""
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return str(error) or type(error).__name__
