"""Distributed Map states with what ministack leaves out: batches, written results, expressions, and limits that are paths.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html,
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

import json
import uuid
from collections.abc import Iterator

import machine_objects
import seams
import settings as launch_settings
from json_types import Json, JsonObject
from ministack.services import stepfunctions

_PARAMETERS = "state_def, raw_input, effective, iterator, execution, ctx"
_LIMITS = ("MaxConcurrency", "ToleratedFailurePercentage", "ToleratedFailureCount")
_BATCH_LIMITS = ("MaxItemsPerBatch", "MaxInputBytesPerBatch")
_READ = ("JSON", "JSONL", "CSV")
_HERE = ("ItemReader", "ItemSelector", "Parameters", "ItemsPath", "ItemBatcher", "ResultSelector", "ResultPath", "OutputPath")
"""The fields of a state that are dealt with here."""
_STATUSES = ("FAILED", "PENDING", "SUCCEEDED")
_TOLD = (
    "ExecutionArn",
    "Input",
    "InputDetails",
    "Name",
    "Output",
    "OutputDetails",
    "StartDate",
    "StateMachineArn",
    "Status",
    "StopDate",
)


def install(_: launch_settings.Settings) -> None:
    """Put this around ministack's Map Run."""
    run = seams.use(stepfunctions, "_run_distributed_map", _PARAMETERS)
    seams.use(stepfunctions, "_read_map_items", "reader, effective, ctx")
    seams.use(stepfunctions, "_apply_jsonata_template", "value, raw_input, ctx, result, error_output")
    for name in ("_map_runs", "_executions"):
        seams.table(stepfunctions, name)

    def around(
        state: JsonObject, raw: Json, effective: Json, iterator: JsonObject, execution: JsonObject, ctx: JsonObject
    ) -> tuple[Json, str | None]:
        data = _Data(state, raw, effective, ctx)
        label = state.get("Label") or uuid.uuid4().hex[:8]
        plain = {name: value for name, value in state.items() if name not in _HERE}
        limits = {name: value for name in _LIMITS if (value := data.limit(state, name)) is not None}
        inputs = list(data.inputs())
        results, following = run({**plain, **limits, "Label": label}, raw, inputs, iterator, execution, ctx)
        return data.output(_written(data, label, execution, results)), following

    seams.replace(stepfunctions, "_run_distributed_map", _PARAMETERS, around)


class _Data:
    """What a Map state makes of its input and of its results, in either query language."""

    def __init__(self, state: JsonObject, raw: Json, effective: Json, ctx: JsonObject) -> None:
        self.state, self._raw, self._effective, self._ctx = state, raw, effective, ctx
        self._is_jsonata = stepfunctions._state_query_language(state, ctx) == "JSONata"

    def value(self, template: Json, ctx: JsonObject | None = None) -> Json:
        """A template with its paths or expressions resolved."""
        if self._is_jsonata:
            return stepfunctions._apply_jsonata_template(template, self._raw, ctx or self._ctx)
        return stepfunctions._resolve_params_obj(template, self._effective, ctx or self._ctx)

    def limit(self, holder: JsonObject, name: str) -> Json:
        """A number that a field or a path gives; None without either."""
        if path := holder.get(f"{name}Path"):
            return stepfunctions._resolve_path_or_ctx(path, self._effective, self._ctx)
        return self.value(holder[name]) if name in holder else None

    def inputs(self) -> Iterator[Json]:
        """The inputs of the child executions."""
        items = self._items()
        if selector := self.state.get("ItemSelector") or self.state.get("Parameters"):
            contexts = [{**self._ctx, "Map": {"Item": {"Index": index, "Value": item}}} for index, item in enumerate(items)]
            items = [self.value(selector, context) for context in contexts]
        batcher = self.state.get("ItemBatcher")
        if not batcher:
            yield from items
            return
        common = {"BatchInput": self.value(batcher["BatchInput"])} if "BatchInput" in batcher else {}
        most, largest = (self.limit(batcher, name) or float("inf") for name in _BATCH_LIMITS)
        batch: list[Json] = []
        for item in items:
            grown = {**common, "Items": [*batch, item]}
            if batch and (len(batch) >= most or len(json.dumps(grown)) > largest):
                yield {**common, "Items": batch}
                batch = []
            batch.append(item)
        if batch:
            yield {**common, "Items": batch}

    def _items(self) -> list[Json]:
        if reader := self.state.get("ItemReader"):
            kind = (reader.get("ReaderConfig") or {}).get("InputType", "JSON")
            if kind not in _READ:
                message = f"The embedded AWS reads {', '.join(_READ)}, and not {kind}, which AWS reads"
                raise stepfunctions._ExecutionError("States.ItemReaderFailed", message)
            arguments = self.value(reader.get("Parameters") or reader.get("Arguments") or {})
            items = stepfunctions._read_map_items({**reader, "Parameters": arguments}, self._effective, self._ctx)
        elif self._is_jsonata:
            items = self.value(self.state["Items"]) if "Items" in self.state else self._raw
        else:
            items = stepfunctions._resolve_path_or_ctx(self.state.get("ItemsPath", "$"), self._effective, self._ctx)
        return items if isinstance(items, list) else [items]

    def output(self, result: Json) -> Json:
        """The output of the state."""
        if self._is_jsonata:
            output = stepfunctions._apply_jsonata_output(self.state, self._raw, self._ctx, result=result, default=result)
            stepfunctions._apply_state_assign(self.state, self._raw, self._ctx, result=result)
            return output
        selected = stepfunctions._apply_result_selector(self.state, result)
        output = stepfunctions._apply_result_path(self.state, self._raw, selected)
        return stepfunctions._apply_output_path(self.state, output, self._ctx)


def _written(data: _Data, label: str, execution: JsonObject, results: list[Json]) -> Json:
    """The results, or where they were written."""
    writer = data.state.get("ResultWriter") or {}
    config = writer.get("WriterConfig") or {}
    if config.get("Transformation") == "FLATTEN":
        results = [inner for result in results for inner in (result if isinstance(result, list) else [result])]
    if "Resource" not in writer:
        return results
    runs = stepfunctions._map_runs.values()
    run = next(
        run["mapRunArn"] for run in runs if run["executionArn"] == execution["executionArn"] and f"/{label}:" in run["mapRunArn"]
    )
    where = data.value(writer.get("Parameters") or writer.get("Arguments") or {})
    folder = "/".join(filter(None, (str(where.get("Prefix", "")).strip("/"), run.rpartition(":")[2])))
    files: dict[str, list[JsonObject]] = {status: [] for status in _STATUSES}
    children = [child for child in stepfunctions._executions.values() if child.get("mapRunArn") == run]
    for status in _STATUSES:
        told = [_told(child) for child in children if child["status"] == status]
        content = results if status == "SUCCEEDED" and config.get("Transformation", "NONE") != "NONE" else told
        if told:
            lines = config.get("OutputType") == "JSONL"
            text = "\n".join(json.dumps(entry) for entry in content) if lines else json.dumps(content)
            key = f"{folder}/{status}_0.{'jsonl' if lines else 'json'}"
            _put(where, key, text)
            files[status].append({"Key": key, "Size": len(text)})
    manifest = {"DestinationBucket": where.get("Bucket"), "MapRunArn": run, "ResultFiles": files}
    _put(where, f"{folder}/manifest.json", json.dumps(manifest))
    return {"MapRunArn": run, "ResultWriterDetails": {"Bucket": where.get("Bucket"), "Key": f"{folder}/manifest.json"}}


def _told(child: JsonObject) -> JsonObject:
    fields = {name: child.get(name[0].lower() + name[1:]) for name in (*_TOLD, "Error", "Cause")}
    return {name: value for name, value in fields.items() if value is not None}


def _put(where: JsonObject, key: str, text: str) -> None:
    try:
        machine_objects.put({"Bucket": where.get("Bucket"), "Key": key, "Body": text})
    except stepfunctions._ExecutionError as error:
        raise stepfunctions._ExecutionError("States.ResultWriterFailed", error.cause) from None
