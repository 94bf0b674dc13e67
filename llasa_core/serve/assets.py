"""The page's files: ours are package data, plotly's come from where pip put them; all are sent from memory."""

from __future__ import annotations

import gzip
import hashlib
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from starlette.responses import Response

from llasa_core.serve.openai_shapes import ApiError

TYPES = {
    "index.html": "text/html; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "plotly.min.js": "text/javascript; charset=utf-8",
} | dict.fromkeys(("app.js", "api.js", "plot.js", "talk.js", "words.js"), "text/javascript; charset=utf-8")
FROM_PLOTLY = "plotly.min.js"


class Asset(NamedTuple):
    """A file, ready to be sent."""

    content: bytes
    packed: bytes
    tag: str


def asset(name: str, sent: dict[str, str]) -> Response:
    """Return a file of the page as an answer.

    Args:
        name: one of `TYPES`.
        sent: the request's headers: whether the browser has it already, and whether it unpacks.

    Raises:
        ApiError: there is no such file.
    """
    if name not in TYPES:
        raise ApiError(404, "there is nothing here", code="not_found")
    found = _load(name)
    headers = {"etag": found.tag, "cache-control": "no-cache", "vary": "accept-encoding"}
    if sent.get("if-none-match") == found.tag:
        return Response(status_code=304, headers=headers)
    content = found.content
    if "gzip" in sent.get("accept-encoding", ""):
        content, headers["content-encoding"] = found.packed, "gzip"
    return Response(content, headers=headers, media_type=TYPES[name])


@lru_cache
def _load(name: str) -> Asset:
    if name == FROM_PLOTLY:
        content = (resources.files("plotly") / "package_data" / name).read_bytes()
    else:
        content = (resources.files("llasa_core.serve") / "page" / name).read_bytes()
    return Asset(content, gzip.compress(content, 6), f'"{hashlib.sha256(content).hexdigest()[:24]}"')
