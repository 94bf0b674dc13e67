"""The same questions as `llasa chat` answers them: by rules from timeline and facts, else by the model."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import llasa_core.chat
from llasa_core.chat.conversation import Conversation
from llasa_core.chat.known_recording import known
from llasa_core.chat.settings import ChatSettings
from llasa_core.data.recording import Recording, Segment
from llasa_core.evaluate.job import Job
from llasa_core.model.taught import only_names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from llasa_core.chat.known_recording import KnownRecording
    from llasa_core.data.store import WindowStore
    from llasa_core.evaluate.exam import Exam
    from llasa_core.evaluate.models import Models
    from llasa_core.evaluate.open_ended.items import OpenItem
    from llasa_core.model.multimodal import LlasaModel
    from llasa_core.timeline.classifier import WindowClassifier

SETTINGS = ChatSettings()
"""Those that `llasa chat` has where nobody says otherwise."""
AT_ONCE = 20
"""Answers kept at once: most are there in some milliseconds, those of the model in a second or two."""
NO_HEAD = "the checkpoint has no light head that names activities"


@dataclass(frozen=True)
class ChatAnswer:
    """What a user would read."""

    text: str
    is_composed: bool
    """By rules; False where the model answered."""
    n_marks: int
    """Parts of a model's answer that chat marks as not supported by the recording."""


def chat_job(exam: Exam, items: Sequence[OpenItem]) -> Job:
    """Return the job that asks chat; `from_chat` reads its values."""

    def work(models: Models, numbers: Sequence[int]) -> list[dict[str, Any] | None]:
        classifier = models.head
        if classifier is None:
            return [None] * len(numbers)
        settings = replace(SETTINGS, only_names=only_names(models.checkpoint))
        answers = [ask_chat(items[one], exam.store, classifier, lambda: models.llasa, settings) for one in numbers]
        return [asdict(answer) for answer in answers]

    return Job(
        name="facts-in-chat",
        inputs={
            "questions": [item.id for item in items],
            "settings": asdict(SETTINGS),
            "rules": _fingerprint_of_rules(),
        },
        n_items=len(items),
        work=work,
        chunk=AT_ONCE,
        words="asking chat the fact questions",
    )


def from_chat(values: Sequence[dict[str, Any] | None]) -> list[ChatAnswer] | None:
    """Return the answers that the job has kept, in the order of the questions; None where there is no head."""
    kept = [ChatAnswer(**value) for value in values if value is not None]
    return kept if len(kept) == len(values) else None


def ask_chat(
    item: OpenItem,
    store: WindowStore,
    classifier: WindowClassifier,
    load_model: Callable[[], LlasaModel],
    settings: ChatSettings = SETTINGS,
) -> ChatAnswer:
    """Return what chat answers to a question about its windows, each a recording of its own, in a new conversation.

    Args:
        item: the question.
        store: has its windows.
        classifier: names activities, as in `chat`.
        load_model: called where no rule answers.
        settings: those of the conversation.
    """
    name = "part" if item.kind == "timeline" else "recording"
    windows = store.take(item.rows)
    recordings = [
        recording_of(window, store.sampling_rate_hz, f"{name} {nth}", classifier)
        for nth, window in enumerate(windows, start=1)
    ]
    conversation = Conversation(recordings, load_model, settings)
    text = "".join(conversation.ask(item.question)).strip()
    grounded = conversation.grounded
    assert grounded is not None  # noqa: S101 - it was asked
    return ChatAnswer(text, grounded.answer is not None, len(conversation.marks))


def recording_of(
    window: np.ndarray, sampling_rate_hz: float, name: str, classifier: WindowClassifier
) -> KnownRecording:
    """Return a window as a recording that chat knows, called as a person would call its file.

    Args:
        window: [time, channel], acc in m/s² with gravity, gyr in rad/s.
        sampling_rate_hz: of it.
        name: of the file.
        classifier: names activities.
    """
    whole = (Segment(0, len(window), None),)
    return known([Recording(Path(name), "window", "window", name, sampling_rate_hz, window, whole)], classifier)


def _fingerprint_of_rules() -> str:
    """Hash chat's own source: its answers change with its rules, and these more often than the version."""
    digest = hashlib.sha256()
    for folder in llasa_core.chat.__path__:
        for file in sorted(Path(folder).rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
