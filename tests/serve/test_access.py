"""Who may ask, and from where."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from serving import TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from serving import Running


@pytest.fixture(scope="module")
def guarded(start_server: Callable[..., Running], tiny_with_head: Path) -> Iterator[Running]:
    running = start_server(tiny_with_head, token=TOKEN)
    yield running
    os.kill(running.process.pid or 0, signal.SIGINT)
    running.process.join(20)
    assert running.process.exitcode == 0


@pytest.mark.parametrize("wrong", [TOKEN[:-1] + "!", TOKEN[:-1], TOKEN + "s", "", TOKEN.upper(), "ä" * len(TOKEN)])
def test_a_token_that_is_wrong_by_one_letter_opens_nothing(guarded: Running, wrong: str):
    guarded.token = None
    header = {"authorization": f"Bearer {wrong}"} if wrong else {}

    answer = guarded.get("/v1/models", **header)

    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.error == (
        f"{'the token is wrong' if wrong else 'a token is needed'}; send the header `Authorization: Bearer TOKEN`; "
        "with the openai client it is `api_key`"
    )


def test_the_right_token_opens_all(guarded: Running):
    guarded.token = TOKEN

    assert [guarded.get(path).status for path in ("/v1/models", "/examples", "/metrics")] == [200, 200, 200]


def test_the_page_comes_without_a_token_and_asks_for_it(guarded: Running):
    guarded.token = None

    assert [guarded.get(path).status for path in ("/", "/static/app.js", "/health")] == [200, 200, 200]
    closed = ("/metrics", "/examples", "/timeline?upload=x", "/signal?upload=x", "/static/../metrics", "//metrics")
    assert {guarded.get(path).status for path in closed} <= {401, 404}
    assert guarded.get("/metrics").status == 401


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "10.0.0.1"])
def test_names_that_a_stranger_bound_to_this_machine_are_refused(server: Running, host: str):
    answer = server.get("/v1/models", host=host)

    assert answer.status == 421
    assert answer.error.startswith(f"the server does not answer under the name `{host}`")


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:8000"])
def test_names_of_this_machine_are_answered(server: Running, host: str):
    assert server.get("/v1/models", host=host).status == 200


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec_fetch_site": "cross-site"}]
)
def test_pages_from_elsewhere_may_not_ask(server: Running, headers: dict[str, str]):
    answer = server.ask("POST", "/v1/chat/completions", b"{}", content_type="text/plain", **headers)

    assert answer.status == 403
    assert answer.error == "pages from elsewhere may not ask this server; open the server's own page"
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_the_page_may_load_nothing_from_elsewhere(server: Running):
    page = server.get("/")

    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; ")
    assert "http" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    for name in ("", "static/app.js", "static/api.js", "static/plot.js", "static/talk.js", "static/style.css"):
        assert b"//cdn" not in server.get(f"/{name}").body
        assert b"https://" not in server.get(f"/{name}").body


def test_files_of_the_page_are_sent_packed_and_only_once(server: Running):
    first = server.get("/static/plotly.min.js", accept_encoding="gzip")
    again = server.get("/static/plotly.min.js", if_none_match=first.headers["etag"])

    assert first.headers["content-encoding"] == "gzip"
    assert (again.status, again.body) == (304, b"")
    assert server.get("/static/server.py").status == 404
    assert server.get("/nothing").error == "there is nothing here; docs/serve.md lists the endpoints"
