"""What the folder around a recording says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.data.labels import activity_of
from llasa_core.errors import DataError, Place

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.data.profile import Profile
    from llasa_core.data.read_options import ReadOptions

FOLDERS_THEMSELVES = ("sensor-logger", "phyphox")
"""Formats that write a folder, or a zip, for each recording: the folder around that is meant."""


def folder_around(file: Path, file_format: str) -> str:
    """Return the name of the folder that a recording lies in, such as the person's.

    Args:
        file: the recording's first file.
        file_format: a name of `FormatName`.
    """
    folder = file.absolute().parent
    return _plain(folder.parent if file_format in FOLDERS_THEMSELVES else folder)


def subject_of(file: Path, profile: Profile, name: str, options: ReadOptions) -> str:
    """Return the full name of a recording's person: the folder's if that is asked for, or whom the format names.

    Args:
        file: the recording's first file.
        profile: what the format says of it.
        name: the recording's; it stands for a person whom nobody names.
        options: whether the folder is asked for.
    """
    person = _folder_of_person(file, profile.format, options) if options.subject_from else profile.subject or name
    return f"{profile.format}/{person.replace('/', '-')}"


def _folder_of_person(file: Path, file_format: str, options: ReadOptions) -> str:
    """Return the name of the folder around; where that is an activity, as in Ada/walking, of the one outside it."""
    around = folder_around(file, file_format)
    try:
        is_activity = activity_of(around, options.label_map, Place(file)) is not None
    except DataError:
        is_activity = options.new_activities and options.label_from is not None
    return folder_around(file.absolute().parent, file_format) if is_activity else around


def activity_of_folder(file: Path, file_format: str, options: ReadOptions) -> str | None:
    """Return the activity that the folder around a recording names, or the recording's own folder.

    Raises:
        DataError: neither is an activity that is known.
    """
    own = _plain(file.absolute().parent)
    around = folder_around(file, file_format)
    try:
        return activity_of(own, options.label_map, Place(file))
    except DataError:
        if around == own and not options.new_activities:
            raise
    return activity_of(around, options.label_map, Place(file), takes_new=options.new_activities)


def _plain(folder: Path) -> str:
    return folder.stem if folder.suffix.lower() == ".zip" else folder.name
