"""Text to token ids and back, and the LM's own chat template.

Works on the `tokenizers` library directly: every tokenizer of transformers 5 that has a `tokenizer.json` is one, and a
chat starts two seconds sooner without transformers' wrappers around it.
"""

from __future__ import annotations

import json
import re
import threading
from itertools import groupby
from typing import TYPE_CHECKING, Any

from llasa_core.errors import ModelError
from llasa_core.model.sentencepiece_file import MODEL_FILE, read_sentencepiece

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tokenizers import Tokenizer

    from llasa_core.model.base_lm import BaseLm

SETTINGS_FILE = "tokenizer_config.json"
REPLACEMENT = "\ufffd"
"""What a tokenizer decodes half a character to."""
ANSWER_MARK = re.compile(r"\{%(-?)\s*(?:end)?generation\s*(-?)%\}")
"""Tags that tell transformers where an answer is; here that is known, so they become comments."""
_ONE_AT_A_TIME = threading.Lock()
"""A tokenizer is told beforehand whose text comes, a template's or a person's; a server encodes in several threads."""
BYTE_TOKEN = re.compile("<0x[0-9A-F]{2}>")


class TextCodec:
    """A tokenizer with the few settings around it that prompts need.

    Llama's puts a space before a text and takes it off again when it decodes. A prompt is put together from pieces, so
    this space is put here, where it is known whether a piece begins a text or goes on with one.
    """

    def __init__(self, tokenizer: Tokenizer, settings: dict[str, Any]) -> None:
        self._tokenizer = tokenizer
        self.settings = settings
        added = tokenizer.get_added_tokens_decoder()
        self._marks = frozenset(added)
        self._special = {number: token.content for number, token in added.items() if token.special}
        self._bare = _without_prefix(tokenizer)
        self._prefix = " " if self._bare and self._tokenizer.decode(self._ids(self._bare, " x")) == "x" else ""

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
            return cls.from_sentencepiece(folder) if (folder / MODEL_FILE).is_file() else cls._converted(folder)
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
    def from_sentencepiece(cls, folder: Path) -> TextCodec:
        """Load `tokenizer.model`, whatever other forms of the tokenizer are beside it.

        Raises:
            ModelError: it is missing or damaged.
        """
        return cls(*read_sentencepiece(folder))

    @classmethod
    def _converted(cls, folder: Path) -> TextCodec:
        """Let transformers convert a tokenizer that comes in an older form, such as GPT-2's two files."""
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

    def encode(self, text: str, *, with_special: bool, continues: bool = False) -> list[int]:
        """Return the ids of `text`, without anything added around it.

        Args:
            text: what to encode.
            with_special: True where the text is a template's own; False where it is a person's, so that a
                `<|im_end|>` that somebody typed stays five ordinary pieces of text.
            continues: True where other text stands right before it, so that it gets no space of its own.
        """
        if self._bare is None:
            return self._ids(self._tokenizer, text, with_special=with_special)
        cut = self._first_special(text) if with_special else len(text)
        before, behind = text[:cut], text[cut:]
        ids = self._ids(self._bare, before if continues else self._prefix + before) if before else []
        return ids + (self._ids(self._tokenizer, behind, with_special=True) if behind else [])

    def _first_special(self, text: str) -> int:
        """Return where the first special token of a template's own text begins; the text's length if it has none."""
        with _ONE_AT_A_TIME:
            self._tokenizer.encode_special_tokens = False
            encoding = self._tokenizer.encode(text, add_special_tokens=False)
        tokens = zip(encoding.ids, encoding.offsets, strict=True)
        return next((start for token, (start, _) in tokens if token in self._marks), len(text))

    def _ids(self, tokenizer: Tokenizer, text: str, *, with_special: bool = False) -> list[int]:
        with _ONE_AT_A_TIME:
            tokenizer.encode_special_tokens = not with_special
            ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
            if not with_special and any(token in self._special for token in ids):
                return self._spelled(tokenizer, text)
        return ids

    def _spelled(self, tokenizer: Tokenizer, text: str) -> list[int]:
        """Encode a text whose letters would merge to a special token: each is cut behind its first letter."""
        special = self._special.values()
        inside = "|".join(f"(?<={re.escape(word[0])})(?={re.escape(word[1:])})" for word in special if len(word) > 1)
        first, *others = re.split(inside, text)
        encodings = [tokenizer.encode(first, add_special_tokens=False)]
        encodings += [(self._bare or tokenizer).encode(part, add_special_tokens=False) for part in others]
        return [token for encoding in encodings for token in encoding.ids]

    @property
    def brings_space(self) -> bool:
        """Say whether a text that does not continue another begins with a space of the tokenizer's own."""
        return bool(self._prefix)

    def begins_text(self, before: str) -> bool:
        """Say whether a text behind `before` gets the tokenizer's own space, as it would within one long text."""
        if not self._prefix or not before:
            return True
        ids = self._ids(self._tokenizer, f"{before}x", with_special=True)
        return ids[-len(self.encode("x", with_special=False)) :] == self.encode("x", with_special=False)

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of `ids`, without special tokens."""
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=True)
        return self._with_bytes(ids) if REPLACEMENT in text and self._tokenizer.decoder is not None else text

    def _with_bytes(self, ids: Sequence[int]) -> str:
        """Decode tokens that stand for bytes as SentencePiece does: each byte that is no letter becomes one mark.

        The library gives up a whole run of bytes for a single wrong one.
        """
        tokens = [self._tokenizer.id_to_token(token) for token in ids if token not in self._special]
        pieces = []
        for is_byte, found in groupby(filter(None, tokens), key=lambda token: bool(BYTE_TOKEN.fullmatch(token))):
            run = list(found)
            pieces += [_utf8(bytes(int(token[3:5], 16) for token in run))] if is_byte else run
        text: str = self._tokenizer.decoder.decode(pieces)
        return text

    def spell(self, ids: Sequence[int]) -> str:
        """Return the text of `ids`, special tokens too."""
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=False)
        return text

    @property
    def n_words(self) -> int:
        """How many tokens there are, added ones too."""
        n_words: int = self._tokenizer.get_vocab_size()
        return n_words

    def is_special(self, token: int) -> bool:
        """Say whether a token is one of the tokenizer's own marks and not text."""
        return token in self._special

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
        loop_controls = ["jinja2.ext.loopcontrols"]
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=loop_controls)
        environment.globals["raise_exception"] = refuse
        special = {name: self.token(name) or "" for name in ("bos_token", "eos_token", "pad_token", "unk_token")}
        try:
            return environment.from_string(ANSWER_MARK.sub(r"{#\1 \2#}", source)).render(
                messages=messages, add_generation_prompt=add_generation_prompt, **special
            )
        except TemplateError as error:
            raise ModelError(
                f"the base LM's chat template refuses this conversation: {error}",
                fix="set `model.system` to an empty text if the LM knows no system message",
            ) from error


def _without_prefix(tokenizer: Tokenizer) -> Tokenizer | None:
    """Return the tokenizer without the space that it puts before a text; None if it puts none."""
    names = ("normalizer", "pre_tokenizer")
    parts = {name: _part(tokenizer, name) for name in names}
    changed = {name: _dropped(part) for name, part in parts.items()}
    if changed == parts:
        return None
    from tokenizers import Tokenizer  # noqa: PLC0415

    return Tokenizer.from_str(json.dumps({**json.loads(tokenizer.to_str()), **changed}))


def _part(tokenizer: Tokenizer, name: str) -> Any:
    part = getattr(tokenizer, name)
    return None if part is None else json.loads(part.__getstate__())


def _dropped(part: Any) -> Any:
    """Return a normalizer or pre-tokenizer, as `tokenizer.json` writes it, without its space before a text."""
    match part:
        case {"type": "Prepend"}:
            return None
        case {"type": "Metaspace"}:
            return {**part, "prepend_scheme": "never"}
        case {"type": "ByteLevel", "add_prefix_space": _}:
            return {**part, "add_prefix_space": False}
        case {"type": "Sequence"}:
            name = "normalizers" if "normalizers" in part else "pretokenizers"
            return {**part, name: [each for each in map(_dropped, part[name]) if each is not None]}
    return part


def _utf8(run: bytes) -> str:
    return re.sub("[\udc80-\udcff]", REPLACEMENT, run.decode("utf-8", "surrogateescape"))
