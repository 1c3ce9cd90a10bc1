"""What is known of one kind of resource. Its type's file in `resources` declares it once, and every table reads it from there.

So a new AWS type is one file: how it is named, when it is deployed, who may do what with it, what its calls cost and which of
its errors pass stand in its `Kind`. Rooms below the types are given what they need of it.

Follows https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from common.aws.protocol import Aws
from common.aws.rates import Budget

if TYPE_CHECKING:  # a list of tasks does not wait for the models of configuration
    from common.environment.config import Environment

AT_ONCE = "two requests have changed the same thing at once; the later one is to be sent again"
"""Why a conflict of two requests passes."""


class ArnForm(NamedTuple):
    """How ARNs of a kind look.

    Args:
        service: as ARNs and IAM call it.
        beginning: of the part that names the resource, as in ``function:``.
        regional: it names a region and an account.
    """

    service: str
    beginning: str = ""
    regional: bool = True

    def of(self, env: "Environment", name: str) -> str:
        """The ARN of a resource, or of all whose names fit a pattern."""
        resource = f"{self.beginning}{name}"
        return env.arn(self.service, resource) if self.regional else f"arn:{env.partition}:{self.service}:::{resource}"


class NameRule(NamedTuple):
    """Which physical names AWS accepts.

    Args:
        most: characters.
        pattern: which characters, and where.
        words: the pattern, for people.
    """

    most: int
    pattern: re.Pattern[str] = re.compile(r"[A-Za-z0-9_./#-]+")
    words: str = "letters, digits and _./#-"


class Calls(NamedTuple):
    """The calls that a change takes, for predictions; polls of what is waited for come on top.

    Args:
        create: the operations of a creation.
        update: the operation of an update.
        apart: fields that are updated by a call of their own.
        reads_first: an update replaces the whole, and is preceded by a read.
    """

    create: tuple[str, ...] = ("Create", "Describe")
    update: str = "Update"
    apart: frozenset[str] = frozenset()
    reads_first: bool = False


class Listing(NamedTuple):
    """How a service lists what it has of a kind.

    Args:
        operation: of the kind's service.
        items: where a page has them.
        name: where an item has its name; empty if the item is the name.
        prefix: the parameter that asks for names that begin so.
        tags: the parameter that asks for what carries these tags.
        size: the largest page, where that has to be asked for.
        token: the parameter that asks for the next page, where botocore does not know the pages.
        is_url: the item is an address whose last part is the name.
    """

    operation: str
    items: str
    name: str = ""
    prefix: str = ""
    tags: str = ""
    size: tuple[str, int] | None = None
    token: str = ""
    is_url: bool = False


class Quota(NamedTuple):
    """How many resources an account may have.

    Args:
        what: as people call them.
        service: as Service Quotas calls it.
        code: of the quota; empty where none is known.
        default: what AWS gives an account that has asked for nothing.
        advice: another way than to raise it.
    """

    what: str
    service: str
    code: str
    default: int
    advice: str = ""


class Policy(NamedTuple):
    """What whoever deploys is allowed, besides what follows from the declarations.

    Args:
        operations: API operations on resources of the kind.
        everywhere: API operations that AWS does not let be narrowed to resources; none of them changes anything.
        left_over: API operations that delete what is declared no more, where the service lets a policy look at tags.
        actions: the IAM actions of an operation, where these are not the one action of the same name.
        when_declared: IAM actions that cannot be narrowed, and are needed where something of the kind is declared.
        when_created: IAM actions that AWS holds to no resource, but to the tags that the call gives.
        parts: the ARNs of what belongs to a resource, from its own.
        beside: the same, of what is needed even to look at it.
        patterns: the names of all that an environment may ever have had, `{prefix}`, `{underscored}` and `{account}` replaced.
        shared_patterns: names that are the environment's own, whatever the prefixes of others are.
    """

    operations: tuple[str, ...] = ()
    everywhere: tuple[str, ...] = ()
    left_over: tuple[str, ...] = ()
    actions: Mapping[str, tuple[str, ...]] = {}
    when_declared: tuple[str, ...] = ()
    when_created: tuple[str, ...] = ()
    parts: Callable[[str], tuple[str, ...]] = lambda _: ()
    beside: Callable[[str], tuple[str, ...]] = lambda _: ()
    patterns: tuple[str, ...] = ("{prefix}-*",)
    shared_patterns: tuple[str, ...] = ()


class Version(Protocol):
    """One version of a resource; what it does not say is empty."""

    @property
    def arn(self) -> str:
        """Of the version."""
        ...

    @property
    def number(self) -> int:
        """Which version it is."""
        ...

    @property
    def tags(self) -> Mapping[str, str]:
        """Whose it is."""
        ...

    @property
    def inputs(self) -> str:
        """The digest of what it was made from."""
        ...

    @property
    def content(self) -> str:
        """The digest of what it holds."""
        ...

    @property
    def published(self) -> datetime:
        """When it was published."""
        ...


class Versions(NamedTuple):
    """What AWS keeps of a kind until it is deleted.

    Args:
        of: all versions of the resource of a physical name.
        in_use: the ARN of each version that something in the account uses.
        remove: deletes the version of a number.
    """

    of: Callable[[Aws, str], Sequence[Version]]
    in_use: Callable[[Aws], set[str]]
    remove: Callable[[Aws, str, int], None]


class Passing(NamedTuple):
    """Which refusals of a service pass by themselves.

    Args:
        codes: error codes of what is over in moments, each with the reason.
        messages: parts of what the service says while a role, its policy or an object is not yet known everywhere.
        seconds: how long to send a call again that is refused with one of these codes.
    """

    codes: Mapping[str, str] = {}
    messages: tuple[str, ...] = ()
    seconds: Mapping[str, float] = {}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of resource.

    Args:
        name: begins its keys, as in ``lambda/Validate``.
        word: what authors and references call it: the method that declares it, as in ``${function.Validate.arn}``.
        service: as botocore calls it.
        step: brings up to date what a pipeline has of it; what is shared comes in the step of what is shared.
        arn: the form of its ARNs; None where only its resources know them.
        names: which physical names AWS accepts.
        declared_name: which names authors may give.
        declared_words: the same, for people.
        attributes: what references may ask for besides its ARN and its name, each made of the ARN.
        must_say: what its declaration in root `deploy.py` says besides its name, `{name}` replaced.
        is_packaged: its artifacts are called as its resources are, so two such kinds cannot share a name.
        section: where configuration speaks of it; empty if it does not.
        principal: the service that assumes its role; empty if it has none.
        role_word: what configuration calls it where it names roles; its name, if that is empty.
        has_secrets: its values have names that people give, by which secrets are recognised.
        acts: it acts by itself and nothing refers to it, so a renamed one goes as soon as the new one is there.
        reads: IAM actions that a grant of reading gives.
        writes: IAM actions that a grant of writing gives.
        granted: the ARNs that a grant is about besides its own, from its own.
        is_assumed: others run with it, and must be told when it is another one of the same name.
        in_index: the tagging index shows its resources.
        owned: the ARNs of all that carry an ownership tag, and their projects, for what the index never shows.
        versions: what AWS keeps of it until it is deleted, if there are versions.
        listing: how the service lists what exists, for what the tagging index does not show yet.
        quota: how many there may be; counted by the listing.
        calls: what predictions count.
        budgets: how fast AWS may be called, by ``service`` or ``service:Operation``.
        passing: which refusals are tried again.
        policy: what whoever deploys is allowed.
    """

    name: str
    word: str
    service: str
    step: str
    names: NameRule
    arn: ArnForm | None = None
    declared_name: re.Pattern[str] = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
    declared_words: str = "a name has letters, digits, - and _, and begins with a letter or _"
    attributes: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    must_say: str = ""
    is_packaged: bool = False
    section: str = ""
    principal: str = ""
    role_word: str = ""
    has_secrets: bool = False
    acts: bool = False
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    granted: Callable[[str], tuple[str, ...]] = lambda _: ()
    is_assumed: bool = False
    in_index: bool = True
    owned: Callable[[Aws, str], Mapping[str, str]] | None = None
    versions: Versions | None = None
    listing: Listing | None = None
    quota: Quota | None = None
    calls: Calls = field(default_factory=Calls)
    budgets: Mapping[str, Budget] = field(default_factory=dict)
    passing: Passing = field(default_factory=Passing)
    policy: Policy = field(default_factory=Policy)

    def arn_of(self, env: "Environment", name: str) -> str:
        """The ARN of a resource of this physical name."""
        assert self.arn is not None, f"only its resources know the ARN of a {self.name}"  # noqa: S101 - a mistake in a type
        return self.arn.of(env, name)

    @property
    def role_name(self) -> str:
        """What configuration calls it where it names roles."""
        return self.role_word or self.name


Kinds = Mapping[str, Kind]
"""Every kind by its name."""
