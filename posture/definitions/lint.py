"""Advice on checks that load: what a reviewer would ask for. Nothing here makes a check work differently."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from posture.definitions.loaded import LoadedCheck
from posture.definitions.yaml_source import Plain, Step, YamlDocument
from posture.domain.check import Parameter
from posture.errors import DefinitionError

_GUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE)
_ADDRESS = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
# Guests carry the domain of their home after an underscore: ada_example.com#EXT#@contoso.onmicrosoft.com.
_DOMAIN = re.compile(
    r"(?<![a-z0-9.-])(?:[a-z0-9-]+\.)+(?:com|org|net|io|de|eu|uk|us|edu|gov|info|biz|cloud)\b", re.IGNORECASE
)
# RFC 2606, the companies of Microsoft's own examples, and Graph itself.
_MADE_UP: Final = re.compile(
    r"(^|\.)(example\.(com|org|net)|[\w-]+\.(example|test|invalid)|(contoso|fabrikam)(\.onmicrosoft)?\.com|graph\.microsoft\.com)$"
)
# Ids that are the same in every tenant: Microsoft's own roles, applications, permissions and products.
_SAME_EVERYWHERE: Final = (
    "template_id",
    "definition_id",
    "app_id",
    "role_id",
    "permission_id",
    "sku_id",
    "plan_id",
    "_roles",
    "_applications",
    "_principals",
)
_SHORTEST_TEXT: Final = 40


def lint(checks: Iterable[LoadedCheck]) -> tuple[DefinitionError, ...]:
    """Return everything that should be better, in the order of checks and lines."""
    return tuple(error for loaded in checks for error in lint_check(loaded))


def lint_check(loaded: LoadedCheck) -> tuple[DefinitionError, ...]:
    """Return what should be better in one check."""
    found = [*_texts(loaded), *_references(loaded), *_messages(loaded), *_test_values(loaded)]
    return tuple(sorted(found, key=lambda error: (error.at.line, error.at.column)))


def _texts(loaded: LoadedCheck) -> Iterator[DefinitionError]:
    check = loaded.check
    yield from remarks_on_title(loaded.document, check.title)
    for key, text in (("why", check.why), ("fix", check.fix)):
        yield from remarks_on_sentence(loaded.document, key, text)
    yield from remarks_on_parameters(loaded.document, check.parameters)


def remarks_on_title(document: YamlDocument, title: str) -> Iterator[DefinitionError]:
    """Yield what should be better in a title."""
    if title.endswith(".") or not title[0].isupper():
        advice = "Begin with a capital and leave the full stop out."
        yield document.error("the title does not read as a headline", at=("title",), advice=advice)


def remarks_on_sentence(document: YamlDocument, key: str, text: str) -> Iterator[DefinitionError]:
    """Yield what should be better in a text for people."""
    if len(text) < _SHORTEST_TEXT or not text.endswith((".", "!", "?")):
        yield document.error(
            f'"{key}" is not a full sentence', at=(key,), advice="Write at least one whole sentence."
        )


def remarks_on_parameters(document: YamlDocument, parameters: Iterable[Parameter]) -> Iterator[DefinitionError]:
    """Yield the parameters of which nobody could say what their values mean."""
    for parameter in parameters:
        if not parameter.unit and not parameter.help and not parameter.choices:
            steps = ("params", parameter.name)
            yield document.error(
                "the parameter has no unit and no help", at=steps, advice="Say what its value means."
            )


def _references(loaded: LoadedCheck) -> Iterator[DefinitionError]:
    seen: set[str] = set()
    for number, reference in enumerate(loaded.check.references):
        if re.match(r"https://learn\.microsoft\.com/[a-z]{2}-[a-z]{2}/", reference):
            advice = "Leave the language out of the address; the reader's is chosen then."
            yield loaded.document.error("the link has a language in it", at=("references", number), advice=advice)
        if reference in seen:
            yield loaded.document.error("the link stands here twice", at=("references", number), advice="Keep one.")
        seen.add(reference)


def _messages(loaded: LoadedCheck) -> Iterator[DefinitionError]:
    if loaded.check.message_fail.strip() == loaded.check.message_unknown.strip():
        advice = "Say in the second one what could not be known."
        yield loaded.document.error("both messages say the same", at=("message", "unknown"), advice=advice)


def _test_values(loaded: LoadedCheck) -> Iterator[DefinitionError]:
    listed = [parameter.default for parameter in loaded.check.parameters if isinstance(parameter.default, tuple)]
    yield from remarks_on_tests(loaded.document, loaded.strings.union(*listed))


def remarks_on_tests(document: YamlDocument, named: Iterable[str]) -> Iterator[DefinitionError]:
    """Yield the values in tests that may be somebody's; ``named`` are texts that the definition itself holds."""
    known = {text.lower() for text in named}
    for steps, text in _leaves(document.value.get("tests"), ("tests",)):
        for guid in _GUID.findall(text):
            if not _is_made_up_guid(guid) and guid.lower() not in known and not _is_same_everywhere(steps):
                advice = "Use one made of repeated digits, such as 11111111-1111-1111-1111-111111111111."
                yield document.error(f"{guid} looks like a real id", at=steps, advice=advice)
        for domain in [*_ADDRESS.findall(text), *_DOMAIN.findall(text)]:
            if not _MADE_UP.search(domain.lower()):
                advice = "Use example.com or contoso.com."
                yield document.error(f"{domain} may belong to somebody", at=steps, advice=advice)


def _is_made_up_guid(guid: str) -> bool:
    """Say whether nobody would take the id for a real one: each of its groups repeats few digits."""
    return len(set(guid.replace("-", "").lower())) <= 4


def _is_same_everywhere(steps: tuple[Step, ...]) -> bool:
    return any(str(step).endswith(_SAME_EVERYWHERE) for step in steps[-2:])


def _leaves(value: Plain, steps: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], str]]:
    if isinstance(value, str):
        yield steps, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*steps, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves(inner, (*steps, number))
