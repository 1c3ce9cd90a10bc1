"""Turns desired states into digests, without building artifacts, and into the states that are sent to AWS."""

from collections.abc import Callable, Mapping
from typing import Protocol

from common.aws.protocol import Aws
from common.base import digest
from common.base.digest import Digest
from common.base.errors import OwnershipError
from common.base.json_types import Json
from common.base.lean_dataclass import dataclass
from common.environment import owner_tags
from common.model.resource import Action, Artifact, Change, Live, Resource, State


@dataclass(frozen=True)
class ContentOf:
    """Stands in a desired state for the base64 SHA-256 of an artifact's bytes, which is known only once it is built.

    The digest of the state uses the artifact's input digest instead. So nothing has to be built to find that nothing changed.
    """

    artifact: Artifact


class Versioned(Protocol):
    """A declared layer as functions use it: they find its version by content, because AWS chooses the version numbers."""

    @property
    def arn(self) -> str:
        """The ARN of the layer, without a version."""
        ...

    @property
    def code(self) -> Artifact:
        """The artifact with its content."""
        ...

    def content(self, aws: Aws, arn: str) -> str | None:
        """The content digest of the version `arn`; None if the version does not exist."""
        ...

    def version(self, aws: Aws, content: str) -> str:
        """The ARN of the version with this content digest."""
        ...


def digest_of(resource: Resource, endpoints: Mapping[str, str]) -> Digest:
    """The digest of a resource's desired state, ARN, endpoints and needs of a role, with the input digests of its artifacts."""
    where = {"arn": resource.arn, "endpoints": dict(endpoints)} if endpoints else {"arn": resource.arn}
    needs = {"role": resource.role_needs.digest()} if resource.role_needs is not None else {}
    return digest.of_struct(resource.key.kind, 2, {**where, **needs, "state": resource.desired()}, _input)


def _input(value: object) -> str:
    if isinstance(value, ContentOf):
        return f"input:{value.artifact.input_digest()}"
    raise TypeError(f"{value!r} has no canonical JSON form")


def rendered(state: State, content: Callable[[Artifact], str]) -> State:
    """The state with every `ContentOf` replaced by the artifact's content digest in base64."""
    return {name: _replaced(value, content) for name, value in state.items()}


def _replaced(value: Json, of: Callable[[Artifact], str]) -> Json:
    if isinstance(value, ContentOf):
        return of(value.artifact)
    if isinstance(value, Mapping):
        return {key: _replaced(item, of) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(item, of) for item in value]
    return value


def whole(resource: Resource, desired: State, live: Live | None) -> Change:
    """A change that updates every field, for a resource that was read as absent but exists."""
    return Change(resource.key, Action.UPDATE, "exists already", desired, live, frozenset(desired) - resource.immutable)


def whole_if_ours(resource: Resource, desired: State, live: Live | None, *, untagged: bool = False) -> Change:
    """The same, if the resource has our tags, as one has whose creation was interrupted.

    A plan may be made from a listing, and these show only after some seconds what others have just created.

    Args:
        resource: the declared resource.
        desired: its desired state.
        live: its live state; None if it is gone again.
        untagged: it may also have no tags at all, because it was created by AWS, or by us and not tagged yet.

    Raises:
        OwnershipError: it does not have them, so somebody else has created it.
    """
    if live is not None:
        tags = {**live.undeclared.get("Tags", {}), **live.state.get("Tags", {})}
        theirs, ours = (owner_tags.read_owner(tags_of, resource.tag_prefix) for tags_of in (tags, resource.tags))
        if theirs not in {ours, (ours[0], None)} and not (untagged and not tags):
            raise OwnershipError(
                f"{resource.key.project}: {resource.key}: somebody else has just created {resource.name}. Deploy again to see "
                f"whose it is."
            )
    return whole(resource, desired, live)
