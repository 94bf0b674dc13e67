"""What is computed once is kept, and any number of ranks can share it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from llasa_core.evaluate.job import Job, Kept, Share
from llasa_core.evaluate.models import Models

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@pytest.fixture
def models(tmp_path: Path) -> Models:
    return Models(tmp_path / "checkpoint")


class Squares:
    """Squares numbers, and remembers which it was asked for."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.asked: list[int] = []
        self.fails_at = fails_at

    def __call__(self, _models: Models, items: Sequence[int]) -> list[Any]:
        """Do what a job does."""
        if self.fails_at in items:
            raise KeyboardInterrupt
        self.asked += items
        return [{"square": item**2} for item in items]

    def job(self, **changes: Any) -> Job:
        """Return it as a job of seven items in chunks of three."""
        values = {"name": "squares", "inputs": {}, "n_items": 7, "work": self, "chunk": 3}
        return Job(**{**values, **changes})


ALL = [{"square": number**2} for number in range(7)]


def test_items_come_back_in_their_order(tmp_path: Path, models: Models):
    kept, squares = Kept(tmp_path, {}), Squares()
    kept.run(squares.job(), models)

    assert kept.take(squares.job()) == ALL
    assert squares.asked == [0, 1, 2, 3, 4, 5, 6]


def test_a_stopped_job_goes_on_behind_its_last_whole_chunk(tmp_path: Path, models: Models):
    kept = Kept(tmp_path, {})
    with pytest.raises(KeyboardInterrupt):
        kept.run(Squares(fails_at=4).job(), models)
    assert kept.n_done(Squares().job()) == 3

    squares = Squares()
    kept.run(squares.job(), models)
    assert squares.asked == [3, 4, 5, 6]
    assert kept.take(squares.job()) == ALL


@pytest.mark.parametrize("n_ranks", [1, 2, 3, 5])
def test_ranks_compute_each_item_once(tmp_path: Path, models: Models, n_ranks: int):
    kept, squares = Kept(tmp_path, {}), Squares()
    for rank in range(n_ranks):
        kept.run(squares.job(), models, Share(rank, n_ranks))

    assert sorted(squares.asked) == list(range(7))
    assert kept.take(squares.job()) == ALL


def test_jobs_of_one_item_fall_to_several_ranks():
    ranks = {
        rank
        for name in ("forest", "cnn", "gru", "regression")
        for rank in range(2)
        if Share(rank, 2).of(Squares().job(name=name, n_items=1))
    }

    assert ranks == {0, 1}


@pytest.mark.parametrize("changes", [{"inputs": {"question": "Why?"}}, {"n_items": 8}, {"name": "cubes"}])
def test_other_inputs_are_computed_anew(tmp_path: Path, models: Models, changes: dict[str, Any]):
    kept = Kept(tmp_path, {})
    kept.run(Squares().job(), models)

    assert kept.n_done(Squares().job(**changes)) == 0


def test_another_checkpoint_is_computed_anew(tmp_path: Path, models: Models):
    Kept(tmp_path, {"checkpoint": "one"}).run(Squares().job(), models)

    assert Kept(tmp_path, {"checkpoint": "another"}).n_done(Squares().job()) == 0
    assert Kept(tmp_path, {"checkpoint": "one"}).n_done(Squares().job()) == 7


def test_each_job_counts_how_much_it_did(tmp_path: Path, models: Models):
    told: list[int] = []
    Kept(tmp_path, {}).run(Squares().job(), models, tell=told.append)

    assert told == [3, 3, 1]
