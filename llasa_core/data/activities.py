"""The one vocabulary of activities that all datasets are mapped to."""

from __future__ import annotations

ACTIVITIES = (
    "walking",
    "climbing stairs",
    "descending stairs",
    "sitting",
    "standing",
    "lying",
    "jogging",
    "biking",
)
"""Names as people read them; a data folder's `activity` column holds positions in its manifest's own list."""

UNKNOWN = -1
"""Stored in `/activity` where nobody said what the person was doing."""
