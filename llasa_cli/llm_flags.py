"""The flags of `--qa llm`: which endpoint writes the questions, how fast it is asked, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from llasa_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from llasa_core.data.llm_written.settings import LlmRun, LlmSettings

LlmUrl = Annotated[
    str | None,
    typer.Option(
        "--llm-url", metavar="URL", help="For --qa llm: an OpenAI-compatible endpoint, up to /v1; key in LLASA_API_KEY."
    ),
]
LlmModel = Annotated[
    str | None, typer.Option("--llm-model", metavar="NAME", help="The model that writes, as the endpoint names it.")
]
Limit = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Have only N windows written about; by default all.")
]
LlmConcurrency = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Requests under way at once; by default 8.")
]
LlmRpm = Annotated[float | None, typer.Option(min=0.01, metavar="N", help="Requests a minute, at most.")]
LlmTpm = Annotated[float | None, typer.Option(min=1, metavar="N", help="Tokens a minute, at most.")]
LlmTimeout = Annotated[
    float | None, typer.Option(min=0.1, metavar="SECONDS", help="Longest wait for one answer; by default 120.")
]
PriceIn = Annotated[
    float | None, typer.Option("--llm-price-in", min=0, metavar="PRICE", help="Price of a million tokens of prompts.")
]
PriceOut = Annotated[
    float | None, typer.Option("--llm-price-out", min=0, metavar="PRICE", help="Price of a million tokens of answers.")
]
FLAGS = {
    "url": "--llm-url",
    "model": "--llm-model",
    "limit": "--limit",
    "concurrency": "--llm-concurrency",
    "rpm": "--llm-rpm",
    "tpm": "--llm-tpm",
    "timeout_s": "--llm-timeout",
    "price_in": "--llm-price-in",
    "price_out": "--llm-price-out",
}
"""By the names that `llm_of_flags` takes."""


def llm_of_flags(
    qa: str,
    given: dict[str, Any],
    *,
    progress: Callable[[float, str], None] | None = None,
    tell: Callable[[str], None] | None = None,
) -> tuple[LlmSettings | None, LlmRun | None]:
    """Return what shall write the questions and how it is asked; None each where nothing of the kind is wanted.

    Args:
        qa: what `--qa` says.
        given: the flags' values, by the names in `FLAGS`; None where a flag was not given.
        progress: told how much is done.
        tell: told what it may cost.

    Raises:
        UsageError: a flag is missing, says nothing without `--qa llm`, or names no address to send recordings to.
    """
    named = {name: value for name, value in given.items() if value is not None}
    if qa != "llm":
        if named:
            raise UsageError(
                f"{', '.join(FLAGS[name] for name in named)} can change nothing without `--qa llm`",
                fix="pass `--qa llm` with it, or leave it out",
            )
        return None, None
    if missing := [FLAGS[name] for name in ("url", "model") if name not in named]:
        raise UsageError(
            f"`--qa llm` needs {' and '.join(missing)}",
            fix="pass them, as in `--llm-url http://localhost:8000/v1 --llm-model NAME`",
        )
    if ("price_in" in named) != ("price_out" in named):
        raise UsageError("one price alone gives no cost", fix="pass both `--llm-price-in` and `--llm-price-out`")
    return _settings(named), _run(named, progress, tell)


def _settings(named: dict[str, Any]) -> LlmSettings:
    from llasa_core.data.llm_written.address import checked_url, key_of_environment
    from llasa_core.data.llm_written.settings import LlmSettings

    key_of_environment()  # a key that cannot be sent is said before anything is read
    return LlmSettings(url=checked_url(named["url"]), model=named["model"], limit=named.get("limit"))


def _run(
    named: dict[str, Any], progress: Callable[[float, str], None] | None, tell: Callable[[str], None] | None
) -> LlmRun:
    from llasa_core.data.llm_written.settings import LlmPace, LlmRun, Prices

    pace = {
        "concurrency": "concurrency",
        "rpm": "requests_a_minute",
        "tpm": "tokens_a_minute",
        "timeout_s": "timeout_s",
    }
    prices = Prices(named["price_in"], named["price_out"]) if "price_in" in named else None
    return LlmRun(
        LlmPace(**{field: named[name] for name, field in pace.items() if name in named}), prices, progress, tell
    )
