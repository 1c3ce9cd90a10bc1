"""References to what exists and belongs to others: from `existing` in configuration, or named in a declaration.

A name stands for a thing of the environment's account and region, an ARN for one of any. Both are checked here, without a call.

Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from pydantic import TypeAdapter, ValidationError

from common.base.errors import ConfigError, DeclarationError, DeployError, ParameterError
from common.base.lean_dataclass import dataclass
from common.base.suggestions import did_you_mean
from common.declare.naming import ARTIFACTS, GLUE_GROUPS
from common.declare.type_access import access_of
from common.declare.verbs import Verbs
from common.environment.config import Environment
from common.environment.existing import EncryptedThing, ExistingThing, KeyArn
from common.environment.parameter_values import missing_values_message
from common.model.existing import EXISTING, ExistingRef, uses_others
from common.model.generated import has_mark
from common.model.kind import ArnForm, Kind
from common.model.lookup import Lookup
from common.model.reference import Names, Ref
from common.model.resource import SHARED, Key, Resource
from common.resources import every_kind, kind_of
from common.resources.queue import QueueRef

ROLES = ArnForm("iam", "role/")
"""The form of the ARNs of roles; they have an account and no region."""
_KEY_ARN: TypeAdapter[str] = TypeAdapter(KeyArn)


@dataclass(frozen=True)
class ExistingQueueRef(ExistingRef, QueueRef):
    """A queue of somebody else, as authors refer to it."""


def section(kind: Kind) -> str:
    """The name of a kind's section of `existing` in configuration."""
    return f"{kind.word}s"


def reference(env: Environment, kind: Kind, name: str, text: str, location: str, *, kms_key: str = "") -> ExistingRef:
    """The reference to a thing of somebody else.

    Args:
        env: the environment.
        kind: the kind of the thing.
        name: what references call it; empty if they call it by its name.
        text: its name or ARN.
        location: where it is named, for messages.
        kms_key: the ARN of the key that encrypts it, if any.

    Raises:
        ConfigError: this is not a name and no ARN of the kind, or the thing is in another partition.
    """
    lookup = kind.lookup
    assert lookup is not None, f"nothing refers to a {kind.name} of others"  # noqa: S101 - a mistake in a type
    parsed = _by_arn if text.startswith("arn:") else _by_name
    physical, arn = parsed(env, kind, lookup, text, location)
    pattern = f"{arn}{lookup.chosen}" if lookup.chosen and parsed is _by_name else ""
    make = ExistingQueueRef if kind.name == "queue" else ExistingRef
    return make(Key(EXISTING, kind.name, name or physical), physical, arn, pattern, kms_key, location)


def _by_name(env: Environment, kind: Kind, lookup: Lookup, text: str, location: str) -> tuple[str, str]:
    match = lookup.names.fullmatch(text)
    if match is None:
        raise ConfigError(f"{location}: {text!r} is not the name of a {_words(kind)}. Write {lookup.words}.")
    return lookup.spelled(match["name"]), env.role_arn("/", text) if kind.name == "role" else kind.arn_of(env, text)


def _by_arn(env: Environment, kind: Kind, lookup: Lookup, text: str, location: str) -> tuple[str, str]:
    service, beginning, regional = kind.arn or ROLES
    where = "[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}:([0-9]{12}|aws)" if regional else ":"
    where = ":[0-9]{12}" if kind.name == "role" else where
    ending = re.escape(lookup.chosen).replace(r"\?", "[A-Za-z0-9]")
    form = rf"(?P<arn>arn:(?P<partition>aws[a-z-]*):{service}:{where}:{re.escape(beginning)}{lookup.names.pattern}{ending})"
    match = re.fullmatch(form, text)
    if match is None:
        raise ConfigError(f"{location}: {text!r} is not an ARN of a {_words(kind)}. Write {lookup.words}.")
    if match["partition"] != env.partition:
        raise ConfigError(
            f"{location}: {text} is in the partition {match['partition']}, but {env.region} is in {env.partition}, and nothing "
            f"is used across partitions."
        )
    return lookup.spelled(match["name"]), match["arn"].removesuffix(":*")


def _words(kind: Kind) -> str:
    return kind.word.replace("_", " ")


def configured(env: Environment, project: str, kind: Kind, name: str) -> ExistingRef | None:
    """What stands in configuration under a name that declarations use; the project's own section first. None if nothing does.

    Raises:
        ConfigError: the entry names nothing of its kind.
    """
    if kind.lookup is None:
        return None
    if (kind.name, name) == ("bucket", ARTIFACTS):
        return artifact_bucket(env)
    of_glue = kind.name == "log-group" and name.startswith(GLUE_GROUPS)
    entry_name, _, rest = name.partition("/") if of_glue else (name, "", "")
    for where in dict.fromkeys((project, SHARED)):
        for entry_ref in _entries(env, where, kind, entry_name):
            if not of_glue:
                return entry_ref
            return replace(
                entry_ref, key=entry_ref.key._replace(name=name), name=f"{entry_ref.name}/{rest}", arn=f"{entry_ref.arn}/{rest}"
            )
    return None


def _entries(env: Environment, project: str, kind: Kind, name: str = "") -> Iterator[ExistingRef]:
    """The references to the entries of a kind in the section of a project or of the environment; with a name, to that one."""
    of = env.existing if project == SHARED else env.project(project).existing
    entries: dict[str, ExistingThing] = getattr(of, section(kind))
    for key, entry in entries.items():
        if name in {"", key}:
            kms_key = entry.kms_key if isinstance(entry, EncryptedThing) else None
            yield reference(env, kind, key, entry.name, place(env, project, kind, key), kms_key=kms_key or "")


def place(env: Environment, project: str, kind: Kind, name: str) -> str:
    """Where an entry stands in configuration."""
    if project == SHARED:
        return f"config/{env.name}.json: $.existing.{section(kind)}.{name}"
    return env.place(project, "existing", section(kind), name)


def every(env: Environment) -> list[ExistingRef]:
    """All that configuration names, for the environment and for single projects, with the artifact bucket of others."""
    kinds = [kind for kind in every_kind().values() if kind.lookup is not None]
    refs = [ref for project in (SHARED, *env.projects) for kind in kinds for ref in _entries(env, project, kind)]
    return [*refs, *([bucket] if (bucket := artifact_bucket(env)) else [])]


def artifact_bucket(env: Environment) -> ExistingRef | None:
    """The artifact bucket, if others made it."""
    bucket = env.others_bucket
    if bucket is None:
        return None
    where = f"config/{env.name}.json: $.artifact_bucket"
    return reference(env, kind_of("bucket"), ARTIFACTS, bucket.name, where, kms_key=bucket.kms_key or "")


class ExistingReferences(Verbs):
    """References to things of others by their names or ARNs, as ``p.existing.bucket("company-raw")``.

    Args:
        env: the environment.
        project: who refers to them.
        names: what names may refer to; each reference is added, so that texts may name it.
    """

    def __init__(self, env: Environment, project: str, names: Names) -> None:
        self._env, self._project, self._names = env, project, names

    def of(self, kind: str, name: str, kms_key: str | Ref | None = None, *, verb: str = "") -> Ref:
        """A thing of any kind.

        Args:
            kind: its kind.
            name: its name or ARN; tokens are replaced.
            kms_key: the ARN of the key that encrypts it, or a reference to the key, if those who use it need the key.
            verb: what the declaration has called, for messages.
        """
        verb = verb or f"p.existing.{kind_of(kind).word}"
        where = f"{self._env.where(self._project)}: {verb}({name!r})"
        if not isinstance(name, str) or not name:
            raise TypeError(f"{verb} takes a name or an ARN, not {name!r}")
        text = self._substituted(name, where)
        try:
            ref = reference(self._env, kind_of(kind), "", text, where, kms_key=self.key_arn(where, kms_key))
        except ConfigError as error:
            raise DeclarationError(str(error)) from None
        try:
            return self._names.add(ref)
        except DeclarationError:
            raise DeclarationError(
                f"{where}: another {kind} has this name in tokens. Name this one under `existing` in configuration, and refer to "
                f"it as p.shared.{kind_of(kind).word}(…)."
            ) from None

    def _substituted(self, text: str, where: str) -> str:
        try:
            return str(self._names.substitute(text, where, texts=True)[0])
        except ParameterError as error:
            section = self._env.section_path(self._project)
            message = missing_values_message(self._env.name, self._project, section, error.places)
            raise ParameterError(message, error.places, self._project) from None

    def key_arn(self, where: str, key: str | Ref | None) -> str:
        """The ARN of the key that a reference names, or a mark for it; empty if it names none.

        Raises:
            DeclarationError: it names something else.
        """
        if isinstance(key, Ref) and access_of(key).kind == "key":
            return key.arn
        try:
            if key is None:
                return ""
            text = self._substituted(key, where) if isinstance(key, str) else key
            return text if isinstance(text, str) and has_mark(text) else _KEY_ARN.validate_python(text)
        except ValidationError:
            shown = key.key if isinstance(key, Ref) else repr(key)
            raise DeclarationError(f"{where}: kms_key is the ARN of a key, not {shown}.") from None

    def bucket(self, name: str, *, kms_key: str | Ref | None = None) -> Ref:
        """A bucket."""
        return self.of("bucket", name, kms_key)

    def table(self, name: str, *, kms_key: str | Ref | None = None) -> Ref:
        """A DynamoDB table."""
        return self.of("table", name, kms_key)

    def topic(self, name: str, *, kms_key: str | Ref | None = None) -> Ref:
        """An SNS topic."""
        return self.of("topic", name, kms_key)

    def queue(self, name: str, *, kms_key: str | Ref | None = None) -> QueueRef:
        """An SQS queue."""
        ref = self.of("queue", name, kms_key)
        assert isinstance(ref, QueueRef)  # noqa: S101 - `reference` makes one of a queue
        return ref

    def secret(self, name: str, *, kms_key: str | Ref | None = None) -> Ref:
        """A secret of Secrets Manager."""
        return self.of("secret", name, kms_key)

    def parameter(self, name: str, *, kms_key: str | Ref | None = None) -> Ref:
        """A parameter of Parameter Store; ``/orders/*`` stands for all below ``/orders``."""
        return self.of("parameter", name, kms_key)


def missing_entry(env: Environment, project: str, kind: Kind, name: str) -> DeployError:
    """The error of a reference to a thing of others that configuration does not have, of a kind that is never shared."""
    names = [*getattr(env.existing, section(kind)), *getattr(env.project(project).existing, section(kind))]
    return DeclarationError(
        f"{env.where(project)}: p.shared.{kind.word}({name!r}): config/{env.name}.json has no $.existing.{section(kind)}.{name}, "
        f"and deploy.py declares none of this kind.{did_you_mean(name, names)} Add it there: "
        f'"existing": {{"{section(kind)}": {{"{name}": {{"name": "…"}}}}}}.'
    )


def check_entries(env: Environment, used: Collection[str], selected: Iterable[str], *, whole: bool) -> None:
    """Refuses entries that nothing refers to: a wrong name would let the deployer make what should be somebody else's.

    Args:
        env: the environment.
        used: the entries that are used, by their places.
        selected: the projects that were loaded.
        whole: whether these are all projects of the environment.

    Raises:
        ConfigError: nothing refers to an entry.
    """
    for project in (*([SHARED] if whole else []), *selected):
        of = env.existing if project == SHARED else env.project(project).existing
        for kind in every_kind().values():
            for name in getattr(of, section(kind)) if kind.lookup is not None else ():
                if (where := place(env, project, kind, name)) not in used:
                    uses = f"p.shared.{kind.word}({name!r})"
                    raise ConfigError(
                        f"{where}: nothing refers to it. Take it away, or refer to it as {uses}, or correct its name to one "
                        f"that root deploy.py or a pipeline uses."
                    )


def check_apart(env: Environment, resources: Iterable[Resource]) -> None:
    """Refuses resources of ours that are also used as somebody else's: those are never changed.

    Raises:
        DeclarationError: something is both.
    """
    every_resource = list(resources)
    others = {ref.arn: ref for resource in every_resource if uses_others(resource) for ref in resource.uses}
    others |= {ref.arn: ref for ref in every(env)}
    for resource in every_resource:
        if (ref := others.get(resource.arn)) is not None:
            raise DeclarationError(
                f"{resource.key.project}: {resource.key} would be {resource.arn}, which {ref.place} says is somebody else's. "
                f"Take one of them away, or give ours another name."
            )
