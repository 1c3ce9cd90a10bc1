"""Cases beside the documentation's examples: nested paths, choices that are compared, empty sources, options of formats."""

from typing import Any

from frame_harness import FOLDER, T, case, glue, read, rows, tree

nested = read(
    "nested",
    """{"id": 1, "a": {"b": {"c": 1, "d": "x"}, "list": [{"p": 1}, {"p": "two"}]}, "n": 1.5}
{"id": "2", "a": {"b": {"c": "1.5"}, "list": []}, "n": 2}
""",
)


@case
def whole_values_mapped() -> Any:
    mapped = nested.apply_mapping(
        [("a.list", "array", "list", "array"), ("a.b", "struct", "b", "struct"), ("n", "double", "n", "decimal"),
         ("a.b.d", "string", "d", "varchar(10)")]
    )  # fmt: skip
    return [tree(mapped), rows(mapped)[1]]


@case
def choices_compared() -> Any:
    both = nested.split_rows({"n": {">": 1, "<=": 1.5}, "a.b.c": {"=": 1}}, "in", "out")
    other = read("other", '{"id": 1, "v": "one"}\n{"id": 2, "v": "two"}\n')
    joined = T.Join.apply(nested.select_fields(["id"]), other, "id", "id")
    merged = nested.select_fields(["id"]).mergeDynamicFrame(other, ["id"])
    return [both.select("in").count(), both.select("out").count(), [row["v"] for row in rows(joined)], merged.count()]


@case
def moved_fields() -> Any:
    frame = read("moved", '{"id": 1, "a": {"x": 2}}\n')
    return [rows(frame.rename_field(old, new))[0] for old, new in (("id", "a.id"), ("a.x", "b.c.x"), ("a.x", "x"))]


@case
def one_member_projected() -> Any:
    frame = read("members", '{"v": {"x": 1}}\n{"v": [1]}\n')
    return [rows(frame.resolveChoice(specs=[("v", f"project:{kind}")])) for kind in ("struct", "array")]


@case
def unboxed_csv() -> Any:
    frame = read("boxed", '{"v": "a|b"}\n{"v": null}\n{"v": "x|y\\\\n1|2"}\n'.replace("\\\\", "\\"))
    plain = T.Unbox.apply(frame=frame, path="v", format="csv", separator="|")
    return [rows(plain), rows(frame.unbox("v", "csv", separator="|", withHeader=True))]


@case
def nothing_there() -> Any:
    (FOLDER / "empty").mkdir()
    frames = [
        glue.create_dynamic_frame.from_options("s3", {"paths": [str(FOLDER / place)]}, kind)
        for place in ("empty", "absent")
        for kind in ("json", "csv", "parquet", "orc")
    ]
    return [frame.count() for frame in frames]


@case
def format_options() -> Any:
    whole = '{"meta": 1, "items": [{"id": 1}, {"id": 2}], "a-b": {"c d": {"id": 5}}}'
    paths = {path: read("whole", whole, jsonPath=path) for path in ("$.items[*]", "$.items", "$['a-b']['c d']", "$.none")}
    attached = {
        kind: read("attached", text, kind, withHeader=True, attachFilename="file", attachTimestamp="at")
        for kind, text in (("csv", "id\n1\n"), ("json", '{"id": 1}'))
    }
    try:
        read("whole", whole, jsonPath="$..id")
    except NotImplementedError as error:
        refused = str(error)
    return [
        {path: [row["id"] for row in rows(frame)] for path, frame in paths.items()},
        {kind: [tree(frame), rows(frame)[0]["file"].rsplit("/", 1)[-1]] for kind, frame in attached.items()},
        refused,
    ]
