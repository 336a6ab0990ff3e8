"""The words of a check file that must come from a closed list, and what it declares as parameters."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final, Protocol

from posture.definitions.check_model import CheckModel, ParameterShape
from posture.definitions.dictionary import did_you_mean
from posture.definitions.parameters import ParameterRefused, declared_parameter
from posture.definitions.vocabulary import FRAMEWORKS, TAGS
from posture.definitions.yaml_source import Step, YamlDocument
from posture.domain.check import Check, Maturity, Parameter

OWN_PARAMETER: Final = "now"
"""The parameter that every check has: the time of the snapshot."""


class KnownActions(Protocol):
    """The actions that a check may offer."""

    @property
    def ids(self) -> frozenset[str]: ...

    def resource_of(self, action_id: str) -> str | None:
        """Return the resource type that a known action changes; None if its file says none.

        Raises:
            DefinitionError: the file is no YAML.
        """


def require_words(document: YamlDocument, model: CheckModel) -> None:
    """Hold id, tags, frameworks, references and maturity to what there is.

    Raises:
        DefinitionError: a word is not known, stands twice, or contradicts another.
    """
    if model.id != document.path.stem:
        problem = f'the id is not "{document.path.stem}"'
        raise document.error(problem, at=("id",), advice="Id and file name must be equal.")
    require_known(document, model.tags, TAGS, "tag", ("tags",))
    for key in model.frameworks:
        if key not in FRAMEWORKS:
            advice = did_you_mean(key, FRAMEWORKS, otherwise=f"Use one of: {', '.join(sorted(FRAMEWORKS))}.")
            raise document.error(f'"{key}" is not a framework', at=("frameworks", key), advice=advice)
    for number, reference in enumerate(model.references):
        if not re.fullmatch(r"https://[^\s<>\"]+", reference):
            steps = ("references", number)
            raise document.error("this is not an https address", at=steps, advice="Link a page that explains.")
    if (model.maturity is Maturity.DEPRECATED) != (model.deprecated_because is not None):
        problem = "a deprecated check, and only that, tells why"
        raise document.error(problem, at=("maturity",), advice='Use "deprecated_because" with it.')


def require_fitting_actions(document: YamlDocument, check: Check, actions: KnownActions) -> None:
    """Hold the actions that a check offers to those that change what it judges.

    Raises:
        DefinitionError: an action does not exist, stands twice, or changes something else; or its file is no YAML.
    """
    require_known(document, check.actions, actions.ids, "action", ("actions",))
    for number, action in enumerate(check.actions):
        resource = actions.resource_of(action)
        if resource != check.resource:
            problem = f"{action} is about {resource}, not {check.resource}"
            raise document.error(problem, at=("actions", number), advice="Take it out.")


def require_known(
    document: YamlDocument, words: Sequence[str], known: Collection[str], what: str, steps: tuple[Step, ...]
) -> None:
    """Hold a list of words to a closed list.

    Raises:
        DefinitionError: a word is not known, or stands twice.
    """
    for number, word in enumerate(words):
        if word not in known:
            listed = f"There are: {', '.join(sorted(known)) or 'none yet'}."
            advice = did_you_mean(word, known, otherwise=listed)
            raise document.error(f'there is no {what} "{word}"', at=(*steps, number), advice=advice)
        if word in words[:number]:
            raise document.error(f'the {what} "{word}" stands here twice', at=(*steps, number), advice="Keep one.")


def declared_parameters(
    document: YamlDocument,
    declarations: Mapping[str, tuple[ParameterShape, object]],
    *,
    reserved: Collection[str] = (OWN_PARAMETER,),
) -> tuple[Parameter, ...]:
    """Return the parameters that the file declares, each with its default; ``reserved`` names are taken.

    Raises:
        DefinitionError: a name cannot be one, or the declaration contradicts itself.
    """
    found: list[Parameter] = []
    for name, (shape, default) in declarations.items():
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in reserved:
            problem = f'"{name}" cannot name a parameter'
            raise document.error(problem, at=("params", name), advice="Use a word in lower case.")
        try:
            found.append(declared_parameter(name, shape, default))
        except ParameterRefused as refused:
            raise document.error(str(refused), at=("params", name), advice="Correct the parameter.") from refused
    return tuple(found)
