"""The `llasa` command: its subcommands, and `main()`, where errors become text and exit codes."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.main import get_command

from llasa_cli import console, recipe, runs
from llasa_cli.adapt import adapt
from llasa_cli.chat import chat
from llasa_cli.doctor import doctor
from llasa_cli.eval import evaluate
from llasa_cli.export import export
from llasa_cli.fetch import fetch
from llasa_cli.finetune import finetune
from llasa_cli.import_qa import import_qa
from llasa_cli.inspect import inspect
from llasa_cli.prepare_data import prepare_data
from llasa_cli.pretrain import pretrain
from llasa_cli.serve import serve
from llasa_cli.sweep import sweep
from llasa_cli.timeline import timeline
from llasa_core import __version__
from llasa_core.errors import ErrorGroup, InterruptedRun, LlasaError, RunError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

FAULTS_OF_THE_MACHINE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.EISDIR, errno.ENOTDIR, errno.EDQUOT)
"""What the file system can refuse without a fault of ours."""

INTERRUPTED = InterruptedRun("interrupted", fix="run the same command again")

app = typer.Typer(
    name="llasa",
    no_args_is_help=False,
    rich_markup_mode=None,  # plain help needs no import of rich
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("prepare-data")(prepare_data)
app.command("import-qa")(import_qa)
app.command("pretrain")(pretrain)
app.command("finetune")(finetune)
app.command("sweep")(sweep)
app.command("eval")(evaluate)
app.command("chat")(chat)
app.command("timeline")(timeline)
app.command("adapt")(adapt)
app.command("serve")(serve)
app.command("export")(export)
app.command("doctor")(doctor)
app.command("fetch")(fetch)
app.command("inspect")(inspect)
app.add_typer(runs.app, name="runs")
app.add_typer(recipe.app, name="recipe")


def show_version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        console.show(f"llasa {__version__}")
        raise typer.Exit


VersionFlag = Annotated[
    bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version and exit.")
]


@app.callback(invoke_without_command=True)
def llasa(context: typer.Context, version: VersionFlag = False) -> None:  # noqa: ARG001 - its callback acts
    """Talk to motion data: IMU recordings in, a trained sensor language model and its answers out."""
    if context.invoked_subcommand is None:
        console.show(context.get_help())


SHORT_SPIN = "10000"
"""How often a thread of torch's looks for work before it sleeps. OpenMP's own 300,000 costs nothing on two idle cores,
but beside one other busy process it made 20 tokens take 34 s; so, they take 0.7 s and 2 s."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 failed, 2 wrong input, 130 interrupted."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in arguments
    os.environ.setdefault("GOMP_SPINCOUNT", SHORT_SPIN)  # read when a command imports torch
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that has no `²` is no reason to fail
    try:
        ended: Any = get_command(app).main(args=arguments, prog_name="llasa", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        _forget_stdout()
        return 1
    except KeyboardInterrupt:
        return _report(INTERRUPTED, as_json=as_json)
    except Exception as error:  # noqa: BLE001 - the last place where one can be caught
        return _report(_as_llasa_error(error), as_json=as_json)
    if ended == InterruptedRun.exit_code:  # what Typer makes of Ctrl-C
        return _report(INTERRUPTED, as_json=as_json)
    return ended if isinstance(ended, int) else 0


def _as_llasa_error(error: Exception) -> LlasaError:
    match error:
        case LlasaError():
            return error
        case typer.TyperException():
            return _as_usage_error(error)
        case typer.Abort():
            return INTERRUPTED
        case OSError(errno=errno.ENOSPC):
            return RunError(
                "the disk is full", where=_file_of(error), fix="free some space and run the same command again"
            )
        case OSError(errno=code) if code in FAULTS_OF_THE_MACHINE and _file_of(error):
            reason = (error.strerror or str(error)).lower()
            return RunError(f"a file cannot be used: {reason}", where=_file_of(error), fix="check its permissions")
        case _:
            return _as_fault(error)


def _as_usage_error(error: typer.TyperException) -> UsageError:
    message = error.format_message().rstrip(".").replace("Value error, ", "")
    context: typer.Context | None = getattr(error, "ctx", None)
    command = context.command_path if context else "llasa"
    return UsageError(message[:1].lower() + message[1:], where=command, fix=f"`{command} --help` shows what it takes")


def _file_of(error: OSError) -> str | None:
    return None if error.filename is None else os.fsdecode(error.filename)


def _as_fault(error: Exception) -> LlasaError:
    console.note("".join(traceback.format_exception(error)))
    return LlasaError(
        f"llasa has a fault: {type(error).__name__}: {error}",
        where=_last_line_run(error),
        fix="please report it with the lines above and the command; nobody should see this",
    )


def _last_line_run(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}"


def _report(error: LlasaError, *, as_json: bool) -> int:
    if as_json:
        console.show_error_json(error.as_dict())
    else:
        for each in error.errors if isinstance(error, ErrorGroup) else (error,):
            console.show_error(str(each))
    return error.exit_code


def _forget_stdout() -> None:
    """Point stdout to nowhere, or Python would complain about the closed pipe once more while it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
