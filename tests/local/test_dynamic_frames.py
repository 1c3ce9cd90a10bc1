"""DynamicFrames on this machine yield what AWS's documentation shows for its examples.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-dynamic-frame.html
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from common.local import spark_python

ROOT = Path(__file__).resolve().parents[2]
CASES = Path(__file__).parent / "spark" / "frame_cases.py"
LIBRARY = ROOT / "common" / "local" / "runtime" / "spark"
pytestmark = pytest.mark.timeout(600)
PERSON = {"id": "p1", "family_name": "Collins", "name": "Michael", "birth_date": "1944-10-15"}


@pytest.fixture(scope="module")
def yielded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the cases yield, all in one Spark session."""
    folder = tmp_path_factory.mktemp("frames")
    python, variables = spark_python(ROOT)
    environment = {**os.environ, **variables, "PYTHONPATH": str(LIBRARY), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [python, CASES, folder], capture_output=True, text=True, env=environment, timeout=580, check=False, cwd=folder
    )
    assert done.returncode == 0, done.stderr[-4000:]
    results: dict[str, Any] = json.loads((folder / "results.json").read_text())
    return results


def tree(text: str) -> str:
    """A schema as the documentation prints it: fields with ``|-- ``, one a line."""
    return "\n".join(["root", *(line.strip() for line in text.strip().splitlines())])


def test_fields_are_mapped_renamed_and_dropped(yielded: dict[str, Any]) -> None:
    mapped, row = yielded["apply_mapping"]
    assert mapped == tree("""
        |-- last_name: string
        |-- first_name: string
        |-- date_of_birth: date""")
    assert row == {"last_name": "Clawson", "first_name": "Curtis", "date_of_birth": "1959-09-28"}
    nested, first = yielded["nested_mapping"]
    assert nested == tree("""
        |-- drg: string
        |-- provider: struct
        |    |-- id: long
        |    |-- name: string""")
    assert first["provider"] == {"id": 10001, "name": "SOUTHEAST ALABAMA MEDICAL CENTER"}
    before, after = yielded["drop_fields"]
    assert before == tree("""
        |-- name: string
        |-- age: int
        |-- location: struct
        |    |-- state: string
        |    |-- county: string
        |-- friends: array
        |    |-- element: struct
        |    |    |-- name: string
        |    |    |-- age: int""")
    assert after == tree("""
        |-- name: string
        |-- location: struct
        |    |-- state: string
        |-- friends: array
        |    |-- element: struct
        |    |    |-- name: string""")
    flat, dotted, inner = yielded["rename_field"]
    assert flat.splitlines()[1:] == ["|-- id: string", "|-- organization_id: string", "|-- role: string", "|-- org_name: string"]
    assert dotted.splitlines()[3:] == ["|-- type: string", "|-- value: string"]
    assert "|    |-- district: string" in inner


def test_records_are_filtered_and_mapped_by_functions(yielded: dict[str, Any]) -> None:
    assert yielded["filtered"] == [3, 1, 1]
    before, after, failed = yielded["mapped"]
    assert "|-- Total Discharges: string" in before, "names in a header lose the spaces around them"
    assert after.endswith(
        tree("""
        |-- Address: struct
        |    |-- Street: string
        |    |-- City: string
        |    |-- State: string
        |    |-- Zip.Code: string
        |    |-- Array: array
        |    |    |-- element: string""").removeprefix("root\n")
    )
    assert failed == 5, "a record whose function raises is an error record"


def test_nested_data_is_flattened(yielded: dict[str, Any]) -> None:
    assert yielded["unnest"].splitlines()[-6:] == [
        "|-- Address.Street: string",
        "|-- Address.City: string",
        "|-- Address.State: string",
        "|-- Address.Zip.Code: string",
        "|-- Address.Array: array",
        "|    |-- element: string",
    ]
    assert yielded["unbox"].splitlines()[1:3] == ["|-- AddressString: struct", "|    |-- Street: string"]
    names, array, details, root = yielded["relationalize"]
    assert names == ["l_root", "l_root_contact_details"]
    assert array == tree("""
        |-- contact_details: array
        |    |-- element: struct
        |    |    |-- type: string
        |    |    |-- value: string""")
    assert details == "\n".join(
        line.strip()
        for line in """
        +---+-----+------------------------+-------------------------+
        | id|index|contact_details.val.type|contact_details.val.value|
        +---+-----+------------------------+-------------------------+
        |  1|    0|                     fax|             202-225-4160|
        |  1|    1|                   phone|             202-225-3436|
        +---+-----+------------------------+-------------------------+""".strip().splitlines()
    )
    assert root == [{"id": "p1", "contact_details": 1}, {"id": "p2", "contact_details": 2}, {"id": "p3"}]


def test_frames_are_split_joined_and_merged(yielded: dict[str, Any]) -> None:
    whole, left, right = yielded["split_fields"]
    fields = ["|-- id: long", "|-- index: int", "|-- contact_details.val.type: string", "|-- contact_details.val.value: string"]
    assert [text.splitlines()[1:] for text in (whole, left, right)] == [fields, fields[:2], fields[2:]]
    names, low, high, merged, nothing = yielded["split_rows_and_merge"]
    assert (names, low, high, nothing) == (["high", "low"], 2, 1, 0)
    assert [row["contact_details.val.value"] for row in merged] == ["new", "new", "RepSamFarr"]
    schema, row, count = yielded["join"]
    assert count == 2
    assert row == {**PERSON, "person_id": "p1", "organization_id": "o1", "role": "member", ".name": "House"}
    assert schema.endswith("|-- .name: string")


def test_a_field_with_values_of_several_types_is_a_choice_until_it_is_resolved(yielded: dict[str, Any]) -> None:
    before, resolved = yielded["choices"]
    assert before == tree("""
        |-- id: int
        |-- price: choice
        |    |-- double
        |    |-- int
        |    |-- long
        |-- list: array
        |    |-- element: struct
        |    |    |-- price: choice
        |    |    |    |-- double
        |    |    |    |-- string
        |-- code: choice
        |    |-- int
        |    |-- string""")
    codes = {name: [row.get("code") for row in rows] for name, (_, rows) in resolved.items()}
    assert codes["cast"] == [7, None, 12]
    assert codes["project"] == ["7", "x", "12"]
    assert codes["make_struct"] == [{"int": 7}, {"string": "x"}, {"string": "12"}]
    assert resolved["make_struct"][0].endswith("|-- code: struct\n|    |-- int: int\n|    |-- string: string")
    columns, rows = resolved["make_cols"]
    assert columns == tree("""
        |-- id: int
        |-- price_double: double
        |-- price_int: int
        |-- price_long: long
        |-- list: array
        |    |-- element: struct
        |    |    |-- price_double: double
        |    |    |-- price_string: string
        |-- code_int: int
        |-- code_string: string""")
    assert (rows[1]["price_int"], rows[1]["code_string"]) == (3, "x")
    assert [row["list"] for row in resolved["list"][1][:2]] == [[{"price": 100.0}, {}], []]


def test_frames_become_spark_frames_and_come_from_them(yielded: dict[str, Any]) -> None:
    code, prices, again, kind = yielded["choice_to_frame"]
    assert (code, kind) == ("struct<code:struct<int:int,string:string>>", "choice")
    assert [row["price"] for row in prices] == [100.0, 3.0, 5e9]
    assert again == tree("""
        |-- code: struct
        |    |-- int: int
        |    |-- string: string""")
    assert yielded["shows"].splitlines()[1] == '{"id": 2, "price": 3, "code": "x"}'
    pairs, initialized, partitions, inner = yielded["the_rest"]
    assert (pairs, initialized, partitions) == ("root\n|-- n: long\n|-- s: string", True, 2)
    assert inner == "root\n|-- friends: array\n|    |-- element: struct\n|    |    |-- name: string"


def test_malformed_records_are_errors_and_not_the_end(yielded: dict[str, Any]) -> None:
    schema, rows, count, fields, none = yielded["errors"]
    assert schema == tree("""
        |-- id: int
        |-- name: string
        |-- surname: string
        |-- height: int""")
    assert [row["id"] for row in rows] == [1, 4], "the documentation's reader loses the line after the malformed one too"
    assert (count, none) == (1, 0)
    assert "msg" in fields


def test_empty_fields_collections_and_files(yielded: dict[str, Any]) -> None:
    assert "links" not in yielded["drop_null_fields"]
    assert yielded["collections"] == [["a", "b"], "root\n|-- name: string", 2]
    counts, partitions, marker, back, spigot = yielded["written"]
    assert counts == {"json": 3, "csv": 3, "parquet": 3, "orc": 3, "sunk": 3}
    assert partitions == ["Provider State=AL", "Provider State=WI"]
    assert (marker, spigot) == (False, 2)
    assert "|-- code: choice" in back, "JSON keeps every value as it was"


def test_what_is_not_there_says_so_by_name_and_what_to_use(yielded: dict[str, Any]) -> None:
    messages = yielded["refused"]
    assert "write_dynamic_frame.from_jdbc_conf is not available" in messages["jdbc"]
    assert "Write to S3 locally" in messages["jdbc"]
    assert "spark-avro_2.12:3.5.4" in messages["avro"]
    assert "'mysql'" in messages["mysql"]
    assert "GlueContext.forEachBatch" in messages["batch"]
    assert "unnest_ddb_json" in messages["ddb"]
    assert "GlueContext.somethingNew is not available" in messages["unknown"]
    assert "cast:TYPE, project:TYPE, make_cols and make_struct" in messages["action"]
    assert "reaches the threshold 1" in messages["threshold"]


def test_mappings_keep_whole_values_and_paths_move(yielded: dict[str, Any]) -> None:
    """Scripts of Glue Studio map ``("links", "array", "links", "array")``; awsglue's own DecimalType() is (10, 2)."""
    schema, row = yielded["whole_values_mapped"]
    assert schema == tree("""
        |-- list: array
        |    |-- element: struct
        |    |    |-- p: choice
        |    |    |    |-- int
        |    |    |    |-- string
        |-- b: struct
        |    |-- c: choice
        |    |    |-- int
        |    |    |-- string
        |    |-- d: string
        |-- n: decimal(10,2)
        |-- d: string""")
    assert (row["b"], row["n"], row["d"]) == ({"c": {"int": 1}, "d": "x"}, 1.5, "x")
    into, out, top = yielded["moved_fields"]
    assert (into, out) == ({"a": {"x": 2, "id": 1}}, {"id": 1, "b": {"c": {"x": 2}}})
    assert top == {"id": 1, "x": 2}


def test_values_of_choices_are_compared_as_what_they_are(yielded: dict[str, Any]) -> None:
    split, rest, joined, merged = yielded["choices_compared"]
    assert (split, rest, joined) == (1, 1, ["one"]), "the text 2 is not the number 2"
    assert merged == 3
    assert yielded["one_member_projected"] == [[{"v": {"x": 1}}, {}], [{"v": [1]}, {}]]


def test_sources_with_nothing_and_options_of_formats(yielded: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-format.html (jsonPath, attachFilename)."""
    assert yielded["nothing_there"] == [0] * 8
    selected, attached, refused = yielded["format_options"]
    assert selected == {"$.items[*]": [1, 2], "$.items": [1, 2], "$['a-b']['c d']": [5], "$.none": []}
    assert attached["csv"] == ["root\n|-- id: string\n|-- file: string\n|-- at: timestamp", "attached.csv"]
    assert attached["json"] == ["root\n|-- id: int\n|-- file: string\n|-- at: timestamp", "attached.json"]
    assert "jsonPath '$..id' is not available" in refused
    plain, with_header = yielded["unboxed_csv"]
    assert {"v": {"col0": "a", "col1": "b"}} in plain
    assert {"v": {"x": "1", "y": "2"}} in with_header
