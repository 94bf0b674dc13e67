"""How a conversation is held; light, so that the command line can show the defaults without importing torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ChatSettings:
    """Defaults that `llasa chat` has a flag for."""

    max_windows: int = 600
    """Windows that the LM is asked about where a checkpoint has no light head: an hour, half a minute on two cores. A
    longer recording is looked at with gaps between windows."""
    max_new_tokens: int = 128
    """An answer ends here at the latest."""
    temperature: float = 0.0
    """0 takes the likeliest token; above, tokens are drawn."""
    seed: int = 0
    """Makes the drawing repeatable."""
    prompt_windows: int = 1
    """Windows that the model is shown with an open question."""
    send_all: bool = False
    """Send the model the whole conversation with every question, not only with one that leans on what was said."""
    only_names: bool = False
    """The model was taught to name and describe activities and nothing else: other questions that no rule reads are not
    put to it."""
    tell_facts: bool = True
    """Tell the model as text what the timeline has around these windows."""
