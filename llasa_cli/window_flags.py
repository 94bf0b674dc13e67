"""Flags that say what a window is, shared by the commands that cut recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from llasa_core.errors import UsageError

if TYPE_CHECKING:
    from llasa_core.data.windows import WindowConfig

FLAG_OF: dict[tuple[str | int, ...], str] = {
    ("WindowConfig", "window_s"): "--window",
    ("WindowConfig", "stride_s"): "--stride",
    ("WindowConfig", "sampling_rate_hz"): "--target-rate",
}
"""Which flag sets a setting that can be wrong."""

Stride = Annotated[
    str | None,
    typer.Option(metavar="SECONDS", help="From one window to the next; by default 3s.", show_default=False),
]
TargetRate = Annotated[float, typer.Option("--target-rate", metavar="HZ", help="Rate of the windows.")]
AllowUpsample = Annotated[bool, typer.Option("--allow-upsample", help="Take recordings below the windows' rate.")]


def windows_of(
    window: str, stride: str | None, target_rate: float, compat: Literal["limu-bert"] | None, *, allow_upsample: bool
) -> WindowConfig:
    """Return what a window is, from the flags.

    Raises:
        UsageError: a length is no number.
    """
    from llasa_core.data.windows import WindowConfig

    window_s = seconds_of("--window", window)
    default_stride = window_s if compat else WindowConfig().stride_s  # published windows lie side by side
    return WindowConfig(
        sampling_rate_hz=target_rate,
        window_s=window_s,
        stride_s=seconds_of("--stride", stride) if stride else default_stride,
        compat=compat,
        allow_upsample=allow_upsample,
    )


def seconds_of(flag: str, text: str) -> float:
    """Read a length of time: `6s`, `6 s` or `6`.

    Raises:
        UsageError: it is no number.
    """
    try:
        return float(text.strip().removesuffix("s"))
    except ValueError as error:
        raise UsageError(f'{flag} is not a length in seconds: "{text}"', fix=f"write it like `{flag} 6s`") from error
