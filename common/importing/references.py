"""Puts references in place of ARNs and names in the texts of a project, and notes what it uses that is not imported.

What is imported is `${Validate.arn}`; what is not gets an entry in `existing`, and is `${landing.name}`. Everything else stays as
it is; `${` in a live text is escaped. Replacing the references again gives the live text, letter by letter.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping

from common.base.json_texts import in_strings
from common.base.json_types import Json, JsonMapping
from common.base.lean_dataclass import dataclass, field
from common.declare.existing import section
from common.environment.config import Environment
from common.importing import mentions
from common.importing.selection import SEPARATOR, Keys, LiveResource
from common.resources import kind_of

LONG_ENOUGH = 6
"""A whole text is taken for the name of a resource only if it has at least so many characters, and a separator."""
_USABLE = ("bucket", "database", "table", "topic", "queue", "lambda", "state-machine", "glue-job", "crawler", "secret", "key")
SECTIONS = {kind: section(kind_of(kind)) for kind in _USABLE}
"""The section of `existing` that holds the entries of a kind, for the kinds that an imported project may use."""
VERBS = {kind: kind_of(kind).word for kind in _USABLE}
"""The method of `p.shared` that refers to a kind, which is also the word in references."""
_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
OTHERS = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):(?P<service>lambda|states|glue|sns|sqs|dynamodb|secretsmanager|kms):(?P<region>[a-z0-9-]+):"
    r"(?P<account>[0-9]{12}):(?P<type>function:|stateMachine:|job/|crawler/|table/|secret:|key/|)(?P<name>[\w.+=@/-]+)"
    rf"|(?P<scheme>s3a?n?://|arn:aws[a-z-]*:s3:::)(?P<bucket>{_BUCKET})(?=[/\"'\s]|$)"
)
"""What texts may name: resources by ARN, and buckets."""
TYPES = {(kind_of(kind).arn_form.service, kind_of(kind).arn_form.beginning): kind for kind in _USABLE}
"""The kinds by service and type in an ARN."""


@dataclass(frozen=True)
class Used:
    """Something that is used and not imported.

    Args:
        kind: its kind.
        key: what the project calls it.
        name: its name in AWS; its ARN, if it is of another account or region.
        is_there: whether the repository knows it already, so that only the declaration has to name it.
    """

    kind: str
    key: str
    name: str
    is_there: bool = False


@dataclass
class References:
    """What the texts of a project may refer to.

    Args:
        env: the environment.
        keys: gives what is used a name.
        stem: a name without what all names have in common.
        imported: the keys of what is imported, by kind and name.
        buckets: the names of the account's buckets.
    """

    env: Environment
    keys: Keys
    stem: Callable[[str], str]
    imported: Mapping[tuple[str, str], str]
    buckets: Collection[str]
    absent: Collection[tuple[str, str]] = ()
    """What texts name although it does not exist, by kind and name: such names stay as they are."""
    elsewhere: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """What other projects of the repository declare, by kind and name or ARN, with these projects: such names stay, too."""
    used_before: dict[tuple[str, str], Used] = field(default_factory=dict)
    """What the project uses already."""
    available: dict[tuple[str, str], Used] = field(default_factory=dict)
    """What it may use because the repository declares or configures it for all projects."""
    used: dict[tuple[str, str], Used] = field(default_factory=dict)
    """What it uses from now on."""
    parameters: dict[str, str] = field(default_factory=dict)
    """The parameters that names in AWS refer to."""
    taken: Mapping[str, object] = field(default_factory=dict)
    """The parameters that the project has already."""
    present: tuple[str, str] = ("", "")
    """The kind and name of the resource of which texts are written now."""
    _edges: dict[tuple[str, str], set[tuple[str, str]]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        env: Environment,
        imported: Iterable[tuple[LiveResource, str]],
        keys: Keys,
        stem: Callable[[str], str],
        buckets: Collection[str],
    ) -> "References":
        """The references to what is imported, with the key of each."""
        return cls(env, keys, stem, {(resource.kind, resource.name): key for resource, key in imported}, buckets)

    def use(self, kind: str, name: str) -> Used:
        """The entry of something that is used and not imported."""
        if (kind, name) in self.used_before:
            return self.used_before[kind, name]
        if (kind, name) in self.available:
            return self.used.setdefault((kind, name), self.available[kind, name])
        if (kind, name) not in self.used:
            short = re.split(r"[:/]", name)[-1] if name.startswith("arn:") else name
            self.used[kind, name] = Used(kind, self.keys.give_apart(kind, self.stem(short)), name)
        return self.used[kind, name]

    def staged(self, name: str) -> str:
        """A name in AWS with a parameter in place of the environment's, where that is a word of its own."""
        for parameter, word in (("stage", self.env.name), ("stage_in_capitals", self.env.name.upper())):
            pattern = rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])"
            if re.search(pattern, name):
                while self.taken.get(parameter, word) != word:
                    parameter = f"{parameter}_in_names"  # noqa: PLW2901 - the project means something else by the first
                self.parameters[parameter] = word
                name = re.sub(pattern, f"${{{parameter}}}", name)
        return name

    def stays(self, kind: str, name: str) -> bool:
        """Whether a name stays as it is, because no declaration of this project can refer to it."""
        return (kind, name) in self.absent or (kind, name) in self.elsewhere

    def new_uses(self) -> list[Used]:
        """What is used and has no entry yet, in the order of kinds and keys."""
        return sorted(self.used.values(), key=lambda used: (list(SECTIONS).index(used.kind), used.key))

    def token(self, kind: str, name: str, attribute: str) -> str:
        """The reference to a resource, imported or not.

        If that resource refers to the present one already, each would have to be there before the other. Then it is spelled out.
        """
        if (kind, name) in self.imported:
            if self._reaches((kind, name), self.present):
                return self._spelled_out(kind, name, attribute)
            self._edges.setdefault(self.present, set()).add((kind, name))
        key = self.imported.get((kind, name)) or self.use(kind, name).key
        same = [other for (other, _), imported_key in self.imported.items() if imported_key == key]
        return f"${{{VERBS[kind]}.{key}.{attribute}}}" if len(same) > 1 else f"${{{key}.{attribute}}}"

    def _reaches(self, first: tuple[str, str], last: tuple[str, str]) -> bool:
        """Whether a resource refers to another one, by way of others or not. To itself any may refer."""
        reached, todo = {first}, [first] if first != last else []
        while todo:
            for following in self._edges.get(todo.pop(), set()) - reached:
                reached.add(following)
                todo.append(following)
        return first != last and last in reached

    def _spelled_out(self, kind: str, name: str, attribute: str) -> str:
        if attribute == "name":
            return self.staged(name)
        form = kind_of(kind).arn_form
        return f"arn:${{AWS::Partition}}:{form.service}:${{AWS::Region}}:${{AWS::AccountId}}:{form.beginning}{self.staged(name)}"

    def text(self, text: str) -> str:
        """A text of a variable, of an argument or of a definition, with references."""
        return self._whole(text) or self._with_arns(text)

    def _with_arns(self, text: str) -> str:
        for (service, beginning), kind in TYPES.items() if text.startswith("arn:") else ():
            name = text.partition(f":{service}:{self.env.region}:{self.env.account_id}:{beginning}")[2]
            if (kind, name) in self.imported and kind_of(kind).arn_of(self.env, name) == text:
                return self.token(kind, name, "arn")  # as a whole: within a text, an ARN ends where a name may go on
        parts, end = [], 0
        for match in OTHERS.finditer(text):
            before = text[match.start() - 1 : match.start()]  # $${ would stand for a literal ${
            if before != "$" and (reference := self._replaced(match)):
                parts += [_escaped(text[end : match.start()]), reference]
                end = match.end()
        return "".join([*parts, _escaped(text[end:])])

    def definition(self, definition: JsonMapping) -> Json:
        """A definition of a state machine with references, also in place of names where a parameter says what they name."""
        return self._state_texts(in_strings(definition, self._with_arns), "")

    def structure(self, value: Json) -> Json:
        """An input or a pattern with references."""
        return in_strings(value, self.text)

    def _whole(self, text: str) -> str:
        """The reference for a text that is nothing but a name; empty if it is none, or the name of several resources."""
        if len(text) < LONG_ENOUGH or not SEPARATOR.search(text):
            return ""
        kinds = [kind for kind, name in self.imported if name == text and kind in VERBS]
        if self.stays("bucket", text):
            return self.token(kinds[0], text, "name") if len(kinds) == 1 else ""
        if text in self.buckets or ("bucket", text) in {*self.used, *self.used_before, *self.available}:
            kinds.append("bucket")
        return self.token(kinds[0], text, "name") if len(kinds) == 1 else ""

    def _replaced(self, match: re.Match[str]) -> str:
        if match["bucket"]:
            if self.stays("bucket", match["bucket"]):
                return ""
            arn = match["scheme"].startswith("arn:")
            return (
                self.token("bucket", match["bucket"], "arn")
                if arn
                else f"{match['scheme']}{self.token('bucket', match['bucket'], 'name')}"
            )
        kind = TYPES.get((match["service"], match["type"]))
        if kind is None:
            return ""
        name, slash, rest = (match["name"], "", "") if kind == "secret" else match["name"].partition("/")
        is_local = (match["partition"], match["region"], match["account"]) == self.env.account
        arn = match[0][: len(match[0]) - len(slash + rest)]
        called = name if is_local and kind not in {"secret", "key"} else arn
        return "" if self.stays(kind, called) else f"{self.token(kind, called, 'arn')}{slash}{rest}"

    def _state_texts(self, value: Json, integration: str) -> Json:
        if isinstance(value, list):
            return [self._state_texts(inner, integration) for inner in value]
        if not isinstance(value, dict):
            return value
        integration = str(value.get("Resource") or integration) if value.get("Type") == "Task" else integration
        return {key: self._named(integration, key, self._state_texts(inner, integration)) for key, inner in value.items()}

    def _named(self, integration: str, parameter: str, value: Json) -> Json:
        kind = mentions.kind_of_parameter(integration, parameter)
        name = mentions.NAME.fullmatch(value) if kind is not None and isinstance(value, str) else None
        if kind is None or name is None or self.stays(kind, name[1]):
            return value
        return f"{self.token(kind, name[1], 'name')}{name[2] or ''}"


def _escaped(text: str) -> str:
    return text.replace("${", "$${")
