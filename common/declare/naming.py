"""Names of resources in AWS: exact names, or names computed from the environment. They are checked before any call.

Follows the limits of each service's reference, as in
https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html
"""

import re
from collections.abc import Iterable

from common.base.errors import DeclarationError, ParameterError
from common.base.lean_dataclass import dataclass
from common.base.text_rules import check_bucket_name
from common.declare import validation
from common.environment.config import Environment
from common.environment.names import DEFAULT, FIELD, OWN_FIELDS, rendered
from common.environment.parameter_values import SSM_PREFIX
from common.model.kind import Kind
from common.model.reference import Names
from common.model.resource import SHARED, Key, Resource
from common.resources import kinds
from common.resources.queue import FIFO

BUILT_IN = {"bucket": "{prefix}-{name}-{account}", "database": "{prefix}_{name}", "log-group": "/{prefix}/{name}"}
"""The templates of kinds that `default` is not about: names of buckets are unique in the world, Athena wants no hyphens."""
ANY = "{prefix}-{project}-{name}"
"""The template of every other kind."""
PROJECT_FIELDS = re.compile(r"\{(?:project|folder|instance)\}[-_./]?|[-_./]\{(?:project|folder|instance)\}$")
"""In a template, what falls away for shared resources, which are of no project."""
INSTANCE_FIELD = re.compile(r"\{instance\}[-_./]?|[-_./]\{instance\}$")
"""In a template, what falls away for the resources of a project without instances."""
ARTIFACTS = "artifacts"
"""The bucket that holds artifacts and records; its name is configured, the others' are computed."""
ARTIFACT_BUCKET = Key(SHARED, "bucket", ARTIFACTS)
"""The key of the bucket that holds artifacts and records."""
ROLE_PATH = re.compile(r"(?!/aws-)/([A-Za-z0-9+=,.@_-]+/)*")
"""What may stand before the name of a role; `/aws-service-role/` and the like are AWS's own."""
LONGEST_PATH = 512
"""How many characters may stand before the name of a role, slashes included."""
ONE_PROJECT = re.compile(r"\{(?:project|folder|instance|name)\}")
"""In a template, what differs within an environment."""
VENDED_LOGS = "/aws/vendedlogs/"
"""AWS reserves this beginning of names of log groups for what it delivers itself."""
GLUE_GROUPS = "glue/"
"""Begins the names of log groups that Glue joins itself, from the beginning that a job gives it."""


@dataclass(frozen=True)
class Exact:
    """The exact names that a declaration gives a resource and what belongs to it alone.

    Args:
        name: of the resource.
        role: of the role that it runs with, with its path, if it begins with a slash.
        log_group: of its log group.
    """

    name: str | None = None
    role: str | None = None
    log_group: str | None = None

    def keys(self, key: Key) -> dict[Key, str | None]:
        """The names by the keys of what they are of."""
        role = key._replace(kind="role", name=f"{key.name}-{kinds()[key.kind].role_name}")
        return {key: self.name, role: self.role, key._replace(kind="log-group"): self.log_group}


NO_NAMES = Exact()
"""What a declaration says that leaves names to configuration."""


class PhysicalNames:
    """What the resources of one project are called in AWS.

    The most specific name wins: the configured one, then the declared one, then the template of the kind, then `default`.

    Args:
        env: the environment.
        project: whose resources.
        names: what exact names may refer to, as in ``fsa-${stage}-validate``.
    """

    def __init__(self, env: Environment, project: str, names: Names | None = None) -> None:
        self._env, self._project, self._names = env, project, names
        self._section = env.project(project)
        self._configured = env.names if project == SHARED else self._section.names
        self._declared: dict[Key, str] = {}
        self._filled_in: dict[str, tuple[str, str]] = {}
        """What `_filled` returns, by kind: a large project has thousands of names."""

    def declare(self, key: Key, name: str | None) -> None:
        """Takes the exact name that a declaration gives a resource, if it does.

        Raises:
            TypeError: it is not text.
        """
        if name is not None:
            self._declared[key] = validation.check_length("a name in AWS", name, longest=1024, shortest=1)

    def of(self, kind: Kind, name: str) -> str:
        """The name of a resource in AWS; of a role with its path, if something gives it one.

        Raises:
            DeclarationError: AWS does not allow it, or authors may not call something so.
        """
        key = Key(self._project, kind.name, name)
        if self._project != SHARED and not kind.declared_name.fullmatch(name):
            raise DeclarationError(f"{self._where(key)}: {kind.declared_words}.")
        physical, advice = self._exact(key) or self._computed(kind, name)
        if problem := _problem(key, kind, physical):
            raise DeclarationError(f"{self._where(key)} {problem}. {advice}")
        return physical

    def named(self, kind: Kind, name: str) -> str:
        """The same, whether AWS allows it or not."""
        return (self._exact(Key(self._project, kind.name, name)) or self._computed(kind, name))[0]

    def in_properties(self, key: Key, text: str) -> str:
        """The name that the properties of a resource of any type give it, with tokens replaced."""
        try:
            return self._substituted(text, self._where(key))
        except DeclarationError as error:
            above = " A name can take only what is declared above it." if re.search(r"\$\{[^}]*\.", text) else ""
            raise DeclarationError(f"{error}{above}") from None
        except ParameterError:  # all parameters without values are reported together, when the properties are rendered
            return text

    def _where(self, key: Key) -> str:
        return f"deploy.py: {key}" if self._project == SHARED else f"{self._env.where(self._project)}: {key}"

    def _exact(self, key: Key) -> tuple[str, str] | None:
        """The exact name of a resource, and what to change if AWS does not allow it."""
        section = kinds()[key.kind].section
        settings = getattr(self._section, section).get(key.name) if section else None
        configured: str | None = None
        if settings is not None:
            configured = settings.name
        elif self._configured:
            configured = self._configured.get(str(key))
        name = configured if configured is not None else self._declared.get(key)
        if name is None:
            return None
        place = self.place(key)
        where = place if configured is not None else self._where(key)
        joined = (key.project, key.kind) == (SHARED, "log-group") and key.name.startswith(GLUE_GROUPS)
        if joined or key == ARTIFACT_BUCKET:
            source = "names.log-group/glue, to which Glue adds the rest," if joined else "artifact_bucket"
            raise DeclarationError(f"{where}: {source} in configuration says what {key} is called. Take this name away.")
        advice = f"Change it in {place}." if configured is not None else "Change the name that its declaration gives it."
        return self._substituted(name, where), advice

    def place(self, key: Key) -> str:
        """Where configuration gives a resource its name."""
        if self._project == SHARED:
            return f"config/{self._env.name}.json: $.names.{key}"
        section = kinds()[key.kind].section
        return self._env.place(self._project, section or "names", key.name if section else str(key))

    def _substituted(self, text: str, where: str) -> str:
        if self._names is None:
            return text
        name = str(self._names.substitute(text, where, texts=True)[0])
        if SSM_PREFIX in name:
            raise DeclarationError(
                f"{where}: names are known before anything is asked of AWS, so no parameter in {text} may be one that stands in "
                f"Parameter Store. Give it its value in configuration."
            )
        return name

    def _computed(self, kind: Kind, name: str) -> tuple[str, str]:
        """The name that follows from a template, and what to change if AWS does not allow it."""
        env, is_group, is_shared = self._env, kind.name == "log-group", self._project == SHARED
        if Key(self._project, kind.name, name) == ARTIFACT_BUCKET:
            return env.artifact_bucket, f"Change artifact_bucket in config/{env.name}.json."
        if is_group and not is_shared and kind.name not in env.names:
            return f"/aws/lambda/{self.named(kinds()['lambda'], name)}", "Shorten the name of the function."
        if is_group and is_shared and name == "states":
            return f"{VENDED_LOGS}states/{env.name_prefix}", ""
        if is_group and is_shared and name.startswith(GLUE_GROUPS):
            begin, slash, rest = name.partition("/")
            return f"{self.named(kind, begin)}{slash}{rest}", ""
        ending = FIFO if kind.name == "queue" and name.endswith(FIFO) else ""
        template, advice = self._filled(kind)
        stem = name.replace("-", "_") if kind.name == "database" else name.removesuffix(ending)
        return f"{template.replace('{name}', stem)}{ending}", advice

    def begun(self, template: str) -> str:
        """A template as far as it is the same for all projects and resources."""
        return rendered(ONE_PROJECT.split(template, maxsplit=1)[0], self._fields(""))

    def template(self, kind: Kind) -> str:
        """The template from which names of a kind follow."""
        return self._template(kind)[0]

    def _template(self, kind: Kind) -> tuple[str, str]:
        """The template of a kind, and its key in configuration, if it stands there."""
        names = self._env.names
        named_by = kind.name if kind.name in names else DEFAULT if DEFAULT in names and kind.name not in BUILT_IN else ""
        return (names[named_by] if named_by else BUILT_IN.get(kind.name, ANY)), named_by

    def _filled(self, kind: Kind) -> tuple[str, str]:
        """The template of a kind with all fields but the name filled in, and what to change if AWS does not allow a name."""
        if kind.name not in self._filled_in:
            (template, named_by), fields = self._template(kind), self._fields("{name}")
            if self._project == SHARED:
                template = PROJECT_FIELDS.sub("", template)
            elif not fields["instance"]:
                template = INSTANCE_FIELD.sub("", template)
            if kind.name == "database":
                fields = {field: value.replace("-", "_") for field, value in fields.items()}
            names = "Change its name" if self._project == SHARED else "Shorten its name, the project's"
            source = f"names.{named_by}" if named_by else "name_prefix"
            advice = f"{names}, or {source} in config/{self._env.name}.json."
            self._filled_in[kind.name] = rendered(template, fields), advice
        return self._filled_in[kind.name]

    def _fields(self, name: str) -> dict[str, str]:
        env = self._env
        fields = {"prefix": env.name_prefix, "project": self._project, "env": env.name, "ENV": env.name.upper()}
        fields |= {"folder": env.folder(self._project), "instance": env.instance_of(self._project)}
        return {**fields, "region": env.region, "account": env.account_id, "name": name}


def _problem(key: Key, kind: Kind, physical: str) -> str:
    """What a sentence about a resource says if AWS does not allow its name; empty if it allows it."""
    rule = kind.names
    path, slash, name = physical.rpartition("/") if kind.name == "role" else ("", "", physical)
    if slash and not (ROLE_PATH.fullmatch(f"{path}/") and len(path) < LONGEST_PATH):
        return (
            f"would be called {physical!r}; a role's path begins with a slash, has up to {LONGEST_PATH} letters, digits and "
            f"+=,.@_- between slashes, and is none of AWS's own"
        )
    if not rule.pattern.fullmatch(name) or len(name) < rule.least:
        return f"would be called {physical!r}; AWS allows {rule.least} to {rule.most} characters: {rule.words}"
    if len(name) > rule.most:
        return f"would be called {physical!r}: {len(name)} characters; AWS allows {rule.most}"
    if kind.name == "queue" and name.endswith(FIFO) != key.name.endswith(FIFO):
        return f"would be called {physical!r}; the names of a FIFO queue end with {FIFO}, both or none"
    if kind.name == "bucket":
        try:
            check_bucket_name(name)
        except ValueError as error:
            return f"would be called {physical!r}; {error}"
    return ""


def with_declared(env: Environment, shared: Iterable[Resource]) -> Environment:
    """The environment with the exact names that root `deploy.py` gives shared resources, for the pipelines that refer to them."""
    names = PhysicalNames(env, SHARED)
    exact = {
        str(resource.key): resource.name
        for resource in shared
        if resource.name != names.named(kinds()[resource.key.kind], resource.key.name)
    }
    return env.model_copy(update={"names": {**env.names, **exact}}) if exact else env


def tells_apart(template: str) -> bool:
    """Whether the names that follow from a template have a beginning that is the environment's own, and then end with theirs."""
    return template.endswith("{name}") and not OWN_FIELDS.isdisjoint(FIELD.findall(template))


def beginning(env: Environment, resource: Resource) -> str | None:
    """How the names begin that follow from the template of a resource; None where it has an exact name.

    It is None, too, where that beginning does not tell the environment from others.
    """
    kind, key = kinds()[resource.key.kind], resource.key
    templates = {name: text for name, text in env.names.items() if "/" not in name}
    names = PhysicalNames(env.model_copy(update={"names": templates, "projects": {}}), key.project)
    follows_function = kind.name == "log-group" and key.project != SHARED and kind.name not in templates
    fits = tells_apart(names.template(kinds()["lambda"] if follows_function else kind))
    return resource.name.removesuffix(key.name) if fits and names.named(kind, key.name) == resource.name else None


def template_beginnings(env: Environment) -> set[str]:
    """How the names begin that templates of configuration give, whatever the project."""
    names = PhysicalNames(env.model_copy(update={"projects": {}}), SHARED)
    return {names.begun(text) for key, text in env.names.items() if "/" not in key}
