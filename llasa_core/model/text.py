"""Text to token ids and back, and the LM's own chat template.

Works on the `tokenizers` library directly: every tokenizer of transformers 5 that has a `tokenizer.json` is one, and a
chat starts two seconds sooner without transformers' wrappers around it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from llasa_core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tokenizers import Tokenizer

    from llasa_core.model.base_lm import BaseLm

SETTINGS_FILE = "tokenizer_config.json"


class TextCodec:
    """A tokenizer with the few settings around it that prompts need."""

    def __init__(self, tokenizer: Tokenizer, settings: dict[str, Any]) -> None:
        self._tokenizer = tokenizer
        self.settings = settings

    @classmethod
    def of(cls, base: BaseLm) -> TextCodec:
        """Load the tokenizer of a base LM."""
        if base.folder is None:
            from llasa_core.model.tiny_lm import SPECIAL, TINY_TEMPLATE, tiny_tokenizer  # noqa: PLC0415

            pad, bos, eos = SPECIAL
            settings = {"pad_token": pad, "bos_token": bos, "eos_token": eos, "chat_template": TINY_TEMPLATE}
            return cls(tiny_tokenizer(), settings)
        return cls.from_folder(base.folder)

    @classmethod
    def from_folder(cls, folder: Path) -> TextCodec:
        """Load a tokenizer's files.

        Raises:
            ModelError: the folder holds none, or they are damaged.
        """
        from tokenizers import Tokenizer  # noqa: PLC0415 - half the time of a cold `llasa eval --dry-run`

        file = folder / "tokenizer.json"
        if not file.is_file():
            return cls._converted(folder)
        try:
            tokenizer = Tokenizer.from_file(str(file))
            settings = json.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8"))
        except Exception as error:
            raise ModelError(
                f"the tokenizer cannot be read: {str(error).splitlines()[0]}",
                where=file,
                fix="copy the tokenizer's files again from where the LM came from",
            ) from error
        template = folder / "chat_template.jinja"
        if template.is_file():
            settings["chat_template"] = template.read_text(encoding="utf-8")
        return cls(tokenizer, settings)

    @classmethod
    def _converted(cls, folder: Path) -> TextCodec:
        """Let transformers convert a tokenizer that comes in an older form, such as SentencePiece's."""
        from transformers import AutoTokenizer  # noqa: PLC0415 - slow, and only for such LMs

        try:
            slow = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        except Exception as error:
            raise ModelError(
                f"the LM's tokenizer cannot be loaded: {str(error).splitlines()[0]}",
                where=folder,
                fix="put the LM's tokenizer files beside its weights",
            ) from error
        settings = {name: getattr(slow, name) for name in ("bos_token", "eos_token", "pad_token", "unk_token")}
        return cls(slow.backend_tokenizer, {**settings, "chat_template": slow.chat_template})

    def save(self, folder: Path) -> None:
        """Write the files that `from_folder` reads."""
        self._tokenizer.save(str(folder / "tokenizer.json"))
        (folder / SETTINGS_FILE).write_text(json.dumps(self.settings, indent=2) + "\n", encoding="utf-8")

    def encode(self, text: str, *, with_special: bool) -> list[int]:
        """Return the ids of `text`, without anything added around it.

        Args:
            text: what to encode.
            with_special: True where the text is a template's own; False where it is a person's, so that a
                `<|im_end|>` that somebody typed stays five ordinary pieces of text.
        """
        self._tokenizer.encode_special_tokens = not with_special
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of `ids`, without special tokens."""
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=True)
        return text

    def is_special(self, token: int) -> bool:
        """Say whether a token is one of the tokenizer's own marks and not text."""
        added = self._tokenizer.get_added_tokens_decoder().get(token)
        return added is not None and added.special

    def token(self, name: str) -> str | None:
        """Return the text of `bos_token`, `eos_token`, …; None where the tokenizer has none."""
        value = self.settings.get(name)
        return value["content"] if isinstance(value, dict) else value

    def render(self, messages: list[dict[str, str]], *, add_generation_prompt: bool) -> str:
        """Render messages with the LM's chat template.

        Raises:
            ModelError: the LM has no chat template, or the template refuses the messages.
        """
        from jinja2 import TemplateError  # noqa: PLC0415 - the LM's template is only needed with `template: chat`
        from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

        def refuse(message: str) -> None:
            raise TemplateError(message)

        source = self.settings.get("chat_template")
        if not isinstance(source, str):
            raise ModelError(
                "the base LM has no chat template",
                fix="set `model.template: vicuna_v1` or `plain`, or name an instruction-tuned LM",
            )
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        environment.globals["raise_exception"] = refuse
        special = {name: self.token(name) or "" for name in ("bos_token", "eos_token", "pad_token", "unk_token")}
        try:
            return environment.from_string(source).render(
                messages=messages, add_generation_prompt=add_generation_prompt, **special
            )
        except TemplateError as error:
            raise ModelError(
                f"the base LM's chat template refuses this conversation: {error}",
                fix="set `model.system` to an empty text if the LM knows no system message",
            ) from error
