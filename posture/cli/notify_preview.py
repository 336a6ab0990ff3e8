"""``posture notify preview`` and ``posture notify test``: what messages look like, and whether they arrive."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from posture.cli.console import ExitCode, err, out
from posture.cli.options import ConfigOption
from posture.domain.delivery import Refused, Sent, Tried
from posture.domain.notice import Event
from posture.domain.printable import printable
from posture.errors import UsageError

ChannelArgument = Annotated[str, typer.Option("--channel", help="Name of a channel in the settings.")]


def register(app: typer.Typer) -> None:
    app.command("preview")(preview)
    app.command("test")(send_sample)


def preview(
    channel: ChannelArgument,
    event: Annotated[
        Event | None, typer.Option(help="What happened: the last time that it did, else a sample.")
    ] = None,
    digest: Annotated[
        bool, typer.Option("--digest", help="What happened last, of all kinds, in one message.")
    ] = False,
    output: Annotated[Path, typer.Option("--output", "-o", help="Directory to write to.")] = Path("posture-preview"),
    open: Annotated[bool, typer.Option("--open", help="Show a mail's HTML in a browser.")] = False,
    config: ConfigOption = None,
) -> None:
    """Write what would be sent to a channel into files: subject, text and HTML of a mail, a card, a webhook's JSON.

    Nothing is sent, and no secret is needed.
    """
    from posture.bootstrap import load_application

    if (event is None) != digest:
        raise UsageError("say what to show: either --event EVENT or --digest")
    shown = load_application(config).telling.preview(channel, event)
    if open and not any(file.is_page for file in shown.files):
        raise UsageError(f"{channel} gets no mail: only mail has a page to open")
    stem = f"{'digest' if event is None else event.value}-{channel}"
    paths = _write(output, {f"{stem}{file.suffix}": file.text for file in shown.files})
    source = "made up: nothing like it has happened yet" if shown.is_sample else "from what has happened"
    err().print(f"This is {source}.", style="dim")
    for path in paths:
        typer.echo(path)
    if open:
        _open(next(path for path in paths if path.suffix == ".html"))


def send_sample(channel: ChannelArgument, config: ConfigOption = None) -> None:
    """Send a sample, marked as one, to a channel now and say what it answered. It is kept nowhere.

    Exit codes: 0 the channel took it; 1 it never will like this; 2 wrong usage or settings; 3 not now.
    """
    from posture.bootstrap import load_application

    telling = load_application(config).telling
    with err().status(f"{channel}: sending a sample"):
        tried = telling.test(channel)
    console = out() if isinstance(tried, Sent) else err()
    console.print(printable(_sentence(channel, tried), longest=1000), soft_wrap=True)
    raise typer.Exit(_exit_code(tried))


def _sentence(channel: str, tried: Tried) -> str:
    match tried:
        case Sent(note=None):
            return f"{channel} took the sample."
        case Sent(note=note):
            return f"{channel} took the sample: {note}"
        case Refused(because=because):
            return f"{channel} refused the sample: {because}"
        case _:
            return f"{channel} did not take the sample now: {tried.because}"


def _exit_code(tried: Tried) -> int:
    if isinstance(tried, Sent):
        return ExitCode.DONE
    return ExitCode.FAILING if isinstance(tried, Refused) else ExitCode.INCOMPLETE


def _open(page: Path) -> None:
    # Here and not above: it looks for browsers.
    import webbrowser

    if not webbrowser.open(page.absolute().as_uri()):
        err().print(f"No browser could be started; open {page} yourself.")


def _write(directory: Path, files: dict[str, str]) -> list[Path]:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (directory / name).write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise UsageError(f"cannot write to {directory}: {error.strerror}") from error
    return [directory / name for name in files]
