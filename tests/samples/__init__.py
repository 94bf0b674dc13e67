"""One small recording in every format that can be read, each of the same true motion, written as the format does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samples.datasets_a import DATASETS_A_SAMPLES
from samples.datasets_b import DATASETS_B_SAMPLES
from samples.devices import DEVICE_SAMPLES
from samples.phones import PHONE_SAMPLES
from samples.plain import PLAIN_SAMPLES
from samples.published import PUBLISHED_SAMPLES

if TYPE_CHECKING:
    from samples.sample import Sample

SAMPLES: tuple[Sample, ...] = (
    *PHONE_SAMPLES,
    *PLAIN_SAMPLES,
    *PUBLISHED_SAMPLES,
    *DATASETS_A_SAMPLES,
    *DATASETS_B_SAMPLES,
    *DEVICE_SAMPLES,
)
