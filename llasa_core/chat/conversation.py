"""A conversation about one recording: questions in, answers streamed out, both remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.chat.activity import view_activities
from llasa_core.data.qa import SENSOR, Turn
from llasa_core.errors import UsageError
from llasa_core.model.collate import encode, length_of
from llasa_core.model.generate import stream_answer
from llasa_core.model.session import Session

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from llasa_core.chat.recording_windows import RecordingWindows
    from llasa_core.chat.settings import ChatSettings
    from llasa_core.model.multimodal import LlasaModel


class Conversation:
    """Questions and answers about a recording.

    Every prompt holds one window, because that is what the model was trained on: the one that shows the recording's
    overall activity most clearly. It stands before the first question that is still remembered.
    """

    def __init__(
        self,
        model: LlasaModel,
        activities: Sequence[str],
        windows: RecordingWindows,
        settings: ChatSettings,
        *,
        temperature: float = 1.0,
    ) -> None:
        self._model = model
        self._settings = settings
        self._session = Session(model)
        self.view = view_activities(model, activities, windows, settings.max_windows, temperature=temperature)
        """What the model makes of the whole recording."""
        typical = self.view.typical
        self.recording = windows.recording
        self._window = windows.windows[typical : typical + 1]
        self.answers_from_s = (float(windows.start_s[typical]), float(windows.start_s[typical]) + windows.window_s)
        """Start and end of the window that the answers are about."""
        self.turns: tuple[Turn, ...] = ()
        """What was said so far, without placeholders."""

    def ask(self, question: str) -> Generator[str, None, None]:
        """Yield the answer in pieces, as they are decoded.

        Question and answer are remembered once the answer has ended, or as far as it came when the generator is closed
        or interrupted before; without a single piece both are forgotten. As much of the history is sent along as the
        LM can read.

        Raises:
            UsageError: the question is empty, holds the placeholder of a window, or is longer than the LM reads.
        """
        question = question.strip()
        _check(question)
        prompt = self._fitting((*self.turns, Turn("human", question)))
        return self._answer(question, prompt)

    def _answer(self, question: str, prompt: tuple[Turn, ...]) -> Generator[str, None, None]:
        pieces: list[str] = []
        try:
            for piece in stream_answer(
                self._model,
                self._window,
                prompt,
                max_new_tokens=self._settings.max_new_tokens,
                temperature=self._settings.temperature,
                seed=self._settings.seed,
                session=self._session,
            ):
                pieces.append(piece)
                yield piece
        finally:
            if pieces:
                self.turns += (Turn("human", question), Turn("gpt", "".join(pieces)))

    def reset(self) -> None:
        """Forget what was said; the recording stays."""
        self.turns = ()

    def _fitting(self, turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
        """Drop the oldest questions with their answers until the rest and a whole new answer fit the LM's context."""
        limit = getattr(self._model.lm.config, "max_position_embeddings", None)
        while True:
            prompt = (Turn("human", f"{SENSOR}\n{turns[0].text}"), *turns[1:])
            length = length_of(encode(self._model.template, prompt, 1), self._model.config.sensor_tokens)
            if limit is None or length + self._settings.max_new_tokens <= limit:
                return prompt
            if len(turns) == 1:
                raise UsageError(
                    f"the question takes {length} tokens; with an answer of {self._settings.max_new_tokens} it is "
                    f"longer than the {limit} that the LM reads",
                    fix="ask a shorter question, or pass a smaller `--max-new-tokens`",
                )
            turns = turns[2:]


def _check(question: str) -> None:
    if not question:
        raise UsageError("the question is empty", fix='ask something, such as "What is the person doing?"')
    if SENSOR in question:
        raise UsageError(
            f"the question holds {SENSOR}, which stands for the recording inside a prompt",
            fix="leave it out: the recording is put before the first question by itself",
        )
