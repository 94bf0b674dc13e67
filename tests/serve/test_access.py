"""Who may ask, and from where."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from serving import TOKEN

from llasa_cli.app import main

if TYPE_CHECKING:
    from serving import Running


@pytest.mark.parametrize("wrong", [TOKEN[:-1] + "!", TOKEN[:-1], TOKEN + "s", "", TOKEN.upper(), "ä" * len(TOKEN)])
def test_a_token_that_is_wrong_by_one_letter_opens_nothing(guarded: Running, wrong: str):
    header = {"authorization": f"Bearer {wrong}"} if wrong else {}

    answer = replace(guarded, token=None).get("/v1/models", **header)

    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.error == (
        f"{'the token is wrong' if wrong else 'a token is needed'}; send the header `Authorization: Bearer TOKEN`; "
        "with the openai client it is `api_key`"
    )


def test_the_right_token_opens_all(guarded: Running):
    assert [guarded.get(path).status for path in ("/v1/models", "/examples", "/metrics")] == [200, 200, 200]


def test_the_page_comes_without_a_token_and_asks_for_it(guarded: Running):
    stranger = replace(guarded, token=None)

    assert [stranger.get(path).status for path in ("/", "/static/app.js", "/health")] == [200, 200, 200]
    closed = ("/metrics", "/examples", "/timeline?upload=x", "/signal?upload=x", "/static/../metrics", "//metrics")
    assert {stranger.get(path).status for path in closed} <= {401, 404}
    assert stranger.get("/metrics").status == 401


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


def test_a_link_from_elsewhere_leads_to_the_page(server: Running):
    followed = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}

    assert server.get("/", **followed).status == 200
    assert server.get("/examples", **followed).status == 403


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


def test_with_a_token_any_name_will_do(guarded: Running):
    assert guarded.get("/v1/models", host="llasa.example.org").json["data"][0]["id"] == "tiny"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--host", "0.0.0.0"], "other machines can reach 0.0.0.0, so clients have to show a token, and there is none"),  # noqa: S104
        (["--host", "no.such.host.invalid"], "other machines can reach no.such.host.invalid"),
        (["--port", "70000"], "Input should be less than or equal to 65535"),
    ],
)
def test_where_it_cannot_serve_is_said_at_once(flags: list[str], message: str, capfd: pytest.CaptureFixture[str]):
    assert main(["serve", *flags]) == 2

    assert message in capfd.readouterr().err
