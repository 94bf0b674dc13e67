from __future__ import annotations

from typing import Any

import pytest

from llasa_cli.llm_flags import llm_of_flags
from llasa_core.data.llm_written.settings import LlmPace, LlmRun, LlmSettings, Prices
from llasa_core.errors import UsageError

WHERE: dict[str, Any] = {"url": "http://localhost:8000/v1/", "model": "m"}


def test_flags_say_what_writes_and_how_it_is_asked():
    given = {**WHERE, "limit": 5, "rpm": 60.0, "timeout_s": None, "price_in": 1.0, "price_out": 4.0}

    settings, run = llm_of_flags("llm", given)

    assert settings == LlmSettings(url="http://localhost:8000/v1", model="m", limit=5)
    assert run == LlmRun(LlmPace(requests_a_minute=60.0), Prices(1.0, 4.0))


def test_without_qa_llm_nothing_is_asked():
    assert llm_of_flags("facts", {"url": None, "limit": None}) == (None, None)


@pytest.mark.parametrize(
    ("qa", "given", "message"),
    [
        (
            "facts",
            {"limit": 5, "rpm": 9.0},
            (
                "--limit, --llm-rpm can change nothing without `--qa llm`\n"
                "  fix:   pass `--qa llm` with it, or leave it out"
            ),
        ),
        (
            "llm",
            {},
            (
                "`--qa llm` needs --llm-url and --llm-model\n"
                "  fix:   pass them, as in `--llm-url http://localhost:8000/v1 --llm-model NAME`"
            ),
        ),
        (
            "llm",
            {**WHERE, "price_in": 1.0},
            "one price alone gives no cost\n  fix:   pass both `--llm-price-in` and `--llm-price-out`",
        ),
    ],
)
def test_flags_that_do_not_go_together_are_refused(qa: str, given: dict[str, Any], message: str):
    with pytest.raises(UsageError) as caught:
        llm_of_flags(qa, given)

    assert str(caught.value) == message
