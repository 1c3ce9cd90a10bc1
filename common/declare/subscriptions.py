"""Subscriptions of people to topics. Configuration names them, because they differ between environments.

Each is a resource of its own, so that the subscriptions of others stay as they are. One that is no longer configured is deleted.
An address has to confirm its subscription; until it does, nothing reaches it, and AWS deletes the subscription after two days.

Follows https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from common.aws.resource_schemas import schema_of
from common.base import digest
from common.base.errors import ConfigError
from common.base.suggestions import did_you_mean, known_names
from common.declare.cloud_resources import resource_of
from common.declare.project_resources import ProjectResources
from common.declare.resource_references import KIND, stand_in
from common.declare.shared_references import Shared
from common.environment import subscriptions
from common.environment.config import Environment
from common.model.declared import Identity
from common.model.generated import SUBSCRIBED, mark_of
from common.model.reference import Ref
from common.model.resource import SHARED, Key, Resource
from common.resources.cloud_control import CloudResource
from common.resources.queue import FIFO
from common.resources.topic import Topic

SUBSCRIPTION, TOPIC = "AWS::SNS::Subscription", "AWS::SNS::Topic"
DIGITS = 6
"""How many digits of its digest stand for a web address in a name, because the address itself may hold a secret."""


def topics_of(resources: Mapping[Key, Resource]) -> dict[str, Ref]:
    """The topics among resources, by what configuration calls them."""
    topics: dict[str, Ref] = {}
    for key, resource in resources.items():
        if isinstance(resource, Topic):
            topics[key.name] = Ref(key, resource.name, resource.arn)
        elif isinstance(resource, CloudResource) and resource.type_name == TOPIC:
            topics[key.name] = Ref(key, str(resource.properties["TopicName"]), mark_of(key, "TopicArn"))
    return topics


def of_topic(
    env: Environment, project: str, topic: Ref, texts: Sequence[str], identity: Callable[[Ref, Ref], Identity], where: str
) -> Iterator[CloudResource]:
    """Yields the subscriptions of a topic.

    Args:
        env: the environment.
        project: whose subscriptions they are.
        topic: the topic.
        texts: the subscriptions, with parameters replaced.
        identity: makes the identity of a resource that needs the topic.
        where: where they stand, for messages.

    Raises:
        ConfigError: people cannot subscribe to the topic.
    """
    if topic.name.endswith(FIFO):
        raise ConfigError(f"{where}: {topic.key} is FIFO, and such a topic delivers to queues alone.")
    schema = schema_of(SUBSCRIPTION, env.region)
    unique = dict.fromkeys(texts)
    shared = Counter(map(_word, unique))
    for text in unique:
        protocol, endpoint = subscriptions.split(text)
        word = _word(text) if shared[_word(text)] == 1 else f"{_word(text)}-{_digits(text)}"
        key = Key(project, KIND, f"{SUBSCRIBED}{topic.key.name}.{word}")
        properties = {"TopicArn": topic.arn, "Protocol": protocol, "Endpoint": endpoint}
        yield resource_of(identity(stand_in(env, key, schema, ""), topic), schema, properties, env, where)


def of_project(project: ProjectResources) -> Iterator[CloudResource]:
    """Yields the subscriptions that the section of a project names: of topics of its own, of others, and of shared ones.

    Raises:
        ConfigError: there is no such topic.
    """
    env, name = project.env, project.project
    own = topics_of({key: resource for key, resource in project.known().items() if key.project == name})
    shared = topics_of(project.borrowed)
    for topic_name, texts in env.project(name).subscriptions.items():
        where = env.place(name, "subscriptions", topic_name)
        topic = own.get(topic_name) or project.shared.configured("topic", topic_name) or shared.get(topic_name)
        if topic is None:
            raise _missing(where, topic_name, {**shared, **own})
        if topic.key in project.borrowed:
            project.shared.check_region(str(topic.key))
        plain, _ = project.names.substitute(list(texts), where, texts=True)
        yield from of_topic(env, name, topic, plain, lambda ref, needed: project.identity(ref, [needed]), where)


def of_environment(
    env: Environment, resources: Mapping[Key, Resource], refs: Shared, identity: Callable[[Ref, Ref], Identity]
) -> Iterator[CloudResource]:
    """Yields the subscriptions of shared topics.

    Args:
        env: the environment.
        resources: what root `deploy.py` declares.
        refs: where configuration is looked up of what others own.
        identity: makes the identity of a resource that needs a topic.

    Raises:
        ConfigError: there is no such topic.
    """
    shared = topics_of(resources)
    for name, texts in env.subscriptions.items():
        where = f"config/{env.name}.json: $.subscriptions.{name}"
        topic = shared.get(name) or refs.configured("topic", name)
        if topic is None:
            raise _missing(where, name, shared)
        yield from of_topic(env, SHARED, topic, texts, identity, where)


def _missing(where: str, name: str, topics: Mapping[str, Ref]) -> ConfigError:
    hint = did_you_mean(name, topics, otherwise=known_names([*topics]))
    return ConfigError(f"{where}: there is no topic of this name.{hint}")


def _word(text: str) -> str:
    """What the key of a subscription calls it: of a web address the host alone, with a digest of the rest."""
    protocol, endpoint = subscriptions.split(text)
    if protocol.startswith("http"):
        return f"{protocol}-{_plain(endpoint.split('/')[2])}-{_digits(text)}"
    return f"{protocol}-{_plain(endpoint)}"


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")


def _digits(text: str) -> str:
    return digest.of_bytes(text.encode())[:DIGITS]
