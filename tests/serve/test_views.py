"""What the page looks at."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from samples.turned import upside_down
from serving import EXAMPLES

from llasa_core.timeline.figure import colours_of

if TYPE_CHECKING:
    from serving import Running

    from llasa_core.timeline.timeline import Timeline


@pytest.fixture(scope="module")
def mix(server: Running) -> str:
    return str(server.ask("POST", "/uploads?example=mix.csv", b"").json["id"])


def test_examples_are_offered_and_opened_by_name(server: Running, mix: str):
    names = [one["name"] for one in server.get("/examples").json["examples"]]

    assert names == ["mix.csv", "walking.csv", "stairs.csv", "lying.csv"]
    assert server.get(f"/uploads/{mix}").json["bytes"] == (EXAMPLES / "mix.csv").stat().st_size
    assert server.ask("POST", "/uploads?example=../README.md", b"").status == 404


def test_the_timeline_is_that_of_the_command_line_in_its_colours(server: Running, mix: str, mix_timeline: Timeline):
    timeline = server.get(f"/timeline?upload={mix}").json

    assert timeline["file"] == "mix.csv"
    assert timeline["segments"] == mix_timeline.as_dict()["segments"]
    assert timeline["totals_s"] == mix_timeline.as_dict()["totals_s"]
    assert timeline["colours"] == dict(colours_of(mix_timeline.activities))


def test_the_timeline_comes_as_csv_too(server: Running, mix: str, mix_timeline: Timeline):
    answer = server.get(f"/timeline?upload={mix}&format=csv")

    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert answer.headers["content-disposition"] == 'attachment; filename="mix-timeline.csv"'
    assert [row["activity"] for row in rows] == [one.activity for one in mix_timeline.segments]
    assert [float(row["end_s"]) for row in rows] == [round(one.end_s, 3) for one in mix_timeline.segments]
    assert rows[0]["file"] == "mix.csv"
    assert server.get(f"/timeline?upload={mix}&format=pdf").error == "there is no format `pdf`; ask for `json` or `csv`"


def test_upright_seconds_tell_how_an_uploaded_device_was_worn(server: Running):
    content = upside_down().encode()
    question = "How long did the person lie down?"

    ids = [server.upload(content, query=query).json["id"] for query in ("", "&upright=0:12-0:22")]
    postures = [set(server.get(f"/timeline?upload={one}").json["totals_s"]) for one in ids]
    answers = [
        server.chat([{"type": "file", "file": {"file_id": one}}, {"type": "text", "text": question}]) for one in ids
    ]

    assert postures == [{"still"}, {"sitting", "standing", "lying"}]
    told = [answer.json["choices"][0]["message"]["content"] for answer in answers]
    assert "cannot tell lying from other postures" in told[0]
    assert "lying for" in told[1]


@pytest.mark.parametrize(
    ("span", "message"),
    [("early", 'upright is no span of time: "early"'), ("5-5.5", "upright 5-5.5 lasts 0.5 s")],
)
def test_upright_seconds_that_make_no_sense_are_refused(server: Running, span: str, message: str):
    refused = server.upload(upside_down().encode(), query=f"&upright={span}")

    assert refused.status == 400
    assert refused.error.startswith(message)
    assert refused.json["error"]["param"] == "upright"


def test_a_signal_is_made_small(server: Running, mix: str):
    whole = server.get(f"/signal?upload={mix}&points=100").json
    part = server.get(f"/signal?upload={mix}&signal=acc_x&start=10&end=12&points=100").json

    assert whole["is_envelope"]
    assert len(whole["t"]) <= 104
    assert (part["is_envelope"], part["t"][0], part["t"][-1]) == (False, 10.0, 12.0)
    wrong = server.get(f"/signal?upload={mix}&start=x")
    assert (wrong.status, wrong.error[:38]) == (422, "`start`: Input should be a valid numbe")
    assert server.get("/signal?upload=nothing").status == 404


def test_prometheus_is_told_what_happened(server: Running, mix: str):
    before = server.number('llasa_requests_total{path="/signal",status="200"}')

    server.get(f"/signal?upload={mix}")

    assert server.number('llasa_requests_total{path="/signal",status="200"}') == before + 1
    assert server.number("llasa_uploads") >= 1
    assert server.number("process_resident_memory_bytes") > 1e8


def test_a_place_that_the_head_has_not_learned_is_refused(server: Running):
    refused = server.upload(upside_down().encode(), query="&placement=ankle")

    assert refused.status == 400
    assert 'has not learned the placement "ankle"' in refused.json["error"]["message"]
