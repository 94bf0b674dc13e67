"""What a server takes and how long it waits; light, so that the command line can show the defaults."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1_000_000


@dataclass(frozen=True)
class ServeSettings:
    """Limits of a server. Those without a flag of `llasa serve` are there for tests."""

    most_upload_bytes: int = 100 * MB
    """Of one uploaded file: two hours at 100 Hz, written as text, take about half of it."""
    most_inline_bytes: int = 16 * MB
    """Of one chat request, recordings in its messages counted."""
    most_body_bytes: int = 64 * MB
    """Of all chat requests that are being read at once."""
    most_uploads_at_once: int = 8
    """Files that are being received at once."""
    most_text: int = 16_000
    """Characters of all questions and answers of a request, without recordings."""

    kept_bytes: int = 256 * MB
    """Of all recordings that are remembered; the ones that nobody asked about for longest are forgotten first."""
    most_kept: int = 200
    """Recordings that are remembered."""
    keep_s: float = 3600.0
    """A recording that nobody asks about for so long is forgotten."""

    parsers: int = 2
    """Processes that parse recordings; the second one starts when there is work for it."""
    parser_bytes: int = 2048 * MB
    """Address space of each, where the system can limit it."""
    parse_s: float = 60.0
    """A file that takes longer is given up, and its process is ended."""
    most_parsing: int = 16
    """Files that wait to be parsed; another one is refused."""

    most_together: int = 32
    """Answers that are decoded at once."""
    most_waiting: int = 64
    """Questions that wait for the model; another one is refused."""
    default_tokens: int = 128
    """Longest answer where a request does not say."""
    most_tokens: int = 512
    """Longest answer that a request may ask for."""
    answer_s: float = 120.0
    """From a question to the end of its answer, waiting counted."""

    most_requests: int = 256
    """Requests that are worked on or wait; another one is refused."""
    most_connections: int = 1024
    """Connections; another one is closed."""
    header_s: float = 10.0
    """From the first byte of a request, or the begin of a connection, to the end of its headers."""
    stalled_s: float = 20.0
    """A client that sends nothing of a body, or takes nothing of an answer, for so long is given up."""
    body_s: float = 300.0
    """For a whole body."""
    slowest_bytes_per_s: int = 20_000
    """A body that comes in more slowly from `stalled_s` on is given up: its sender takes the room of others."""
    linger_s: float = 2.0
    """How long the rest of a refused body is read, so that the client sees the refusal."""
    closing_s: float = 10.0
    """How long answers may go on once the server was told to stop."""
