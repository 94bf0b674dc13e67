from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from llasa_core.data.llm_written.cache import Answer, AnswerCache, opened_cache
from llasa_core.errors import DataError, RunError

if TYPE_CHECKING:
    from pathlib import Path

ANSWER = Answer('{"summary": "läuft\n"}', "stop", 10, 5)
OTHER = Answer("", "length", 1, 0)


def test_what_was_answered_is_there_when_the_file_is_opened_again(tmp_path: Path):
    file = tmp_path / "answers.jsonl"
    with opened_cache(file) as cache:
        cache.put("a", ANSWER)
        cache.put("b", OTHER)

    with opened_cache(file) as cache:
        assert [cache.get("a"), cache.get("b"), cache.get("c")] == [ANSWER, OTHER, None]
        assert len(cache) == 2
    assert len(file.read_text(encoding="utf-8").splitlines()) == 2


def test_an_answer_is_in_the_file_before_it_is_used(tmp_path: Path):
    file = tmp_path / "answers.jsonl"

    with closing(AnswerCache(file)) as cache:
        cache.put("a", ANSWER)

        with closing(AnswerCache(file)) as again:
            assert again.get("a") == ANSWER


@pytest.mark.parametrize("n_left", [1, 30, -1])
def test_a_line_that_a_kill_cut_off_is_dropped_and_the_others_stay(tmp_path: Path, n_left: int):
    file = tmp_path / "answers.jsonl"
    with opened_cache(file) as cache:
        cache.put("a", ANSWER)
        first = file.read_bytes()
        cache.put("b", OTHER)
    second = file.read_bytes()[len(first) :]
    file.write_bytes(first + second[:n_left])

    with opened_cache(file) as cache:
        assert (cache.get("a"), cache.get("b")) == (ANSWER, None)
        cache.put("b", OTHER)

    assert file.read_bytes() == first + second


def test_a_line_that_is_no_answer_is_an_error_with_its_number(tmp_path: Path):
    file = tmp_path / "answers.jsonl"
    with opened_cache(file) as cache:
        cache.put("a", ANSWER)
    with file.open("a", encoding="utf-8") as stream:
        stream.write('{"key": "b"}\n')

    with pytest.raises(DataError) as caught, opened_cache(file):
        pass

    assert str(caught.value) == (
        "a line of the stored answers is no answer\n"
        f"  where: {file}:2\n"
        "  fix:   delete the line; what it held is asked again"
    )


def test_two_processes_do_not_write_to_the_same_answers(tmp_path: Path):
    file = tmp_path / "answers.jsonl"

    with opened_cache(file), pytest.raises(RunError) as caught, opened_cache(file):
        pass

    assert str(caught.value) == (
        f"another process is writing to {file}\n"
        f"  where: {tmp_path / '.answers.jsonl.lock'}\n"
        "  fix:   wait until it is done, then run the same command again"
    )
