"""One file for each format: raw files to `Recording`s.

Public datasets are told by what their files begin with and by what stands beside what (`DATASETS`); loggers by the
header of a table (`LOGGERS`); any other table is read by its column names.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llasa_core.data.read_options import ReadOptions
from llasa_core.data.readers.actigraph import actigraph
from llasa_core.data.readers.androsensor import androsensor
from llasa_core.data.readers.archive_kinds import foreign_archive
from llasa_core.data.readers.axivity import axivity
from llasa_core.data.readers.core_motion import core_motion
from llasa_core.data.readers.dot import dot
from llasa_core.data.readers.empatica import EMPATICA
from llasa_core.data.readers.geneactiv import geneactiv
from llasa_core.data.readers.hapt import HAPT
from llasa_core.data.readers.har import HAR
from llasa_core.data.readers.hhar import HHAR
from llasa_core.data.readers.ku_har import KU_HAR
from llasa_core.data.readers.limu_bert_npy import LIMU_BERT
from llasa_core.data.readers.metawear import metawear
from llasa_core.data.readers.mhealth import MHEALTH
from llasa_core.data.readers.mobiact import MOBIACT
from llasa_core.data.readers.motionsense import MOTIONSENSE
from llasa_core.data.readers.opportunity import OPPORTUNITY
from llasa_core.data.readers.own_labels import with_labels
from llasa_core.data.readers.pamap2 import PAMAP2
from llasa_core.data.readers.phyphox import phyphox
from llasa_core.data.readers.physics_toolbox import physics_toolbox
from llasa_core.data.readers.picoquake import picoquake
from llasa_core.data.readers.raw_files import RawFile, list_files, siblings
from llasa_core.data.readers.reader import Format, Refused, Unread
from llasa_core.data.readers.realworld import REALWORLD
from llasa_core.data.readers.refusals import REFUSED, why_unreadable
from llasa_core.data.readers.sensor_logger import SENSOR_LOGGER_JSON, sensor_logger
from llasa_core.data.readers.sensor_tables import TableRecording, find_sensor_tables
from llasa_core.data.readers.sensorlog import sensorlog
from llasa_core.data.readers.shimmer import shimmer
from llasa_core.data.readers.shl import SHL
from llasa_core.data.readers.shoaib import SHOAIB
from llasa_core.data.readers.usc_had import USC_HAD
from llasa_core.data.readers.wisdm import WISDM
from llasa_core.data.readers.wisdm_2019 import WISDM_2019
from llasa_core.data.readers.x_io import x_io
from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from llasa_core.data.readers.sensor_tables import Recogniser
    from llasa_core.data.recording import Recording

__all__ = ["DATASETS", "LOGGERS", "Found", "ReadOptions", "Unread", "find_recordings", "read_recordings"]

DATASETS: tuple[Format, ...] = (
    HAPT,
    LIMU_BERT,
    HAR,
    HHAR,
    MOTIONSENSE,
    SHOAIB,
    PAMAP2,
    MHEALTH,
    SHL,
    MOBIACT,
    WISDM,
    WISDM_2019,
    REALWORLD,
    USC_HAD,
    KU_HAR,
    OPPORTUNITY,
    SENSOR_LOGGER_JSON,
    EMPATICA,
    REFUSED,
)
"""Asked one after the other; what one takes is not shown to the next."""
LOGGERS: Mapping[str, Recogniser] = {
    "sensor-logger": sensor_logger,
    "phyphox": phyphox,
    "sensorlog": sensorlog,
    "core-motion": core_motion,
    "physics-toolbox": physics_toolbox,
    "androsensor": androsensor,
    "metawear": metawear,
    "dot": dot,
    "shimmer": shimmer,
    "axivity": axivity,
    "x-io": x_io,
    "actigraph": actigraph,
    "geneactiv": geneactiv,
    "picoquake": picoquake,
}
"""By format, likewise in the order in which they are asked."""
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".dat", ".log")


@dataclass(frozen=True)
class Found:
    """What stands behind a path."""

    unread: Sequence[Unread]
    passed_over: Sequence[RawFile]
    """Files of no format that can be read."""


def read_recordings(path: Path, options: ReadOptions) -> Iterator[Recording]:
    """Yield the recordings behind a path, in the order of their names.

    Args:
        path: a file, a folder or a zip.
        options: what the files do not say themselves.

    Raises:
        DataError: no format fits, or a file cannot be read.
    """
    for unread in find_recordings(path, options).unread:
        yield from unread.read(options)


def find_recordings(path: Path, options: ReadOptions) -> Found:
    """Return what can be read behind a path; the content decides the format unless the options name it.

    A file that is only a part of a recording is read with those beside it that belong to it.

    Raises:
        DataError: nothing is there, or nothing that can be read.
    """
    listing = list_files(path)
    files = listing.files
    is_one = len(files) == 1 and files[0].path == path and files[0].member is None
    found = _find_one(files[0], options) if is_one else _find(files, options)
    refused = [Refused("archive", (refusal.file,), refusal.error) for refusal in listing.refused]
    if refused:  # reading them raises the reason, unless bad files are to be left out
        found = Found([*refused, *found.unread], found.passed_over)
    if not found.unread:
        raise _nothing_found(path, files, options)
    return replace(found, unread=with_labels(found.unread, options))


def _find_one(file: RawFile, options: ReadOptions) -> Found:
    error: DataError | None = None
    found = Found((), ())
    try:
        found = _find([file], options)
    except DataError as raised:
        error = raised
    if all(map(_lacks_a_part, found.unread)):
        with_others = [one for one in _find(siblings(file.path), options).unread if file in one.files]
        if with_others:
            return Found(with_others, ())
    if error is not None:
        raise error
    return found


def _lacks_a_part(unread: Unread) -> bool:
    is_refused = isinstance(unread, Refused)
    return is_refused or (isinstance(unread, TableRecording) and not all(t.is_complete for t in unread.tables))


def _find(files: Sequence[RawFile], options: ReadOptions) -> Found:
    unread: list[Unread] = []
    rest = list(files)
    for dataset in DATASETS:
        if options.format == "auto" or options.format.startswith(dataset.name):
            found = dataset.find(rest, options)
            taken = {file for one in found for file in one.files}
            rest = [file for file in rest if file not in taken]
            unread += found
    if options.format not in {"auto", "csv"} and options.format not in LOGGERS:
        return Found(unread, ())
    tables = find_sensor_tables(rest, options, _loggers(options), lambda file: _is_asked_for(file, files, options))
    has_dataset = not all(isinstance(one, Refused) for one in unread)
    if has_dataset:  # its other files, such as its features, are no recordings
        unread += [one for one in tables if one.tables[0].sensors]
        return Found(unread, ())
    taken = {file for one in tables for file in one.files}
    return Found([*unread, *tables], [file for file in rest if file not in taken])


def _loggers(options: ReadOptions) -> Sequence[Recogniser]:
    if options.format == "auto":
        return tuple(LOGGERS.values())
    return (LOGGERS[options.format],) if options.format in LOGGERS else ()


def _is_asked_for(file: RawFile, files: Sequence[RawFile], options: ReadOptions) -> bool:
    """Return whether the CSV reader shall say what is wrong with a file: it does that best."""
    return len(files) == 1 and (options.format != "auto" or file.shown.suffix.lower() in TABLE_SUFFIXES)


def _nothing_found(path: Path, files: Sequence[RawFile], options: ReadOptions) -> DataError:
    if len(files) == 1 and (error := foreign_archive(files[0].head(), path)) is not None:
        return error
    if (error := why_unreadable(files)) is not None:
        return error
    wanted = "known format" if options.format == "auto" else f"format {options.format}"
    n_files = "nothing" if not files else "1 file" if len(files) == 1 else f"{len(files)} files"
    return DataError(
        f"no recording of a {wanted} here, {n_files} in all",
        where=path,
        fix="pass a logger's export, a dataset as it was downloaded, or any CSV with acceleration and angular rate",
    )
