"""Dates and times of day that are written as text, in the ways that loggers and spreadsheets write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Literal

import numpy as np

from llasa_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llasa_core.errors import Place

DateOrder = Literal["dmy", "mdy"]
_ORDERS: tuple[DateOrder, ...] = ("dmy", "mdy")

DAY_S = 86400.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - times without a zone are taken as UTC
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME_OF_DAY = (
    r"(?P<hour>\d\d?)[:.-](?P<minute>\d\d)[:.-](?P<second>\d\d)(?:[.,:_](?P<fraction>\d{1,9}))?"
    r"\s*(?P<half>[AaPp])?(?(half)\.?[Mm]\.?)\s*(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d)?"
)
_WAYS = tuple(
    re.compile(rf"\s*{date_before}{_TIME_OF_DAY}\s*", re.ASCII)
    for date_before in (
        r"(?:(?P<year>\d{4})[-/.](?P<month>\d\d?)[-/.](?P<day>\d\d?)[T _]+)?",  # the date may be missing
        r"(?P<first>\d\d?)(?P<sign>[-/.])(?P<second_of_date>\d\d?)(?P=sign)(?P<year>\d{4})[T ,_]+",
        r"(?P<day>\d\d?)[-/. ]+(?P<name>[A-Za-z]{3})[a-z]*[-/., ]+(?P<year>\d{4})[T ,_]+",
        r"(?P<name>[A-Za-z]{3})[a-z]*[-/. ]+(?P<day>\d\d?)[-/., ]+(?P<year>\d{4})[T ,_]+",
    )
)
_MINUTE_AND_SECOND = re.compile(r"((?:.*[T _,])?\d\d?:\d\d:)(\d\d)(?:[.,_](\d{1,9}))?(\D.*)?", re.ASCII)
"""A time apart from its seconds, which most rows share with the one before."""
_OPEN_ORDER = re.compile(r"\s*(\d\d?)([-/])(\d\d?)\2(\d{4})[T ,_]", re.ASCII)
"""A date whose first two numbers are day and month, or month and day; with dots it is always the day first."""


class TimeWords:
    """Reads times as text; the first ones tell in which order a date stands."""

    def __init__(self, first: Iterable[str | None], name: str, where: Place) -> None:
        """Look at the first times.

        Args:
            first: as written; None where a cell is empty.
            name: how messages name the column.
            where: for messages.

        Raises:
            DataError: day and month cannot be told apart, and it matters.
        """
        words = [word for word in first if word]
        self._is_iso = not words or _is_iso(words[0])
        self._seconds_of_minute: dict[tuple[str, str | None], float] = {}
        self._order: DateOrder | None = "dmy"
        self.unused_dates = ""
        """What is open about the dates, where times of day are all that can be read beyond doubt."""
        dates = sorted({match.groups() for word in words if (match := _OPEN_ORDER.match(word))})
        if dates:
            self._order = _order_of(dates, name, where)
        if self._order is None:
            self.unused_dates = _both_ways(dates[0])

    def seconds(self, words: Iterable[str | None]) -> np.ndarray:
        """Return seconds since 1970 (UTC), or since midnight where there is no date: float64 [time]; NaN is no time."""
        return np.array([np.nan if word is None else self._seconds(word) for word in words], np.float64)

    def _seconds(self, word: str) -> float:
        if self._is_iso:
            try:
                moment = datetime.fromisoformat(word)
            except ValueError:
                return _odd_seconds(word, self._order)
            return (moment - (_EPOCH if moment.tzinfo else _NAIVE_EPOCH)).total_seconds()
        if (match := _MINUTE_AND_SECOND.fullmatch(word)) is None or match[2] > "59":
            return _odd_seconds(word, self._order)
        minute = (match[1], match[4])
        if minute not in self._seconds_of_minute:
            self._seconds_of_minute[minute] = _odd_seconds(f"{match[1]}00{match[4] or ''}", self._order)
        return self._seconds_of_minute[minute] + int(match[2]) + float(f"0.{match[3] or 0}")


def _is_iso(word: str) -> bool:
    try:
        datetime.fromisoformat(word)
    except ValueError:
        return False
    return True


def _odd_seconds(word: str, order: DateOrder | None) -> float:
    match = next((match for way in _WAYS if (match := way.fullmatch(word))), None)
    if match is None:
        return np.nan
    parts = match.groupdict()
    hour = int(parts["hour"])
    if parts["half"]:
        hour = hour % 12 + 12 * (parts["half"] in "Pp") if 1 <= hour <= 12 else 24  # noqa: PLR2004 - a clock's face
    zone = parts["zone"]
    offset = "+00:00" if zone in {None, "Z", "UTC", "GMT"} else zone
    try:
        text = f"{_date(parts, order)}T{hour:02d}:{parts['minute']}:{parts['second']}{offset}"
        moment = datetime.fromisoformat(text)
    except ValueError:
        return np.nan
    return (moment - _EPOCH).total_seconds() + float(f"0.{parts['fraction'] or 0}")


def _date(parts: dict[str, str | None], order: DateOrder | None) -> str:
    """Return the date as ISO writes it, 1970's first day where there is none.

    Raises:
        ValueError: there is no such month.
    """
    year = parts.get("year")
    if year is None:
        return "1970-01-01"
    day, month = parts.get("day"), parts.get("month")
    if (name := parts.get("name")) is not None:
        month = str(_MONTHS.index(name.lower()) + 1)
    elif (first := parts.get("first")) is not None:
        if order is None:
            return "1970-01-01"
        is_day_first = order == "dmy" or parts["sign"] == "."
        day, month = (first, parts["second_of_date"]) if is_day_first else (parts["second_of_date"], first)
    return f"{year}-{month:0>2}-{day:0>2}"


def _order_of(dates: Sequence[tuple[str, ...]], name: str, where: Place) -> DateOrder | None:
    """Return the order of dates (first, sign, second, year); None if it is open, and all are of one day."""
    readings = {order: days for order in _ORDERS if (days := _days(dates, order))}
    if len(readings) != len(_ORDERS):
        return next(iter(readings), "dmy")
    if readings["dmy"] == readings["mdy"]:
        return "dmy"
    if len(dates) == 1:
        return None
    for order, days in readings.items():
        if (days[-1] - days[0]).days == len(days) - 1:  # one day after the other
            return order
    raise DataError(
        f"the dates of {name} can be read in two ways: {_both_ways(dates[0])}",
        where=where,
        fix="write the year first, as in 2024-05-29, and the month before the day",
    )


def _days(dates: Sequence[tuple[str, ...]], order: DateOrder) -> list[date]:
    """Return the days in order, none where one of them does not exist."""
    try:
        return sorted(
            date(int(year), *((int(b), int(a)) if order == "dmy" else (int(a), int(b)))) for a, _, b, year in dates
        )
    except ValueError:  # there is no 13th month
        return []


def _both_ways(written: tuple[str, ...]) -> str:
    a, sign, b, year = written
    days = " or ".join(str(day) for order in _ORDERS for day in _days([written], order))
    return f"{a}{sign}{b}{sign}{year} is {days}"
