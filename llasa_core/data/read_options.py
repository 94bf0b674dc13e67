"""What a person can tell the readers about files that do not say it themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import PositiveFloat, model_serializer

from llasa_core.data.channels import AccUnit, GyrUnit
from llasa_core.errors import DataError
from llasa_core.files import sha256_of
from llasa_core.settings import Settings

FormatName = Literal[
    "auto",
    "hapt",
    "har",
    "hhar",
    "motionsense",
    "shoaib",
    "pamap2",
    "mhealth",
    "shl",
    "mobiact",
    "wisdm",
    "wisdm-2019",
    "realworld",
    "usc-had",
    "ku-har",
    "opportunity",
    "sensor-logger",
    "phyphox",
    "physics-toolbox",
    "androsensor",
    "sensorlog",
    "metawear",
    "dot",
    "shimmer",
    "axivity",
    "x-io",
    "empatica",
    "actigraph",
    "geneactiv",
    "core-motion",
    "csv",
    "limu-bert",
    "limu-bert-uci",
    "limu-bert-hhar",
    "limu-bert-motion",
    "limu-bert-shoaib",
]
"""The last four say whose label numbers an `.npy` file holds where its folder's name does not."""


class LabelFile(Settings):
    """A file of labels; among settings its content stands for it, wherever it lies."""

    path: Path
    sha256: str

    @classmethod
    def of(cls, path: Path) -> LabelFile:
        """Look at a file, which is read later.

        Raises:
            DataError: it is not there.
        """
        if not path.is_file():
            raise DataError("there is no such file of labels", where=path, fix="check the path after `--labels`")
        return cls(path=path, sha256=sha256_of(path))

    def is_at(self, path: Path) -> bool:
        """Return whether this is the file at a path."""
        return self.path.resolve() == path.resolve()

    @model_serializer
    def _as_content(self) -> str:
        return f"{self.path.name} (sha256 {self.sha256})"


class ReadOptions(Settings):
    """How raw files are read; every default means: find out from the file, or refuse."""

    format: FormatName = "auto"
    """Which reader; `auto` looks at the content."""
    sampling_rate_hz: PositiveFloat | None = None
    """Rate of files without a time column."""
    columns: tuple[str, ...] | None = None
    """Names (or positions from 1) of the columns, in the order [time,] acc_x … gyr_z; where the file has no header, the
    names of all its columns in its own order."""
    acc_unit: AccUnit | None = None
    """Unit of the acceleration in the file."""
    gyr_unit: GyrUnit | None = None
    """Unit of the angular rate in the file."""
    label_column: str | None = None
    """Column that names the activity of each row."""
    subject_column: str | None = None
    """Column that names the person of each row."""
    label_from: Literal["folder"] | None = None
    """`folder`: the folder around the recording names its activity."""
    subject_from: Literal["folder"] | None = None
    """`folder`: the folder around the recording names its person."""
    labels: LabelFile | None = None
    """Activities by time, which win over those that the recordings have."""
    label_map: tuple[tuple[str, str], ...] = ()
    """Pairs (label in the file, activity); what is not listed keeps its name."""
    new_activities: bool = False
    """Take a label of one's own that is no known activity as a new one, for `adapt`, instead of refusing it."""
    bad_rows: Literal["error", "drop"] = "error"
    """Whether a row that cannot be read ends the reading or is left out and counted."""
    allow_missing_gyro: bool = False
    """Zero the angular rate of recordings without a gyroscope, and flag their windows, instead of refusing."""
    keep_frame: bool = False
    """Leave the acceleration of iOS as it is; by default it is negated, so that gravity points as on Android."""
    describe_only: bool = False
    """For inspections: describe recordings without gyroscope or gravity as far as it goes, instead of refusing them."""
