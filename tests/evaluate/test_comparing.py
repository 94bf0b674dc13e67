"""Evaluations side by side: paired differences, seeds, and folds."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest

from llasa_core.errors import DataError, UsageError
from llasa_core.evaluate.comparing.comparison import compare, with_baselines
from llasa_core.evaluate.comparing.evaluated import Evaluated, find_evaluation, read_evaluation
from llasa_core.evaluate.comparing.paired import compare_names
from llasa_core.evaluate.comparing.pooling import pool
from llasa_core.files import write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

A, B, C = "walking", "sitting", "lying"


@pytest.fixture
def evaluation(tmp_path: Path) -> Callable[..., Evaluated]:
    """Return what writes an evaluation of windows [(subject, truth, prediction)] and reads it."""

    def make(name: str, windows: Sequence[tuple[str, str, str]], *, seed: int = 7, first_row: int = 0) -> Evaluated:
        folder = tmp_path / "runs" / name / "eval"
        folder.mkdir(parents=True)
        write_json(folder / "report.json", {"name": name, "seed": seed, "data": "data/made"})
        rows = [
            ["windows-00000.h5", first_row + at, subject, f"{subject}-walk", truth, prediction, "0.5", truth, ""]
            for at, (subject, truth, prediction) in enumerate(windows)
        ]
        head = ["file", "row", "subject", "recording", "truth", "prediction", f"p({A})", "random_forest", "lm_text"]
        with (folder / "predictions.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([head, *rows])
        return read_evaluation(folder)

    return make


def windows_of(people: str, n_wrong: int, n: int = 10) -> list[tuple[str, str, str]]:
    """Return `n` windows of each person, of which the first few are named wrongly."""
    return [(f"made/{one}", (A, B)[at % 2], C if at < n_wrong else (A, B)[at % 2]) for one in people for at in range(n)]


def test_what_an_evaluation_left_is_read(evaluation: Callable[..., Evaluated], tmp_path: Path):
    made = evaluation("smol", windows_of("ab", 1))

    assert (len(made), made.people, made.seed) == (20, ("made/a", "made/b"), 7)
    assert list(made.baselines) == ["random_forest"]  # the LM that reads numbers named none
    runs = tmp_path / "runs"
    for named in (runs / "smol" / "eval", runs / "smol", tmp_path / "recipes" / "smol.yaml"):
        assert find_evaluation(named, runs).keys == made.keys


def test_where_nothing_was_measured_nothing_is_found(tmp_path: Path):
    with pytest.raises(UsageError, match="there is no evaluation of"):
        find_evaluation(tmp_path / "other", tmp_path)


def test_damaged_files_are_named(evaluation: Callable[..., Evaluated]):
    folder = evaluation("smol", windows_of("ab", 1)).folder
    (folder / "predictions.csv").write_text("a,b\n1,2\n", encoding="utf-8")

    with pytest.raises(DataError, match="these are no predictions of windows"):
        read_evaluation(folder)


def test_windows_that_one_alone_names_rightly_are_counted(evaluation: Callable[..., Evaluated]):
    first, second = evaluation("one", windows_of("abcdefgh", 4)), evaluation("two", windows_of("abcdefgh", 1))

    paired = compare([first, second]).others["two"]

    assert (paired.both, paired.only_first, paired.only_second, paired.neither) == (48, 0, 24, 8)
    assert paired.accuracies == (0.6, 0.9)
    assert paired.accuracy == pytest.approx(0.3)
    assert paired.mcnemar_p == pytest.approx(2 / 2**24)
    assert paired.accuracy_ci is not None
    assert 0 < paired.accuracy_ci.low < 0.3 < paired.accuracy_ci.high
    assert paired.verdict == "the second is better, for other people too"


def test_the_order_of_the_windows_does_not_matter(evaluation: Callable[..., Evaluated]):
    first, second = evaluation("one", windows_of("abcd", 4)), evaluation("two", windows_of("abcd", 1))
    file = second.folder / "predictions.csv"
    head, *rows = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([head, *reversed(rows)]) + "\n", encoding="utf-8")

    assert compare([first, read_evaluation(second.folder)]).as_dict() == compare([first, second]).as_dict()


def test_what_is_the_same_differs_by_nothing(evaluation: Callable[..., Evaluated]):
    paired = compare([evaluation(name, windows_of("abc", 2)) for name in ("one", "two")]).others["two"]

    assert paired.accuracy_ci is not None
    assert (paired.accuracy, paired.accuracy_ci.low, paired.accuracy_ci.high, paired.mcnemar_p) == (0, 0, 0, 1)


def test_one_persons_difference_is_no_proof(evaluation: Callable[..., Evaluated]):
    better_for_a = windows_of("a", 0) + windows_of("bcdefgh", 3)

    paired = compare([evaluation("one", windows_of("abcdefgh", 3)), evaluation("two", better_for_a)]).others["two"]

    assert paired.accuracy > 0
    assert paired.verdict == "no difference that other people would be sure to show"


def test_one_person_gives_no_interval(evaluation: Callable[..., Evaluated]):
    comparison = compare([evaluation("one", windows_of("a", 3)), evaluation("two", windows_of("a", 1))])

    assert comparison.others["two"].accuracy_ci is None
    assert "not available" in str(comparison)


def test_other_windows_are_refused_with_the_difference(evaluation: Callable[..., Evaluated]):
    first, other = evaluation("one", windows_of("ab", 1)), evaluation("two", windows_of("ab", 1, n=9))

    with pytest.raises(
        UsageError, match=r"20 and 18 windows, 2 only in the first, such as windows-00000\.h5:/samples\[18\]"
    ):
        compare([first, other])


def test_another_truth_is_refused(evaluation: Callable[..., Evaluated]):
    relabelled = [(subject, C, C) for subject, _, _ in windows_of("ab", 1)]

    with pytest.raises(UsageError, match="the truth of 20 windows differs, such as walking and lying of windows-00000"):
        compare([evaluation("one", windows_of("ab", 1)), evaluation("two", relabelled)])


def test_a_checkpoint_is_compared_with_its_baselines(evaluation: Callable[..., Evaluated]):
    comparison = with_baselines(evaluation("smol", windows_of("abcd", 2)))

    assert comparison.others["random_forest"].accuracies == (0.8, 1.0)


def test_folds_are_pooled_over_all_people(evaluation: Callable[..., Evaluated]):
    folds = [evaluation("fold1", windows_of("ab", 1)), evaluation("fold2", windows_of("cd", 3), first_row=20)]

    pooled = pool(folds)

    assert pooled.kind == "folds"
    assert pooled.windows == 40
    assert pooled.measured["checkpoint"].accuracy == pytest.approx(0.8)
    assert pooled.measured["random_forest"].accuracy == 1
    assert pooled.people["made/c"] == (0.7,)
    assert [part[0] for part in pooled.parts.values()] == [0.9, 0.7]


def test_seeds_are_averaged_and_their_spread_is_told(evaluation: Callable[..., Evaluated]):
    seeds = [evaluation(f"seed{seed}", windows_of("abc", seed), seed=seed) for seed in (1, 2, 3)]

    pooled = pool(seeds)

    assert pooled.kind == "seeds"
    assert pooled.windows == 30
    assert pooled.measured["checkpoint"].accuracy == pytest.approx(0.8)
    assert pooled.spread == pytest.approx(0.1)
    assert pooled.people["made/b"] == (0.9, 0.8, 0.7)
    assert "standard deviation 0.100" in str(pooled)
    assert "same seed" not in pooled.note


def test_folds_that_share_a_person_are_refused(evaluation: Callable[..., Evaluated]):
    folds = [evaluation("fold1", windows_of("ab", 1)), evaluation("fold2", windows_of("bc", 1), first_row=20)]

    with pytest.raises(UsageError, match="1 person is in several of these evaluations, whose windows differ: made/b"):
        pool(folds)


def test_pages_and_objects_are_made(evaluation: Callable[..., Evaluated]):
    one, two = evaluation("one", windows_of("ab", 1)), evaluation("two", windows_of("ab", 2))

    for found in (compare([one, two]), pool([one, two])):
        assert found.sections()[0].blocks
        assert found.as_dict()["windows"] == 20


def test_95_percent_intervals_of_a_difference_hold_the_truth_that_often():
    """Over 8 people, of whom the second names 2 % more; `benchmarks/coverage.py` looks at more."""
    rng = np.random.default_rng(0)
    n_held = 0
    for _ in range(200):
        ability = rng.normal(size=8)
        rights = [np.clip(mean + 0.04 * ability + rng.normal(0, 0.03, 8), 0, 1) for mean in (0.85, 0.87)]
        draw = rng.random((8, 60))
        named = [(draw >= right[:, None]).astype(int).ravel() for right in rights]  # 0 is right
        truth, subject = np.zeros(480, int), np.repeat(np.arange(8), 60)
        found = compare_names(truth, named[0], named[1], subject, resamples=300).accuracy_ci
        assert found is not None
        n_held += found.low <= 0.02 <= found.high

    assert n_held >= 0.93 * 200
