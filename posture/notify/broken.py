"""A template that is wrong, told with the file and line to mend."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from jinja2 import Environment, TemplateError, TemplateSyntaxError

from posture.errors import WordingBroken as WordingBroken

# What a template's own expressions may raise: they add texts to numbers, divide by zero, call what is no function.
_ITS_OWN: Final = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)


@contextmanager
def told_with_its_place(environment: Environment, name: str) -> Iterator[None]:
    """Turn whatever goes wrong in a template into ``WordingBroken``. ``name`` is the one that was asked for."""
    try:
        yield
    except TemplateSyntaxError as problem:
        place = problem.filename or _file_of(environment, problem.name or name)
        raise WordingBroken(f"{place}:{problem.lineno}: {problem.message}") from problem
    except (TemplateError, *_ITS_OWN) as problem:
        file, line = _place_of(problem, environment, name)
        place = f"{file}:{line}" if line else file
        raise WordingBroken(f"{place}: {_sentence(problem)}") from problem


def _place_of(problem: Exception, environment: Environment, name: str) -> tuple[str, int | None]:
    """Return file and line of the innermost template that the trouble went through."""
    frames = [
        frame
        for frame in traceback.extract_tb(problem.__traceback__)
        if frame.filename.endswith(".j2") and frame.lineno
    ]
    return (frames[-1].filename, frames[-1].lineno) if frames else (_file_of(environment, name), None)


def _file_of(environment: Environment, name: str) -> str:
    """Return the file of a template, or its name if there is none that can be read."""
    loaders = getattr(environment.loader, "loaders", ())
    paths = (Path(root) / name for loader in loaders for root in loader.searchpath)
    return next((str(path) for path in paths if path.is_file()), name)


def _sentence(problem: Exception) -> str:
    if isinstance(problem, UnicodeDecodeError):
        return "this file is not UTF-8"
    return str(problem) or type(problem).__name__
