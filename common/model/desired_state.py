"""What is made of a desired state: its digest, for which nothing has to be built, and what is sent once everything is built."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from common.aws.protocol import Aws
from common.base import digest
from common.base.digest import Digest
from common.model.resource import Action, Artifact, Change, Live, Resource, State


@dataclass(frozen=True)
class ContentOf:
    """In a desired state: the base64 SHA-256 of an artifact's bytes, known once it is built.

    A state's digest takes the artifact's input digest in its place, so that nothing has to be built to know that nothing changed.
    """

    artifact: Artifact


class Versioned(Protocol):
    """A layer of ours, as functions see it: named by its content, since AWS numbers its versions."""

    @property
    def arn(self) -> str:
        """Of the layer, without a version."""
        ...

    @property
    def code(self) -> Artifact:
        """What it holds."""
        ...

    def content(self, aws: Aws, arn: str) -> str | None:
        """What the version `arn` holds; None if it is not there."""
        ...

    def version(self, aws: Aws, content: str) -> str:
        """The ARN of the version that holds `content`."""
        ...


def digest_of(resource: Resource, endpoints: Mapping[str, str]) -> Digest:
    """The digest of what is to be and where, artifacts standing for themselves by their input digest."""
    where = {"arn": resource.arn, "endpoints": dict(endpoints)} if endpoints else {"arn": resource.arn}
    return digest.of_struct(resource.key.kind, 2, {**where, "state": resource.desired()}, _input)


def _input(value: object) -> str:
    if isinstance(value, ContentOf):
        return f"input:{value.artifact.input_digest()}"
    raise TypeError(f"{value!r} has no canonical JSON form")


def rendered(state: State, content: Callable[[Artifact], str]) -> State:
    """The state with every `ContentOf` replaced by the artifact's content digest in base64."""
    return {name: _replaced(value, content) for name, value in state.items()}


def _replaced(value: Any, of: Callable[[Artifact], str]) -> Any:
    if isinstance(value, ContentOf):
        return of(value.artifact)
    if isinstance(value, Mapping):
        return {key: _replaced(item, of) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(item, of) for item in value]
    return value


def whole(resource: Resource, desired: State, live: Live | None) -> Change:
    """The update of every field, as of something that was read as absent and exists."""
    return Change(resource.key, Action.UPDATE, "exists already", desired, live, frozenset(desired) - resource.immutable)
