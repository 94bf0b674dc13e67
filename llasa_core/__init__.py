"""The library behind `llasa`: recordings to windows, windows to a model, a model to answers."""

from __future__ import annotations

__version__ = "0.1.0"
