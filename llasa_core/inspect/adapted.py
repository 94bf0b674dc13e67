"""A folder that `llasa adapt` wrote: what was learned from how little, and how far it can be trusted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llasa_core.data.counting import number_of
from llasa_core.errors import ModelError, UsageError
from llasa_core.inspect.looked import facts, table
from llasa_core.model.adapted import ADAPTED_FILE, checkpoint_behind, read_adapted

if TYPE_CHECKING:
    from pathlib import Path

    from llasa_core.inspect.looked import Paper
    from llasa_core.model.adapted import AdaptedHead


@dataclass(frozen=True)
class AdaptedFound:
    """What is in it."""

    folder: Path
    head: AdaptedHead
    checkpoint: dict[str, str]
    """How the checkpoint behind it is found."""
    refusals: tuple[ModelError, ...] = ()
    """The checkpoint is gone: timelines do without, chat does not."""

    def as_dict(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        head = self.head
        return {
            "checkpoint": self.checkpoint,
            "activities": list(head.activities),
            "keeps_old": head.keeps_old,
            "threshold": head.threshold,
            "sampling_rate_hz": head.sampling_rate_hz,
            "window_s": head.window_s,
            **head.about,
        }

    def as_text(self, paper: Paper | None = None) -> str:
        """Return what people read."""
        del paper
        head, about = self.head, self.head.about
        kept = [name for name in head.activities if name not in head.learned]
        rows = [
            (
                name,
                each["windows"],
                each["stretches"],
                each["recordings"],
                each["people"] or "?",
                "new" if each["is_new"] else "",
            )
            for name, each in about["learned"].items()
        ]
        stands_on = ", ".join(
            [
                number_of(about["windows"], "window"),
                number_of(about["recordings"], "recording"),
                number_of(about["people"], "person", "people") if about["people"] else "nobody named",
            ]
        )
        return "\n".join(
            [
                f"{self.folder.name}: a light head that knows {', '.join(head.activities)}",
                *facts(
                    [
                        ("checkpoint", self.checkpoint.get("path") or f"shipped, {self.checkpoint['shipped']}"),
                        ("learned", f"from {stands_on}"),
                        ("kept", ", ".join(kept) if head.keeps_old else "none of the checkpoint's own (`--replace`)"),
                        ("windows", f"{head.window_s:g} s at {head.sampling_rate_hz:g} Hz"),
                        ("held out", _held_out(about["held_out"])),
                        ("threshold", f"{head.threshold:.2f}, {_fitted(head)}"),
                        ("left out", ", ".join(f"{seconds:g} s {why}" for why, seconds in about["left_out_s"].items())),
                        ("chat", "its LM has learned none of this: it answers as the checkpoint does"),
                    ]
                ),
                "",
                *table(("activity", "windows", "stretches", "recordings", "people", ""), rows, left=(0, 5)),
            ]
        )

    def draw(self, path: Path) -> None:
        """Refuse: there is nothing to see.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"--png {path}: an adapted folder has no picture", where=self.folder, fix="leave out `--png`")


def look_at_adapted(folder: Path) -> AdaptedFound:
    """Return what an adapted folder holds.

    Raises:
        ModelError: it is none, or damaged.
    """
    head = read_adapted(folder)
    if head is None:
        raise ModelError(f"there is no {ADAPTED_FILE}", where=folder, fix="pass a folder that `llasa adapt` wrote")
    checkpoint = json.loads((folder / ADAPTED_FILE).read_text(encoding="utf-8"))["checkpoint"]
    try:
        checkpoint_behind(folder)
    except ModelError as error:
        return AdaptedFound(folder, head, checkpoint, (error,))
    return AdaptedFound(folder, head, checkpoint)


def _held_out(found: dict[str, Any] | None) -> str:
    if found is None:
        return "nothing: how well it names windows is not known"
    ends = found["accuracy_ci"]
    of_what = number_of(found["observations"], *_PLURAL[found["unit"]])
    sure = f"95 % interval {ends[0]:.2f} – {ends[1]:.2f}" if ends else "no interval"
    return (
        f"{found['accuracy']:.2f} ({sure}) of {number_of(found['windows'], 'window')} in {of_what}, "
        f"each {found['unit']} left out in turn"
    )


_PLURAL = {
    "person": ("person", "people"),
    "recording": ("recording", "recordings"),
    "stretch": ("stretch", "stretches"),
    "part of a stretch": ("stretch", "stretches"),
}


def _fitted(head: AdaptedHead) -> str:
    if not head.about["fitted"]:
        return "kept from the checkpoint" if head.keeps_old else "not fitted: too few windows could be left out"
    if head.keeps_old and head.threshold == head.head.threshold:
        return "the checkpoint's: what was left out needs none as high"
    return "fitted on the windows that were left out, as was how sure it is"
