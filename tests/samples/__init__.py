"""One small recording in every format that can be read, each of the same true motion, written as the format does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samples.plain import PLAIN_SAMPLES
from samples.published import PUBLISHED_SAMPLES

if TYPE_CHECKING:
    from samples.sample import Sample

SAMPLES: tuple[Sample, ...] = (*PLAIN_SAMPLES, *PUBLISHED_SAMPLES)
