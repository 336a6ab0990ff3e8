"""How wide the command line writes: as wide as the screen, and wide where there is none."""

from __future__ import annotations

import io

import pytest

from posture.cli.terminal import Terminal


def test_what_goes_into_a_pipe_or_file_is_not_cut_for_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    out = io.StringIO()

    Terminal(file=out).print("word " * 30)

    assert len(out.getvalue().splitlines()) == 1


def test_whoever_says_how_wide_it_is_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")

    assert Terminal(file=io.StringIO()).width == 60


def test_a_name_is_never_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    out = io.StringIO()

    Terminal(file=out).print("[red]ada[/] :smile:")

    assert out.getvalue() == "[red]ada[/] :smile:\n"
