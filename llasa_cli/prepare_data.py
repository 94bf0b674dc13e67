"""`llasa prepare-data`: raw recordings to a data folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import ValidationError

from llasa_cli import console
from llasa_cli.flags import FreshFlag, JsonFlag
from llasa_cli.llm_flags import (
    Limit,
    LlmConcurrency,
    LlmModel,
    LlmRpm,
    LlmTimeout,
    LlmTpm,
    LlmUrl,
    PriceIn,
    PriceOut,
    llm_of_flags,
)
from llasa_cli.reading import (
    AccUnitFlag,
    AllowMissing,
    BadRows,
    Columns,
    FormatFlag,
    GyrUnitFlag,
    KeepFrame,
    LabelColumn,
    LabelFrom,
    LabelMap,
    Labels,
    SourceRate,
    SubjectColumn,
    SubjectFrom,
    read_options,
    wrong_flag,
)
from llasa_cli.window_flags import FLAG_OF, AllowUpsample, Stride, TargetRate, windows_of
from llasa_core.errors import UsageError

SourcePaths = Annotated[
    list[Path],
    typer.Argument(metavar="SOURCE", help="Recordings: files, folders, or archives as they were downloaded."),
]
OutFolder = Annotated[Path, typer.Option("--out", metavar="DATA", help="The data folder to make.")]
Window = Annotated[str, typer.Option(metavar="SECONDS", help="Length of a window.")]
Qa = Annotated[
    Literal["facts", "llm", "none"],
    typer.Option(
        "--qa",
        help="Questions from templates, answered from labels and measurements; or by a language model; or none.",
    ),
]
Compat = Annotated[
    Literal["limu-bert"] | None,
    typer.Option(help="Resample and cut as LIMU-BERT's published preprocessing does; windows lie side by side."),
]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Leave out files that cannot be read, and count them.")]
Workers = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Processes that read side by side; by default as the input needs."),
]
Seed = Annotated[int, typer.Option(min=0, metavar="N", help="Chooses the phrasing of the questions.")]
ShardMb = Annotated[
    float | None, typer.Option(metavar="MB", help="Size of a shard of the windows; by default 128.", show_default=False)
]
ShareFlag = Annotated[
    str | None,
    typer.Option("--shard", metavar="I/N", help="Prepare only this share of the recordings, such as 2/8; see --merge."),
]
Merge = Annotated[bool, typer.Option("--merge", help="Put several data folders, such as shares, into one.")]
Backend = Annotated[Literal["local", "dask"], typer.Option(help="Who reads: this machine, or a Dask cluster.")]
Scheduler = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="The cluster's scheduler, such as tcp://host:8786.")
]
MERGE_TAKES = ("sources", "out", "merge", "shard_mb", "fresh", "as_json")
"""What may be given with `--merge`: everything else is as in the folders."""


def prepare_data(  # noqa: PLR0913, PLR0917 - each flag is one
    context: typer.Context,
    sources: SourcePaths,
    out: OutFolder,
    file_format: FormatFlag = "auto",
    window: Window = "6s",
    stride: Stride = None,
    target_rate: TargetRate = 20.0,
    rate: SourceRate = None,
    columns: Columns = None,
    acc_unit: AccUnitFlag = None,
    gyr_unit: GyrUnitFlag = None,
    label_column: LabelColumn = None,
    subject_column: SubjectColumn = None,
    label_from: LabelFrom = None,
    subject_from: SubjectFrom = None,
    labels: Labels = None,
    label_map: LabelMap = None,
    qa: Qa = "facts",
    compat: Compat = None,
    bad_rows: BadRows = "error",
    skip_bad: SkipBad = False,
    allow_upsample: AllowUpsample = False,
    allow_missing: AllowMissing = None,
    keep_frame: KeepFrame = False,
    workers: Workers = None,
    seed: Seed = 7,
    shard_mb: ShardMb = None,
    shard: ShareFlag = None,
    merge: Merge = False,
    backend: Backend = "local",
    scheduler: Scheduler = None,
    llm_url: LlmUrl = None,
    llm_model: LlmModel = None,
    limit: Limit = None,
    llm_concurrency: LlmConcurrency = None,
    llm_rpm: LlmRpm = None,
    llm_tpm: LlmTpm = None,
    llm_timeout: LlmTimeout = None,
    price_in: PriceIn = None,
    price_out: PriceOut = None,
    fresh: FreshFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Turn recordings into windows, questions and answers.

    Several SOURCEs become one data folder. `llasa inspect SOURCE` shows beforehand what would be done.
    """
    from llasa_core.data.merge import merge as merge_folders
    from llasa_core.data.prepare import PrepareSettings, prepare
    from llasa_core.data.share import Share

    _check_together(context, backend, scheduler, merge=merge)
    reading = read_options(
        "prepare-data",
        file_format=file_format,
        rate=rate,
        columns=columns,
        acc_unit=acc_unit,
        gyr_unit=gyr_unit,
        label_column=label_column,
        subject_column=subject_column,
        label_from=label_from,
        subject_from=subject_from,
        labels=labels,
        label_map=label_map,
        bad_rows=bad_rows,
        allow_missing=allow_missing,
        keep_frame=keep_frame,
    )
    llm_flags = {
        "url": llm_url,
        "model": llm_model,
        "limit": limit,
        "concurrency": llm_concurrency,
        "rpm": llm_rpm,
        "tpm": llm_tpm,
        "timeout_s": llm_timeout,
        "price_in": price_in,
        "price_out": price_out,
    }
    with console.progress("prepare-data", 100) as progress:
        llm, llm_run = llm_of_flags(qa, llm_flags, progress=progress, tell=console.note)
        try:
            settings = PrepareSettings(
                windows=windows_of(window, stride, target_rate, compat, allow_upsample=allow_upsample),
                reading=reading,
                qa=qa,
                llm=llm,
                skip_bad=skip_bad,
                seed=seed,
                **({"shard_mb": shard_mb} if shard_mb is not None else {}),
            )
        except ValidationError as error:
            raise wrong_flag(error, "prepare-data", FLAG_OF) from error
        if merge:
            report = merge_folders(sources, out, shard_mb=shard_mb, fresh=fresh, progress=progress)
        else:
            report = prepare(
                sources,
                out,
                settings,
                share=Share.parse(shard) if shard else None,
                workers=workers,
                scheduler=scheduler,
                llm_run=llm_run,
                fresh=fresh,
                progress=progress,
            )
    console.show(report, as_json=as_json)


def _check_together(context: typer.Context, backend: str, scheduler: str | None, *, merge: bool) -> None:
    """Refuse flags that say nothing beside each other."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    given = [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]
    flags = {option.name: option.opts[0] for option in context.command.params}
    if merge and (others := [flags[name] for name in given if name not in MERGE_TAKES]):
        raise UsageError(
            f"`--merge` takes folders as they are, so {', '.join(others)} can change nothing",
            fix="leave it out, or pass it where the folders are prepared",
        )
    if backend == "dask" and not scheduler:
        raise UsageError(
            "`--backend dask` needs the cluster's address", fix="pass it, as in `--scheduler tcp://host:8786`"
        )
    if scheduler and backend != "dask":
        raise UsageError("`--scheduler` is of no use to this machine alone", fix="pass `--backend dask` with it")
