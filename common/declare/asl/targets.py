"""What a state of a definition acts on: the parameter that names it decides, and it must be of the service that is called.

Whatever else a task mentions, in a payload or in arguments, is data that it hands on, and gives no permission on it. A target is
named as the API takes it: by name, by ARN, or by the URL of a queue. A name stands for a resource of the environment's account
and region. Characters that IAM takes for a pattern or a variable are in no name. A target that is known only when the machine
runs is one that the declaration lists in `may_call`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from common.base.errors import DeclarationError, ParameterError
from common.base.json_types import Json
from common.base.text_rules import BUCKET_NAME
from common.declare.asl.may_call import MayCall, word_of
from common.declare.asl.target_forms import FORMS, QUEUE_URL, arn_of, matched_arn, with_parts
from common.environment.config import Environment
from common.model.existing import ExistingRef
from common.model.generated import GeneratedRef, shown
from common.model.reference import MARK, UPPER_TOKEN, Names, Ref

DYNAMIC = re.compile(r"\{%.*%\}|\$(?!\{).*|.*States\..*", re.DOTALL)
"""Matches a JSONata expression, a JSONPath path, or an intrinsic function."""
OWN = re.compile(r"\$\$\.StateMachine\.Id|\{%\s*\$states\.context\.StateMachine\.Id\s*%\}")
"""Matches what stands for the machine itself in the context of an execution."""
BEGINNING = re.compile(
    r"""\{%\s*(?P<quote>['"])(?P<text>[^'"\\]*)(?P=quote)\s*&.*%\}|States\.Format\('(?P<format>[^'\\{]*)\{.*""", re.DOTALL
)
"""Matches an expression that begins with a text: ``{% 'https://…/' & $id %}`` and ``States.Format('https://…/{}', $.id)``."""
TEMPLATE_PLACE = re.compile(r"\{(\w+)(?:=(\w+))?\}")
"""Matches the place of a parameter in the ARN of a template, with what stands there without the parameter."""
ALL = "*"


class Problem(NamedTuple):
    """Why a permission cannot be generated."""

    text: str
    """A sentence that begins with the state."""
    example: str = ""
    """What `may_call` might list, if that solves it."""


class Targets:
    """Finds the ARNs of targets, and collects what is wrong with them.

    Args:
        env: the environment, with the account and region of names.
        own: the state machine.
        names: the names that the definition may refer to; references in it are not replaced yet.
        may_call: what targets that are known only at run time may be.
        permits: whether the declaration allows an action by itself, so that its target need not be told.
    """

    def __init__(self, env: Environment, own: Ref, names: Names, may_call: MayCall, permits: Callable[[str], bool]) -> None:
        self.env, self.own, self.names, self.may_call, self.permits = env, own, names, may_call, permits
        self.problems: list[Problem] = []

    def of_parameter(self, word: str, path: str, parameters: Json, place: str, actions: Iterable[str]) -> set[str] | None:
        """Returns the ARNs that a parameter names; None if it is absent.

        Args:
            word: the kind of target, a key of `FORMS`.
            path: the parameter: see `values_at`.
            parameters: all parameters of the task.
            place: the state, which problems name.
            actions: what is to be allowed.
        """
        arns: set[str] | None = None
        for field, value in values_at(parameters, path):
            arns = (arns or set()) | self.of_value(word, value, f"{place}.{field}", actions)
        return arns

    def of_value(self, word: str, value: Json, where: str, actions: Iterable[str]) -> set[str]:
        """Returns the ARNs of one target; none, and a problem more, if it cannot be told or is not such a target.

        Args:
            word: the kind of target, a key of `FORMS`.
            value: the name, ARN or URL, or what `values_at` yields of one that is known only at run time.
            where: the state and the parameter.
            actions: what is to be allowed.
        """
        if value is None or (isinstance(value, str) and DYNAMIC.fullmatch(value.strip())):
            is_own = word == "machine" and value is not None and OWN.fullmatch(value.strip()) is not None
            return {self.own.arn} if is_own else self._at_run_time(word, where, actions)
        try:
            return set(self._named(word, value, where))
        except ParameterError:
            raise
        except DeclarationError as error:
            self.problems.append(Problem(str(error)))
            return set()

    def untold(self, what: str, where: str, actions: Iterable[str], example: str) -> None:
        """Notes that a target is known only at run time, unless the declaration allows the actions by itself."""
        if not all(self.permits(action) for action in actions):
            self.problems.append(Problem(f"{where}: which {what} it is, is known only when the machine runs.", example))

    def filled(self, template: str, parameters: Json, place: str) -> str:
        """Returns the ARN of a template such as ``eks:nodegroup/{ClusterName}/*``; what is not known yet is ``*``."""

        def literal(match: re.Match[str]) -> str:
            values = [value for _, value in values_at(parameters, match[1])]
            if not values:
                return match[2] or ALL
            return _last_name(self.text_of(values[0], place))

        service, _, resource = TEMPLATE_PLACE.sub(literal, template).partition(":")
        return self.env.role_arn("/", resource) if service == "iam" else self.env.arn(service, resource)

    def text_of(self, value: Json, place: str) -> str | None:
        """Returns a text with its references replaced; None if it is known only at run time."""
        if not isinstance(value, str) or DYNAMIC.fullmatch(value.strip()):
            return None
        text, _ = self.names.substitute(value, place, texts=True)
        return str(text)

    def beginning_of(self, value: Json, place: str) -> str:
        """Returns the text with which an expression begins whatever its parts are; empty if that cannot be told."""
        match = BEGINNING.fullmatch(value.strip()) if isinstance(value, str) else None
        return (self.text_of(match["text"] or match["format"], place) or "") if match else ""

    def buckets_in(self, value: Json, where: str, actions: Iterable[str]) -> set[str]:
        """Returns the buckets that the source of a copy begins with or refers to."""
        text, refs = self.names.substitute(value, where)
        buckets = {ref.name for ref in refs if ref.is_bucket}
        if isinstance(text, str) and not DYNAMIC.fullmatch(text.strip()):
            buckets |= {text.lstrip("/").partition("/")[0]}
        if buckets and all(BUCKET_NAME.fullmatch(name) for name in buckets):
            return {self.env.bucket_arn(name) for name in buckets}
        return self._at_run_time("bucket", where, actions)

    def _at_run_time(self, word: str, where: str, actions: Iterable[str]) -> set[str]:
        if listed := self.may_call.of_kind(word):
            return listed
        form = FORMS[word]
        if form.is_given:
            return {arn_of(self.env, form, ALL)}
        self.untold(word, where, actions, arn_of(self.env, form, "NAME"))
        return set()

    def _named(self, word: str, value: Json, where: str) -> tuple[str, ...]:
        form = FORMS[word]
        text, refs = self.names.substitute(value, where)
        if not isinstance(text, str) or not text:
            raise DeclarationError(f"{where}: {value!r} is not {_with_article(word)}. {_accepted(word)}")
        if UPPER_TOKEN.fullmatch(text):
            raise DeclarationError(f"{where}: {text} refers to nothing. Say in `tokens` of the declaration what it is.")
        generated = next((ref for ref in refs if isinstance(ref, GeneratedRef)), None)
        if generated is not None and word_of(generated) in {word, "role" if word == "instance profile" else word}:
            if text not in {generated.arn, generated.name, *generated.generated.values()} or not generated.has_arn:
                raise DeclarationError(
                    f"{where}: {shown(text)} is not {_with_article(word)}: it is more than what AWS calls {generated.key}."
                )
            return (generated.arn,) if word == "secret" else with_parts(word, generated.arn)
        wrong = [ref for ref in refs if form.kind and ref.key.kind != form.kind]
        target = None if wrong else _target(self.env, word, text)
        if target is None:
            of_type = f"{generated.key} ({generated.type_name})" if generated is not None else ""
            named = of_type or (f"{wrong[0].key}" if wrong else repr(text))
            raise DeclarationError(
                f"{where}: {named} is not {_with_article(word)}, so no permission can be generated. {_accepted(word)}"
            )
        if form.kind and text == value and (declared := self.names.of(form.kind, text)):
            raise DeclarationError(f"{where}: {text!r} is not what {declared.key} is called in AWS. {_accepted(word, text)}")
        existing = next((ref for ref in refs if isinstance(ref, ExistingRef) and text in {ref.name, ref.arn}), None)
        if existing is not None:  # it may be in another account, and a version or an alias is exactly that
            return (existing.in_policies,) if word in {"function", "secret"} else with_parts(word, existing.arn)
        return with_parts(word, target)


def values_at(parameters: Json, path: str) -> Iterator[tuple[str, Json]]:
    """Yields the values of a parameter, each with the name of its field.

    What is known only at run time is its path or expression, or None if that cannot be told.

    Args:
        parameters: the parameters of a task.
        path: as in ``JobName``, ``Overrides.TaskRoleArn`` or ``Entries[].EventBusName``.
    """
    if not isinstance(parameters, Mapping):
        if isinstance(parameters, str):  # an expression makes all of them
            yield path, None
        return
    head, _, rest = path.partition(".")
    name, many = head.removesuffix("[]"), head.endswith("[]")
    if name not in parameters:
        if f"{name}.$" in parameters:
            source = parameters[f"{name}.$"]
            yield f"{name}.$", source if isinstance(source, str) and DYNAMIC.fullmatch(source) else None
        return
    value = parameters[name]
    for number, item in enumerate(value if many and isinstance(value, list) else [value]):
        field = f"{name}[{number}]" if many and isinstance(value, list) else name
        if not rest or isinstance(item, str):
            yield field, None if rest else item
        else:
            yield from ((f"{field}.{inner}", inner_value) for inner, inner_value in values_at(item, rest))


def _last_name(text: str | None) -> str:
    """The name of a resource, which may be given by its ARN; ``*`` if it is not known yet."""
    if text and MARK.search(text):  # AWS gives it; of an ARN the name cannot be told beforehand
        return ALL if text.endswith("rn»") else text
    return text.rpartition("/")[2] if text and not re.search(r"[*?\s]", text) else ALL


def _target(env: Environment, word: str, text: str) -> str | None:
    """Returns the ARN, without a function's qualifier; None if the text does not name such a target."""
    form = FORMS[word]
    if word == "queue":
        queue = QUEUE_URL.fullmatch(text)
        return f"arn:{env.partition}:sqs:{queue[1]}:{queue[3]}:{queue[4]}" if queue else None
    if form.by_arn and (arn := matched_arn(form, env.partition, text)):
        return arn[1] if word == "function" else text
    if form.by_name and (name := re.fullmatch(rf"({form.name})({form.qualifier})", text)):
        return arn_of(env, form, name[1] if word == "function" else text)
    return None


def _with_article(word: str) -> str:
    return f"{'an' if word[0] in 'aeiouAEIOU' else 'a'} {word}"


def _accepted(word: str, name: str = "Name") -> str:
    form = FORMS[word]
    if word == "queue":
        return f"Write it as ${{{name}.url}}, or give its URL."
    if not form.kind:
        name = "id" if form.is_given and form.types else "name"
        return f"Give its {' or '.join(way for way, taken in ((name, form.by_name), ('ARN', form.by_arn)) if taken)}."
    ways = {"name": form.by_name, "arn": form.by_arn}
    return f"Write it as {' or '.join(f'${{{name}.{attribute}}}' for attribute, taken in ways.items() if taken)}."
