"""What was measured around one time, as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llasa_core.chat.spans import Span, clock
from llasa_core.data.facts import facts_of
from llasa_core.data.grounded import words
from llasa_core.data.grounded.measured import measured
from llasa_core.errors import UsageError

if TYPE_CHECKING:
    from llasa_core.chat.known_recording import KnownRecording


def window_text(recording: KnownRecording, middle_s: float) -> str:
    """Return the facts of the window around a time, and how likely each activity is in the timeline's nearest one.

    Raises:
        UsageError: the time lies outside of the recording.
    """
    timeline = recording.timeline
    if not timeline.start_s <= middle_s <= timeline.end_s:
        raise UsageError(
            f"{clock(middle_s)} is outside of {recording.file.name}",
            fix=f"name a time from {clock(timeline.start_s)} to {clock(timeline.end_s)}",
        )
    found = recording.window_at(middle_s)
    assert found is not None  # noqa: S101 - a known recording has a window
    window, start_s = found
    (facts,) = measured(facts_of(window[None], recording.sampling_rate_hz), [None], [start_s])
    segment = timeline.at(middle_s)
    lines = [f"{recording.file.name} {Span(start_s, start_s + recording.window_s)}"]
    if segment is not None and recording.names_activities:
        span = Span(segment.start_s, segment.end_s)
        lines.append(f"  timeline   {segment.activity} {span}, {100 * segment.confidence:.0f} % sure")
        table = timeline.windows
        nearest = int(np.abs(table.start_s - start_s).argmin())
        row = table.probability[nearest]
        likely = [f"{timeline.activities[at]} {100 * row[at]:.0f} %" for at in np.argsort(-row)[:3] if row[at] >= 0.005]  # noqa: PLR2004 - shown as 0
        lines.append(f"  alone      {', '.join(likely)}")
    lines += [
        f"  movement   {words.rhythm(facts).text}",
        f"  intensity  {facts.intensity}, {facts.intensity_mg:.0f} mg",
        f"  posture    {words.posture(facts).text}",
        f"  turning    {facts.turning_dps:.0f} degrees a second, at most {facts.peak_turning_dps:.0f}",
        f"  peak       {facts.peak_g:.2f} g at {clock(start_s + facts.peak_s)}",
    ]
    return "\n".join(lines)
