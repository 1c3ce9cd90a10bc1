"""Everything that the deployer knows about one kind of resource. The file of its type in `resources` declares it, once.

So a new AWS type is one file. All tables are read from the kinds; rooms below get what they need by argument.

Follows https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from common.aws.protocol import Aws
from common.aws.rates import Budget
from common.base.json_types import Json
from common.base.lean_dataclass import dataclass, field
from common.model.listing import Listing
from common.model.lookup import Lookup
from common.model.versions import Versions

if TYPE_CHECKING:  # a list of tasks does not wait for the models of configuration
    from common.environment.config import Environment

AT_ONCE = "two requests have changed the same thing at once; the later one is to be sent again"
"""A conflict of two requests passes by itself for this reason."""


class ArnForm(NamedTuple):
    """The form of the ARNs of a kind.

    Args:
        service: the name of the service in ARNs and in IAM.
        beginning: how the last part of the ARN begins, such as ``function:``.
        regional: whether the ARN contains a region and an account.
    """

    service: str
    beginning: str = ""
    regional: bool = True

    def of(self, env: "Environment", name: str) -> str:
        """The ARN of a resource, or of all resources whose names match a pattern."""
        resource = f"{self.beginning}{name.removeprefix('/') if self.beginning.endswith('/') else name}"
        return env.arn(self.service, resource) if self.regional else f"arn:{env.partition}:{self.service}:::{resource}"


class NameRule(NamedTuple):
    """The physical names that AWS accepts.

    Args:
        most: the greatest number of characters.
        pattern: a pattern that names must match.
        words: the pattern in words, for messages.
        least: the smallest number of characters.
    """

    most: int
    pattern: re.Pattern[str] = re.compile(r"[A-Za-z0-9_./#-]+")
    words: str = "letters, digits and _./#-"
    least: int = 1


PLAIN = re.compile(r"[A-Za-z0-9_-]+"), "letters, digits, - and _"
"""Which characters most services accept in names, and the same for people."""
GLUE_NAMES = NameRule(255, re.compile(r"(?!\s)[^*?$\x00-\x1f\x7f]+(?<!\s)"), "all characters but * ? $, and no space at its ends")
"""Glue accepts nearly all characters in names; those that mean something in a policy are left out."""
MACHINE_NAMES = NameRule(
    80,
    re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]+"),
    'all characters but blanks and <>{}[]?*"#%\\^|~`$&,;:/',
)
"""The names of state machines: https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html"""


class Calls(NamedTuple):
    """The calls of a change, for predictions. Polls while waiting come in addition.

    Args:
        create: the operations that create a resource.
        update: the operation that updates it.
        apart: the fields that are updated by a call of their own.
        reads_first: an update replaces the whole resource, so the resource is read first.
    """

    create: tuple[str, ...] = ("Create", "Describe")
    update: str = "Update"
    apart: frozenset[str] = frozenset()
    reads_first: bool = False


class Quota(NamedTuple):
    """How many resources an account may have.

    Args:
        what: the resources in words, for messages.
        service: the service's name in Service Quotas.
        code: the quota's code; empty if it has none.
        default: the value for accounts that have not asked for more.
        advice: what to do instead of raising the quota.
    """

    what: str
    service: str
    code: str
    default: int
    advice: str = ""


class Policy(NamedTuple):
    """The permissions that a deployer needs for a kind, besides those that follow from the declarations.

    Args:
        operations: API operations on resources of the kind.
        everywhere: API operations that a policy cannot limit to resources; they only read.
        left_over: API operations that delete or unbind orphans, if a policy of the service can check tags.
        actions: the IAM actions of an operation, if they are not the one action of the same name.
        when_declared: IAM actions that a policy cannot limit; they are needed only if a resource of the kind is declared.
        when_created: IAM actions that a policy cannot limit to resources, but to the tags in the request.
        parts: returns the ARNs of the parts of a resource, from its own ARN.
        beside: returns the ARNs of what must be readable to read a resource, from its own ARN.
        patterns: patterns of all names that an environment may have had, with `{prefix}`, `{underscored}` and `{account}`.
        shared_patterns: patterns of names that belong to the environment alone, whatever the prefixes of others are.
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


class Setting(NamedTuple):
    """A setting whose value is a field of AWS's as it is.

    Args:
        name: the setting.
        words: AWS's words for its values, if they differ.
        beside: what is sent with it, in AWS's spelling.
        services: the services whose ARNs it accepts; none if it is not an ARN.
    """

    name: str
    words: Mapping[Json, Json] = {}
    beside: Mapping[str, Json] = {}
    services: tuple[str, ...] = ()


class Properties(NamedTuple):
    """The fields that a declaration may give in AWS's own spelling, and how they are checked.

    Args:
        operation: the operation that takes them.
        path: the members that lead to its structure with the fields; `[]` is an item of a list.
        settings: the setting to use in place of a field that the deployer itself sets, by dotted name; empty if there is none.
        operations: fields that have operations of their own, each with the operation that takes it as a parameter.
        fields: fields that a setting gives as they are, by dotted name.
        keys: the keys of the structure if it is a map whose keys the model does not list.
    """

    operation: str = ""
    path: tuple[str, ...] = ()
    settings: Mapping[str, str] = {}
    operations: Mapping[str, str] = {}
    fields: Mapping[str, Setting] = {}
    keys: frozenset[str] = frozenset()


class Passing(NamedTuple):
    """The errors of a service that pass by themselves, so that the call is sent again.

    Args:
        codes: error codes that pass within moments, each with the reason.
        messages: parts of the messages with which the service answers while a new role, policy or object is not known everywhere.
        seconds: for some codes, for how many seconds the call is sent again.
    """

    codes: Mapping[str, str] = {}
    messages: tuple[str, ...] = ()
    seconds: Mapping[str, float] = {}


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind:
    """One kind of resource.

    Args:
        name: the first part of its keys, as in ``lambda/Validate``.
        word: its name for authors and in references: the method that declares it, as in ``${function.Validate.arn}``.
        service: the service's name in botocore.
        step: the step that deploys it for a pipeline; shared resources have a step of their own. Empty if we never deploy one.
        arn: the form of its ARNs; None if only its resources know them.
        names: the physical names that AWS accepts.
        declared_name: a pattern of the names that authors may give.
        declared_words: the pattern in words, for messages.
        attributes: attributes that references may name besides ARN and name, each computed from the ARN.
        must_say: the arguments of its declaration in root `deploy.py` besides its name, with `{name}`.
        is_packaged: its artifacts have the names of its resources, so two such kinds cannot share a name.
        section: its section in configuration; empty if it has none.
        principal: the service that assumes its role; empty if it has none.
        role_word: its name in the configuration of roles; empty if that is `name`.
        has_secrets: its values have names that people choose, which show what is a secret.
        acts: it starts others by itself and nothing refers to it, so a renamed one is deleted as soon as the new one exists.
        reads: the IAM actions of a grant to read.
        writes: the IAM actions of a grant to write.
        granted: returns the ARNs that a grant covers besides its own ARN, from its own ARN.
        encryption: where in its desired state the key is named that encrypts it, with ``*`` for the entries of a list.
        is_assumed: other resources run with it, and must be updated when another one replaces it under the same name.
        in_index: the tagging index shows its resources.
        unbinds: its tags can be taken away while the resource stays.
        runs_artifacts: its resources read their artifacts in the bucket whenever they run.
        generates: AWS gives attributes of its resources when it creates them; others may refer to these.
        owned: returns the ARNs of all resources with an owner tag, and their projects, for kinds that the index never shows.
        versions: how to list and delete its versions, if AWS keeps every version.
        listing: how the service lists its resources, for those that the tagging index does not show yet.
        quota: how many an account may have; they are counted by the listing.
        calls: the calls of a change, for predictions.
        waits: whether AWS goes on working on a new one after it was created, and a deploy waits until that is done.
        budgets: how fast AWS may be called, by ``service`` or ``service:Operation``.
        properties: the fields that a declaration may give in AWS's own spelling; None if it may give none.
        passing: the errors after which a call is sent again.
        policy: the permissions that a deployer needs.
        lookup: how to look at one that is somebody else's; None if nothing refers to such a one.
        console: the path of a resource's page in the AWS console, with the fields of `console_page`; empty if it has none.
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
    encryption: tuple[str, ...] = ()
    is_assumed: bool = False
    in_index: bool = True
    unbinds: bool = True
    runs_artifacts: bool = False
    generates: bool = False
    owned: Callable[[Aws, str], Mapping[str, str]] | None = None
    versions: Versions | None = None
    listing: Listing | None = None
    quota: Quota | None = None
    calls: Calls = field(default_factory=Calls)
    waits: bool = False
    budgets: Mapping[str, Budget] = field(default_factory=dict)
    properties: Properties | None = None
    passing: Passing = field(default_factory=Passing)
    policy: Policy = field(default_factory=Policy)
    lookup: Lookup | None = None
    console: str = ""

    @property
    def arn_form(self) -> ArnForm:
        """The form of its ARNs, of a kind that has one."""
        assert self.arn is not None, f"only its resources know the ARN of a {self.name}"  # noqa: S101 - a mistake in a type
        return self.arn

    def arn_of(self, env: "Environment", name: str) -> str:
        """The ARN of a resource of this physical name."""
        return self.arn_form.of(env, name)

    @property
    def role_name(self) -> str:
        """The name of the kind in the configuration of roles."""
        return self.role_word or self.name


Kinds = Mapping[str, Kind]
"""All kinds by their names."""
