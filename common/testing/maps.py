"""The items of Map states, and whether a Map Run has failed.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html
and https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

import json
from collections.abc import Mapping
from typing import NamedTuple

from common.base.json_types import Json, JsonMapping, JsonObject
from common.testing import json_path_values
from common.testing.errors import QUERY, RUNTIME, StateError
from common.testing.languages import LANGUAGES
from common.testing.outcomes import MockError
from common.testing.scope import EXAMPLE, Scope

MAP_RUN = "00000000-0000-0000-0000-000000000000"
"""The id of every Map Run."""


class Iteration(NamedTuple):
    """One iteration of a Map: its input, and what the context object has for it."""

    input: Json
    context: JsonObject


def iterations(
    name: str, state: JsonMapping, language: str, scope: Scope, read_items: Mapping[str, list[Json]], *, distributed: bool
) -> list[Iteration]:
    """Returns the iterations of a Map.

    Args:
        name: the name of the state.
        state: the state.
        language: its query language.
        scope: what it can see.
        read_items: the items that an ItemReader would read, by the name of the state.
        distributed: whether it runs each item in an execution of its own.

    Raises:
        StateError: its items are not an array, or an expression fails.
        MockError: it has an ItemReader, and the test gives no items.
    """
    items = _items(name, state, language, scope, read_items, distributed=distributed)
    data = LANGUAGES[language].selected(state, scope)
    field = "ItemSelector" if "ItemSelector" in state else "Parameters"
    result = []
    for number, item in enumerate(items):
        context = {"Item": {"Index": number, "Value": item}}
        if distributed and isinstance(item, Mapping) and {*item} == {"Key", "Value"} and "ItemReader" not in state:
            context = {"Item": {"Index": number, **item}}
        inside = scope.within(Map=context)
        value = LANGUAGES[language].template(state[field], inside, field, data) if field in state else item
        result.append(Iteration(value, context))
    return _batched(state["ItemBatcher"], result, language, scope, data) if "ItemBatcher" in state else result


def _items(
    name: str, state: JsonMapping, language: str, scope: Scope, read_items: Mapping[str, list[Json]], *, distributed: bool
) -> list[Json]:
    if "ItemReader" in state:
        if name not in read_items:
            raise MockError(f'{name} reads its items from elsewhere. Give them: items={{"{name}": […]}}.')
        most = state["ItemReader"].get("ReaderConfig", {}).get("MaxItems")
        return read_items[name][:most] if isinstance(most, int) and most else read_items[name]
    if language == "JSONata":
        items, problem = LANGUAGES[language].value(state, "Items", scope, scope.input), QUERY
    else:
        data = LANGUAGES[language].selected(state, scope)
        items, problem = json_path_values.evaluate(state.get("ItemsPath", "$"), data, scope, "ItemsPath"), RUNTIME
    if isinstance(items, Mapping) and (distributed or language == "JSONata"):
        return [{"Key": key, "Value": value} for key, value in items.items()]
    if not isinstance(items, list):
        raise StateError(problem, f"The items of the Map must be an array, not {json.dumps(items, ensure_ascii=False)}.")
    return items


def _batched(batcher: JsonMapping, single: list[Iteration], language: str, scope: Scope, data: Json) -> list[Iteration]:
    """The iterations put together in batches, each with the BatchInput."""
    most = LANGUAGES[language].value(batcher, "MaxItemsPerBatch", scope) or len(single) or 1
    limit = LANGUAGES[language].value(batcher, "MaxInputBytesPerBatch", scope) or 262_144
    batches: list[list[Json]] = []
    for iteration in single:
        fits = batches and len(batches[-1]) < most
        if fits and len(json.dumps([*batches[-1], iteration.input]).encode()) <= limit:
            batches[-1].append(iteration.input)
        else:
            batches.append([iteration.input])
    shared = {}
    if "BatchInput" in batcher:
        shared = {"BatchInput": LANGUAGES[language].template(batcher["BatchInput"], scope, "BatchInput", data)}
    return [Iteration({**shared, "Items": batch}, {"Item": {"Index": number}}) for number, batch in enumerate(batches)]


def exceeds_tolerance(state: JsonMapping, language: str, scope: Scope, failed: int, total: int) -> bool:
    """Whether more iterations of a distributed Map have failed than it tolerates."""
    if not failed:
        return False
    count = LANGUAGES[language].value(state, "ToleratedFailureCount", scope)
    percentage = LANGUAGES[language].value(state, "ToleratedFailurePercentage", scope)
    if count is None and percentage is None:
        return True
    return (count is not None and failed > count) or (percentage is not None and failed * 100 > percentage * total)


def written(name: str, state: JsonMapping, language: str, scope: Scope) -> JsonObject:
    """What a distributed Map returns whose results are written to S3: where they are; empty if they are not written.

    Follows https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html

    Raises:
        StateError: an expression fails.
    """
    writer = state.get("ResultWriter", {})
    if "Resource" not in writer:
        return {}
    data = LANGUAGES[language].selected(state, scope)
    parameters = writer.get("Parameters", writer.get("Arguments", {}))
    place = LANGUAGES[language].template(parameters, scope, "ResultWriter", data)
    folder = "/".join(filter(None, [str(place.get("Prefix", "")).strip("/"), MAP_RUN]))
    details = {"Bucket": place.get("Bucket"), "Key": f"{folder}/manifest.json"}
    return {"MapRunArn": f"{EXAMPLE}:mapRun:test/{state.get('Label', name)}:{MAP_RUN}", "ResultWriterDetails": details}


def lasting(durations: list[float], concurrency: float) -> float:
    """How long iterations take together, of which so many run at once; 0 stands for any number."""
    if not durations:
        return 0
    lanes = [0.0] * (int(concurrency) or len(durations))
    for duration in durations:
        lanes[lanes.index(min(lanes))] += duration
    return max(lanes)
