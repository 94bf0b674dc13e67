"""A conversation about recordings: questions in, answers streamed out, both remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llasa_core.chat.check import check
from llasa_core.chat.ground import ground
from llasa_core.data.qa import Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from llasa_core.chat.check import Mark
    from llasa_core.chat.ground import Grounded
    from llasa_core.chat.known_recording import KnownRecording
    from llasa_core.chat.settings import ChatSettings
    from llasa_core.model.multimodal import LlasaModel
    from llasa_core.model.session import Session


class Conversation:
    """Questions and answers about one recording, or a few.

    What timeline and facts answer is composed from them, at once. For the rest the LM is loaded when it is first
    needed, and shown the windows that the question is about.
    """

    def __init__(
        self, recordings: Sequence[KnownRecording], load_model: Callable[[], LlasaModel], settings: ChatSettings
    ) -> None:
        """Begin.

        Args:
            recordings: in the order in which they are numbered.
            load_model: called once, when the first question needs it.
            settings: see there.
        """
        self.recordings = tuple(recordings)
        self._load_model = load_model
        self._settings = settings
        self._model: LlasaModel | None = None
        self._session: Session | None = None
        self.turns: tuple[Turn, ...] = ()
        """What was said so far, without placeholders."""
        self.grounded: Grounded | None = None
        """What the last question was about."""
        self.marks: tuple[Mark, ...] = ()
        """What the last answer says that the recordings do not support; none where it was composed."""

    @property
    def answer(self) -> str:
        """The last answer; empty before the first, or where the model said nothing."""
        is_last = self.grounded is not None and self.turns and self.turns[-2].text == self.grounded.question
        return self.turns[-1].text if is_last else ""

    @property
    def model(self) -> LlasaModel:
        """The model, loaded when it is first asked for."""
        if self._model is None:
            self._model = self._load_model()
        return self._model

    def ask(self, question: str) -> Generator[str, None, None]:
        """Yield the answer in pieces, as they are decoded; a composed answer is one piece.

        Question and answer are remembered once the answer has ended, or as far as it came when the generator is closed
        or interrupted before; without a single piece both are forgotten. As much of the history is sent along as the
        LM can read.

        Raises:
            UsageError: the question is empty, holds the placeholder of a window, or is longer than the LM reads.
        """
        grounded = ground(question, self.recordings, self.turns, self._settings)
        turns: tuple[Turn, ...] = ()
        if grounded.answer is None:
            from llasa_core.chat.fitting import fitted  # noqa: PLC0415 - torch, which a composed answer does without

            turns = fitted(self.model, grounded.windows, grounded.turns, self._settings.max_new_tokens)
        return self._answer(grounded, turns)

    def _answer(self, grounded: Grounded, turns: tuple[Turn, ...]) -> Generator[str, None, None]:
        pieces: list[str] = []
        self.grounded, self.marks = grounded, ()
        try:
            for piece in [grounded.answer] if grounded.answer is not None else self._decoded(grounded, turns):
                pieces.append(piece)
                yield piece
        finally:
            if pieces:
                text = "".join(pieces)
                self.turns += (Turn("human", grounded.question), Turn("gpt", text))
                self.marks = check(text, grounded)

    def _decoded(self, grounded: Grounded, turns: tuple[Turn, ...]) -> Generator[str, None, None]:
        from llasa_core.model.generate import stream_answer  # noqa: PLC0415 - torch, as above
        from llasa_core.model.session import Session  # noqa: PLC0415 - as above

        if self._session is None:
            self._session = Session(self.model)
        yield from stream_answer(
            self.model,
            grounded.windows,
            turns,
            max_new_tokens=self._settings.max_new_tokens,
            temperature=self._settings.temperature,
            seed=self._settings.seed,
            session=self._session,
        )

    def reset(self) -> None:
        """Forget what was said; the recordings stay."""
        self.turns, self.grounded, self.marks = (), None, ()

    def load(self, recordings: Sequence[KnownRecording]) -> None:
        """Talk about other recordings from now on, and forget what was said about those before."""
        self.recordings = tuple(recordings)
        self.reset()
