"""Many answers at once from one model: requests join and leave between two tokens."""

from llasa_core.engine.engine import Engine
from llasa_core.engine.request import Ask, BusyError, EngineLimits, Reply

__all__ = ["Ask", "BusyError", "Engine", "EngineLimits", "Reply"]
