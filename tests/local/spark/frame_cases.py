"""Runs the examples of AWS's documentation on DynamicFrames in Glue's Spark environment; prints what they yield as JSON.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-dynamic-frame.html
"""

import json
from pathlib import Path
from typing import Any

from frame_data import BROKEN, FRIENDS, MEDICARE, MEMBERSHIPS, MIXED, PERSONS
from frame_harness import (
    FOLDER,
    RESULTS,
    DoubleType,
    DynamicFrame,
    DynamicFrameCollection,
    Job,
    ResolveOption,
    T,
    case,
    glue,
    read,
    rows,
    shown,
    spark,
    tree,
)

medicare = read("medicare", MEDICARE, "csv", withHeader=True)
friends = read("friends", FRIENDS)
persons = read("persons", PERSONS)
memberships = read("memberships", MEMBERSHIPS)
mixed = read("mixed", MIXED)


@case
def apply_mapping() -> Any:
    mapped = persons.apply_mapping(
        [
            ("family_name", "String", "last_name", "String"),
            ("name", "String", "first_name", "String"),
            ("birth_date", "String", "date_of_birth", "Date"),
        ]
    )
    return [tree(mapped), rows(mapped)[0]]


@case
def nested_mapping() -> Any:
    nested = T.ApplyMapping.apply(
        frame=medicare,
        mappings=[
            ("drg definition", "string", "drg", "string"),
            ("Provider Id", "string", "provider.id", "long"),
            ("Provider Name", "string", "provider.name", "string"),
            ("missing", "string", "m", "string"),
        ],
    )
    return [tree(nested), rows(nested)[0]]


@case
def drop_fields() -> Any:
    return [tree(friends), tree(friends.drop_fields(paths=["age", "location.county", "friends.age"]))]


@case
def filtered() -> Any:
    kept = medicare.filter(f=lambda x: x["Provider State"] in ["CA", "AL"] and x["Provider City"] in ["SACRAMENTO", "DOTHAN"])
    return [
        medicare.count(),
        kept.count(),
        T.Filter.apply(frame=friends, f=lambda x: x["location"]["county"] == "Denali").count(),
    ]


def merge_address(rec: Any) -> Any:
    rec["Address"] = {}
    rec["Address"]["Street"] = rec["Provider Street Address"]
    rec["Address"]["City"] = rec["Provider City"]
    rec["Address"]["State"] = rec["Provider State"]
    rec["Address"]["Zip.Code"] = rec["Provider Zip Code"]
    rec["Address"]["Array"] = [rec["Provider Street Address"], rec["Provider City"]]
    del rec["Provider Street Address"]
    del rec["Provider City"]
    del rec["Provider State"]
    del rec["Provider Zip Code"]
    return rec


mapped_medicare = medicare.map(f=merge_address)


@case
def mapped() -> Any:
    return [tree(medicare), tree(mapped_medicare), T.Map.apply(frame=friends, f=lambda _: 1 / 0).errorsCount()]


@case
def unnest() -> Any:
    return tree(T.UnnestFrame.apply(frame=mapped_medicare))


@case
def unbox() -> Any:
    with_string = mapped_medicare.map(f=lambda x: {**x, "AddressString": json.dumps(x["Address"])})
    return tree(with_string.unbox("AddressString", "json").select_fields(["AddressString"]))


@case
def join() -> Any:
    joined = persons.join(paths1=["id"], paths2=["person_id"], frame2=memberships).drop_fields(["links", "contact_details"])
    return [tree(joined), rows(joined)[0], T.Join.apply(persons, memberships, "id", "person_id").count()]


relationalized = persons.relationalize("l_root", "s3://DOC-EXAMPLE-BUCKET/tmpDir")
details = relationalized.select("l_root_contact_details")


@case
def relationalize() -> Any:
    return [
        list(relationalized.keys()),
        tree(persons.select_fields("contact_details")),
        shown(details.toDF().where("id = 1").orderBy(["id", "index"])),
        rows(relationalized.select("l_root").select_fields(["id", "contact_details"])),
    ]


@case
def split_fields() -> Any:
    both = details.split_fields(["id", "index"], "left", "right")
    return [tree(details), tree(both.select("left")), tree(both.select("right"))]


@case
def split_rows_and_merge() -> Any:
    both = details.split_rows({"id": {">": 1}}, "high", "low")
    low = T.SelectFromCollection.apply(dfc=both, key="low")
    high = T.SelectFromCollection.apply(dfc=both, key="high")
    changed = low.map(lambda x: {**x, "contact_details.val.value": "new"})
    merged = both.select("low").mergeDynamicFrame(changed, ["id"])
    return [sorted(both.keys()), low.count(), high.count(), rows(merged.union(high)), both.select("none").count()]


@case
def rename_field() -> Any:
    renamed = memberships.rename_field("person_id", "id").rename_field("name", "org_name")
    dotted = details.rename_field("`contact_details.val.type`", "type").rename_field("`contact_details.val.value`", "value")
    inner = friends.rename_field("location.county", "location.district")
    return [tree(renamed), tree(dotted), tree(inner.select_fields("location"))]


@case
def choices() -> Any:
    resolved = {
        "cast": mixed.resolveChoice(specs=[("code", "cast:int")]),
        "project": mixed.resolveChoice(specs=[("code", "project:string")]),
        "make_cols": mixed.resolveChoice(choice="make_cols"),
        "make_struct": mixed.resolveChoice(specs=[("code", "make_struct")]),
        "list": mixed.resolveChoice(specs=[("list[].price", "cast:double")]),
    }
    return [tree(mixed), {name: [tree(frame), rows(frame)] for name, frame in resolved.items()}]


@case
def choice_to_frame() -> Any:
    project = mixed.toDF([ResolveOption("price", "Project", DoubleType())]).select("id", "price")
    again = DynamicFrame.fromDF(mixed.toDF(), glue, "again")
    return [
        mixed.toDF().select("code").schema.simpleString(),
        rows(project),
        tree(again.select_fields("code")),
        mixed.schema().getField("code").dataType.typeName(),
    ]


@case
def shows() -> Any:
    return shown(mixed.select_fields(["id", "price", "code"]))


@case
def errors() -> Any:
    frame = read("error_data", BROKEN)
    error = frame.errorsAsDynamicFrame().toDF().head()["error"]
    return [tree(frame), rows(frame), frame.errorsCount(), sorted(error.asDict()), friends.errorsCount()]


@case
def drop_null_fields() -> Any:
    return tree(T.DropNullFields.apply(frame=persons))


@case
def collections() -> Any:
    dfc = DynamicFrameCollection({"a": persons, "b": memberships}, glue)
    counted = T.MapToCollection.apply(dfc=dfc, callable=lambda frame, _: frame.select_fields(["name"]))
    persons.name, memberships.name = "persons", "memberships"
    flat = T.FlatMap.apply(dfc=dfc, BaseTransform=T.SelectFields, frame_name="frame", paths=["name"])
    return [sorted(counted.keys()), tree(counted["a"]), len(flat)]


@case
def written() -> Any:
    target = str(FOLDER / "out")
    glue.write_dynamic_frame.from_options(
        frame=mixed, connection_type="s3", connection_options={"path": f"{target}/json"}, format="json"
    )
    for kind, settings in (("csv", {"separator": "|"}), ("parquet", {}), ("orc", {})):
        options = {"path": f"{target}/{kind}", "partitionKeys": ["Provider State"]}
        glue.write_dynamic_frame.from_options(medicare, "s3", options, kind, settings)
    sink = glue.getSink(connection_type="s3", path=f"{target}/sunk")
    sink.setFormat("glueparquet")
    sink.writeFrame(persons.drop_fields(["links"]))
    persons.drop_fields(["links"]).spigot(f"{target}/spigot", {"topk": 2})
    back = {
        kind: glue.create_dynamic_frame.from_options(
            "s3", {"paths": [f"{target}/{kind}/"], "recurse": True}, kind, {"withHeader": True, "separator": "|"}
        )
        for kind in ("json", "csv", "parquet", "orc")
    }
    sunk = {"paths": [f"{target}/sunk"]}
    back["sunk"] = glue.create_dynamic_frame.from_options("s3", sunk, "glueparquet")
    names = sorted(
        {
            path.relative_to(target).parts[1]
            for path in Path(target).rglob("*")
            if path.is_file() and not path.name.startswith(".")
        }
        - {""}
    )
    spigot = sum(1 for file in Path(target, "spigot").glob("*.json") for _ in file.open())
    return [
        {kind: frame.count() for kind, frame in back.items()},
        [name for name in names if "=" in name],
        "_SUCCESS" in names,
        tree(back["json"]),
        spigot,
    ]


@case
def refused() -> Any:
    messages = {}
    for name, attempt in {
        "jdbc": lambda: glue.write_dynamic_frame.from_jdbc_conf(persons, "warehouse", {"dbtable": "t"}),
        "avro": lambda: glue.create_dynamic_frame.from_options("s3", {"paths": [str(FOLDER)]}, "avro"),
        "mysql": lambda: glue.create_dynamic_frame.from_options("mysql", {"url": "jdbc:mysql://x"}),
        "batch": lambda: glue.forEachBatch(frame=None, batch_function=None, options={}),
        "ddb": persons.unnest_ddb_json,
        "unknown": lambda: glue._ssql_ctx.somethingNew(1),
        "action": lambda: mixed.resolveChoice(specs=[("code", "guess")]),
        "threshold": lambda: persons.map(lambda _: 1 / 0, stageThreshold=1),
    }.items():
        try:
            attempt()
        except Exception as error:  # noqa: BLE001 (whatever it raises is what a test compares)
            messages[name] = f"{type(error).__name__}: {error}"
    return messages


@case
def the_rest() -> Any:
    from_rdd = glue.create_dynamic_frame.from_rdd(spark.sparkContext.parallelize([(1, "a")]), "pairs", ["n", "s"])
    job = Job(glue)
    job.init("name", {})
    job.commit()
    return [
        tree(from_rdd),
        job.isInitialized(),
        from_rdd.repartition(2).getNumPartitions(),
        tree(T.SelectFields.apply(frame=friends, paths=["friends.name"])),
    ]


import frame_edge_cases  # noqa: E402, F401 (its cases add their results to these)

(FOLDER / "results.json").write_text(json.dumps(RESULTS, default=str))
