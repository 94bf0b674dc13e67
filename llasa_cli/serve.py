"""`llasa serve`: the model behind an OpenAI-compatible endpoint and a web page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from llasa_cli import console
from llasa_cli.checkpoint_flags import BaseLm, Device, Encoder, Quantize, check_device, chosen_or_shipped
from llasa_cli.flags import JsonFlag
from llasa_core.serve.settings import MB, ServeSettings

DEFAULTS = ServeSettings()
MINUTE_S = 60

CheckpointFolder = Annotated[
    Path | None, typer.Option("--model", metavar="CHECKPOINT", help="Who answers; by default the shipped checkpoint.")
]
Host = Annotated[
    str,
    typer.Option("--host", metavar="ADDRESS", help="Where to listen; another one than loopback needs LLASA_TOKEN."),
]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, metavar="PORT", help="0 takes a free one.")]
Name = Annotated[str | None, typer.Option("--name", metavar="NAME", help="How clients call the model.")]
MaxUpload = Annotated[int, typer.Option("--max-upload", min=1, metavar="MB", help="Largest file that is taken.")]
Keep = Annotated[
    float, typer.Option("--keep", min=0.1, metavar="MINUTES", help="Unused recordings are forgotten after this time.")
]
Together = Annotated[
    int, typer.Option("--together", min=1, metavar="N", help="Answers that are decoded at once; others wait.")
]
Waiting = Annotated[
    int, typer.Option("--waiting", min=0, metavar="N", help="Questions that may wait; others are told to come again.")
]
MaxNewTokens = Annotated[
    int, typer.Option("--max-new-tokens", min=1, metavar="N", help="Longest answer that a client may ask for.")
]


def serve(  # noqa: PLR0913, PLR0917 - a flag each
    model: CheckpointFolder = None,
    base_lm: BaseLm = None,
    encoder: Encoder = None,
    device: Device = None,
    quantize: Quantize = None,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    name: Name = None,
    max_upload: MaxUpload = DEFAULTS.most_upload_bytes // MB,
    keep: Keep = DEFAULTS.keep_s / MINUTE_S,
    together: Together = DEFAULTS.most_together,
    waiting: Waiting = DEFAULTS.most_waiting,
    max_new_tokens: MaxNewTokens = DEFAULTS.most_tokens,
    as_json: JsonFlag = False,
) -> None:
    """Answer questions about recordings over HTTP, and show a page to look at them, until Ctrl-C."""
    from llasa_core.serve.address import is_loopback, listen, token_for, url_of
    from llasa_core.serve.packages import check_packages

    check_packages()
    token = token_for(host)
    settings = replace(
        DEFAULTS,
        most_upload_bytes=max_upload * MB,
        keep_s=keep * MINUTE_S,
        most_together=together,
        most_waiting=waiting,
        most_tokens=max_new_tokens,
        default_tokens=min(DEFAULTS.default_tokens, max_new_tokens),
    )
    folder = chosen_or_shipped(model)
    with listen(host, port) as listening:
        url = url_of(listening)
        console.note("loading the model")
        from llasa_core.serve.server import Chosen, serve

        check_device(device)
        serve(
            Chosen(folder, base_lm, encoder, device, name, quantize or "none"),
            listening,
            settings,
            token=token,
            is_local=is_loopback(host),
            ready=lambda: console.show(
                {"url": url} if as_json else f"serving at {url}; Ctrl-C ends it", as_json=as_json
            ),
            say=console.note,
        )
    console.note("stopped")
