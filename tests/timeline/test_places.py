from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from llasa_core.chat.known_recording import know
from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers import read_recordings
from llasa_core.errors import UsageError
from llasa_core.model.head import Learned, View, WindowHead, read_head
from llasa_core.model.shipped import shipped
from llasa_core.timeline.classifier import HeadClassifier, load_classifier
from llasa_core.timeline.options import TimelineOptions
from llasa_core.timeline.timeline import timeline_of
from llasa_core.timeline.wearing import told_place, worn_in


@pytest.fixture(scope="module")
def of_one() -> WindowHead:
    """Return what the shipped head has learned at the waist, as a head of its own."""
    folder = shipped("smol")
    assert folder is not None
    found = read_head(folder)
    assert found is not None
    waist = found.places[found.place_names.index("waist")]
    return replace(found, **{one.name: getattr(waist, one.name) for one in fields(waist)}, place_names=(), places=())


@pytest.fixture(scope="module")
def head(of_one: WindowHead) -> WindowHead:
    views = {name: twice(getattr(of_one, name)) for name in ("both", "acceleration")}
    place = Learned(of_one.both, of_one.acceleration, of_one.gravity, of_one.tilts)
    return replace(of_one, **views, place_names=("waist", "front pocket"), places=(place, place))


def twice(view: View) -> View:
    """Return a view whose second place is like its first: motion cannot tell them apart."""
    return replace(view, space=replace(view.space, centres=np.vstack([view.space.centres] * 2)))


def test_a_place_is_known_by_its_name_however_it_is_spaced(head: WindowHead):
    assert told_place(" Front  pocket", head) == 1


def test_a_misspelt_place_is_refused_with_the_one_that_was_meant(head: WindowHead):
    with pytest.raises(UsageError, match="did you mean waist") as raised:
        told_place("wiast", head)

    assert "waist, front pocket" in str(raised.value.fix)


def test_a_head_that_kept_no_places_apart_refuses_any(of_one: WindowHead):
    for one in (of_one, None):
        with pytest.raises(UsageError, match="places of the body apart"):
            told_place("waist", one)


def test_a_told_place_is_taken_whatever_was_seen(head: WindowHead):
    assert worn_in([], head, told=1).place == 1
    assert worn_in([], head).place is None


def test_a_timeline_says_which_place_it_took_and_why(head: WindowHead, of_one: WindowHead):
    (mix,) = read_recordings(Path(__file__).parents[2] / "examples" / "mix.csv", ReadOptions())
    own = HeadClassifier(head)
    told, untold = (timeline_of(mix, own, TimelineOptions(placement=name)) for name in ("waist", None))
    plain = timeline_of(mix, HeadClassifier(of_one), TimelineOptions())

    assert "placement waist, told" in told.notes
    assert any(note.startswith("placement unknown") for note in untold.notes)
    assert not any("placement" in note for note in plain.notes)
    assert told.totals_s == plain.totals_s


def test_the_shipped_head_knows_that_the_example_was_worn_at_the_waist():
    (mix,) = read_recordings(Path(__file__).parents[2] / "examples" / "mix.csv", ReadOptions())
    folder = shipped("smol")
    assert folder is not None

    found = timeline_of(mix, load_classifier(folder), TimelineOptions())

    assert "placement waist, chosen from the recording" in found.notes


def test_a_conversation_takes_a_told_place(head: WindowHead):
    mix = Path(__file__).parents[2] / "examples" / "mix.csv"
    told = know(mix, ReadOptions(), HeadClassifier(head), placement="front pocket")

    assert "placement front pocket, told" in told.timeline.notes
    with pytest.raises(UsageError, match="did you mean waist"):
        know(mix, ReadOptions(), HeadClassifier(head), placement="wiast")


def test_where_people_only_rest_gravity_helps_to_tell_the_place():
    (mix,) = read_recordings(Path(__file__).parents[2] / "examples" / "mix.csv", ReadOptions())
    folder = shipped("smol")
    assert folder is not None
    at_rest = replace(mix, samples=mix.samples[: 34 * 50])  # sitting, then standing

    found = timeline_of(at_rest, load_classifier(folder), TimelineOptions())

    assert "placement waist, chosen from the recording" in found.notes
    assert set(found.totals_s) == {"sitting", "standing"}
