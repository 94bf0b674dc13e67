"""A checkpoint folder to the Hugging Face hub, with its model card."""

from __future__ import annotations

import os
import re
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llasa_core.errors import LlasaError, RunError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from huggingface_hub import HfApi

TOKEN_VARIABLE = "HF_TOKEN"  # noqa: S105 - a name
ADDRESS_VARIABLE = "HF_ENDPOINT"
HUB = "https://huggingface.co"
REPO_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
LONGEST_ID = 96
CARD = "README.md"
OURS = re.compile(
    r"config\.json|generation_config\.json|llasa\.json|recipe\.yaml|tokenizer.*\.json|chat_template\.jinja"
    r"|adapter/.*|.*\.safetensors|.*\.safetensors\.index\.json|sensor_tokens\.onnx"
)
"""Files that an earlier push may have left; those that the folder no longer has go."""
NOT_KNOWN, NOT_PAID, NOT_ALLOWED, NOT_FOUND = 401, 402, 403, 404


@dataclass(frozen=True)
class Pushed:
    """What is on the hub now."""

    repo: str
    url: str
    commit: str
    files: int
    bytes: int
    public: bool

    def __str__(self) -> str:
        seen_by = "everybody" if self.public else "you and your organisation"
        return f"{self.url}: {self.files} files, {self.bytes / 1e6:,.1f} MB, seen by {seen_by}"


def check_push(repo: str) -> None:
    """Make sure that a push can begin, before anything is computed for it.

    Raises:
        UsageError: `repo` is no name on the hub, or there is no token.
    """
    if not REPO_ID.fullmatch(repo) or len(repo) > LONGEST_ID or ".." in repo or "--" in repo:
        raise UsageError(
            f"`{repo}` is not a name on the hub", where="--to-hub", fix="write OWNER/NAME, such as `me/llasa-smol`"
        )
    if not os.environ.get(TOKEN_VARIABLE):
        raise UsageError(
            f"the hub wants a token, and {TOKEN_VARIABLE} is not set",
            where="--to-hub",
            fix=f"make a token that may write at {HUB}/settings/tokens, and set {TOKEN_VARIABLE} to it",
        )


def push(
    folder: Path,
    repo: str,
    card: str,
    *,
    is_public: bool = False,
    say: Callable[[str], None] = lambda _text: None,
) -> Pushed:
    """Push a folder in one commit; the same push again sends only what has not arrived.

    The token is read from `HF_TOKEN` alone. A repository that is not there is made, private unless asked otherwise.

    Args:
        folder: a checkpoint, merged or not.
        repo: `OWNER/NAME`.
        card: what becomes its `README.md`.
        is_public: whether everybody may see it.
        say: told of what the hub remarks.

    Raises:
        UsageError: no token, one that the hub refuses, or a repository that is public against the caller's wish.
        RunError: the push broke off.
    """
    check_push(repo)
    from huggingface_hub import HfApi  # noqa: PLC0415 - a second, and only for a push

    token, endpoint = os.environ[TOKEN_VARIABLE], os.environ.get(ADDRESS_VARIABLE, HUB).rstrip("/")
    api = HfApi(endpoint=endpoint, token=token)
    with _hub_errors(repo, endpoint, token), _warnings_said(say):
        api.create_repo(repo, private=not is_public, exist_ok=True)
        there = api.model_info(repo)
        if not there.private and not is_public:
            raise UsageError(
                f"{repo} is on the hub already, and everybody can see it",
                where=f"{endpoint}/{repo}",
                fix="pass `--public` if that is meant, or name another",
            )
        files = _files(folder)
        old = {sibling.rfilename for sibling in there.siblings or ()}
        commit = _commit(
            api, repo, files, card, stale=sorted(name for name in old - {*files, CARD} if OURS.fullmatch(name))
        )
    size = sum(file.stat().st_size for file in files.values()) + len(card.encode())
    return Pushed(repo, f"{endpoint}/{repo}", commit, len(files) + 1, size, public=not there.private)


def _files(folder: Path) -> dict[str, Path]:
    """Return what is pushed as it is, by its name in the repository."""
    found = {file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*")) if file.is_file()}
    return {name: file for name, file in found.items() if name != CARD and not name.startswith(".")}


def _commit(api: HfApi, repo: str, files: dict[str, Path], card: str, stale: list[str]) -> str:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete  # noqa: PLC0415

    operations: list[Any] = [CommitOperationAdd(CARD, card.encode())]
    operations += [CommitOperationAdd(name, str(file)) for name, file in files.items()]
    operations += [CommitOperationDelete(name) for name in stale]
    return str(api.create_commit(repo, operations, commit_message="Push a LLaSA checkpoint").oid)


@contextmanager
def _warnings_said(say: Callable[[str], None]) -> Iterator[None]:
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        yield
    for warning in heard:
        if not issubclass(warning.category, DeprecationWarning):
            say(f"the hub remarks: {' '.join(str(warning.message).split())}")


@contextmanager
def _hub_errors(repo: str, endpoint: str, token: str) -> Iterator[None]:
    """Turn what the hub's library raises into errors of ours; the token is in none of them."""
    from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415

    try:
        yield
    except LlasaError:
        raise
    except Exception as error:  # noqa: BLE001 - two HTTP libraries and one in Rust each have their own
        cause = _root(error)
        if isinstance(cause, HfHubHTTPError) and cause.response is not None:
            raise _refusal(cause.response.status_code, cause, repo, endpoint, token) from None
        raise RunError(
            f"the push to the hub broke off: {_line(cause, token)}",
            where=f"{endpoint}/{repo}",
            fix="run the same command again: what has arrived is not sent twice",
        ) from None


def _refusal(status: int, error: Any, repo: str, endpoint: str, token: str) -> LlasaError:
    where = f"{endpoint}/{repo}"
    if status == NOT_KNOWN:
        return UsageError(
            f"the hub does not accept the token in {TOKEN_VARIABLE}",
            where=where,
            fix=f"make a token that may write at {HUB}/settings/tokens, and set {TOKEN_VARIABLE} to it",
        )
    if status in {NOT_ALLOWED, NOT_FOUND, NOT_PAID}:
        return UsageError(
            f"the token in {TOKEN_VARIABLE} may not write to {repo}",
            where=where,
            fix="name a repository of your own, or make a token that may write to this one",
        )
    said = getattr(error, "server_message", None) or _line(error, token)
    return RunError(
        f"the hub refused with {status}: {' '.join(said.split()).replace(token, '…')}",
        where=where,
        fix="run the same command again: what has arrived is not sent twice",
    )


def _root(error: BaseException) -> BaseException:
    """Return what lies behind an error; the hub's library wraps what happened in an upload."""
    return _root(error.__cause__) if type(error) is RuntimeError and error.__cause__ else error


def _line(error: BaseException, token: str) -> str:
    text = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return text.replace(token, "…")
