"""How a checkpoint is measured: the recipe's section `eval`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from llasa_core.data.split import Split
from llasa_core.settings import Settings

SuiteName = Literal["closed_set", "facts", "open_ended", "robustness"]
BaselineName = Literal[
    "light_head", "majority", "random_forest", "logistic_regression", "cnn", "limu_bert_gru", "lm_text"
]


class JudgeConfig(Settings):
    """Language models that judge open answers; without a `url` only the rubric judges, which needs no network."""

    url: str | None = None
    """An OpenAI-compatible endpoint, up to `/v1`; the key comes from the environment (LLASA_API_KEY)."""
    models: tuple[str, ...] = ()
    """Judges, as the endpoint names them; with several, how far they agree is reported."""
    rival: str | None = None
    """A model there that reads the windows as numbers, to compare with: it names them, and answers the questions."""
    concurrency: PositiveInt = 4
    """Requests under way at once."""
    requests_a_minute: PositiveFloat | None = None
    """How many may go out in a minute; as many as are answered when left out."""
    tokens_a_minute: PositiveFloat | None = None
    """Of prompts and answers together."""
    timeout_s: PositiveFloat = 120.0
    """Longest that one whole answer may take."""
    most_tokens: PositiveInt | None = None
    """Tokens that all judgements together may take; what is left then stays unjudged, and is counted."""

    @model_validator(mode="after")
    def _asks_somebody(self) -> Self:
        if self.url is None and (self.models or self.rival is not None):
            named = "models" if self.models else "rival"
            message = f"`eval.judge.{named}` is set, but `eval.judge.url` is missing: who has it?"
            raise ValueError(f"{message} Write `url: http://localhost:8000/v1`")
        if self.url is not None and not self.models and self.rival is None:
            message = "`eval.judge.url` is set, but `eval.judge.models` is missing: who shall judge?"
            raise ValueError(f"{message} Write `models: [NAME]`")
        return self


class EvalConfig(Settings):
    """How a checkpoint is measured."""

    split: Split = "test"
    """Whose windows are scored; test people are never trained on."""
    suites: Annotated[tuple[SuiteName, ...], Field(min_length=1)] = (
        "closed_set",
        "facts",
        "open_ended",
        "robustness",
    )
    """What is measured."""
    question: str = "What is the person doing?"
    """The prompt under which every class name is scored."""
    prompts: Literal["fixed", "averaged"] = "fixed"
    """Score under `question` alone, or average over several wordings and orders of the classes."""
    classes: Literal["dataset", "union"] = "dataset"
    """Choose among the activities that the data holds, or among all that data and checkpoint know."""
    max_windows: PositiveInt | None = None
    """Score a fixed random choice of this many windows; all when left out."""
    sensitivity_windows: NonNegativeInt = 24
    """On so many windows other wordings and orders of the classes are tried."""
    protocol_windows: NonNegativeInt = 24
    """On so many windows the original's protocol is followed: free text, parsed."""
    abstain_precision: Annotated[float, Field(gt=0, lt=1)] = 0.98
    """Precision that the threshold for abstaining is chosen for, on the validation people."""
    bootstrap: NonNegativeInt = 2000
    """Resamples of the subjects behind the 95 % intervals."""
    baselines: tuple[BaselineName, ...] = (
        "light_head",
        "random_forest",
        "logistic_regression",
        "cnn",
        "limu_bert_gru",
        "lm_text",
        "majority",
    )
    """What stands beside the checkpoint in the table, on the same windows."""
    trees: PositiveInt = 300
    """Trees of the random forest."""
    text_windows: NonNegativeInt = 10
    """So many windows are read as numbers by the base LM; each takes thousands of tokens."""
    fact_items: PositiveInt | None = 120
    """Fact questions that are answered, a fixed random choice; all when left out."""
    open_items: PositiveInt | None = 60
    """Open questions that are answered and judged, a fixed random choice; all when left out."""
    max_new_tokens: PositiveInt = 96
    """Longest answer."""
    robustness_windows: PositiveInt | None = 24
    """Windows that are turned, slowed and disturbed, a fixed random choice; all when left out."""
    bertscore_model: Path | None = None
    """Folder of a Hugging Face encoder by which answers are compared with references too; never downloaded."""
    judge: JudgeConfig = JudgeConfig()
    """Who judges open answers."""
