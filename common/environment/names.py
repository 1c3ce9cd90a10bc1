"""What configuration says of names in AWS: templates by kind, and exact names of single resources."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from common.base.suggestions import did_you_mean, known_names
from common.base.text_rules import Text

FIELDS = ("prefix", "project", "folder", "instance", "name", "env", "ENV", "region", "account")
"""What a template may have in braces."""
OWN_FIELDS = frozenset({"prefix", "env", "ENV"})
"""The fields whose values are an environment's own, and no other's in its account."""
FIELD = re.compile(r"\{([^{}]*)\}")
DEFAULT = "default"
"""The key of the template for every kind that has none of its own."""
_KIND, _NAME = r"[a-z]+(-[a-z]+)*", r"[A-Za-z0-9_][A-Za-z0-9_./-]*"

PhysicalName = Annotated[Text, Field(min_length=1, max_length=1024)]
"""What one resource is called in AWS; which characters it may have depends on its kind."""
ExactNames = dict[Annotated[str, Field(pattern=rf"^{_KIND}/{_NAME}$")], PhysicalName]
"""What resources are called, by ``kind/name``."""


def checked(names: dict[str, str]) -> dict[str, str]:
    """The names, of which those of a kind are templates.

    Raises:
        ValueError: one is none.
    """
    for key, text in names.items():
        if "/" not in key:
            _check_template(key, text)
    return names


def _check_template(key: str, text: str) -> None:
    for name in FIELD.findall(text):
        if name not in FIELDS:
            raise ValueError(
                f"{key}: {{{name}}} is not a field of a template.{did_you_mean(name, FIELDS, otherwise=known_names(FIELDS))}"
            )
    if "{" in (rest := FIELD.sub("", text)) or "}" in rest:
        raise ValueError(f"{key}: the braces of a template come in pairs around a field, as in {{name}}")
    if "{name}" not in text:
        raise ValueError(f"{key}: a template needs {{name}}, or all resources of the kind would have one name")


Names = Annotated[dict[Annotated[str, Field(pattern=rf"^{_KIND}(/{_NAME})?$")], PhysicalName], AfterValidator(checked)]
"""Templates by kind, and exact names by ``kind/name``."""


def rendered(template: str, fields: Mapping[str, str]) -> str:
    """The template with a value for each of its fields."""
    return FIELD.sub(lambda field: fields[field[1]], template)
