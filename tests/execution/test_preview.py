"""The first rows of a partitioned table in S3, and what reading them costs."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto import mock_aws

from common.aws.session import AwsSession
from common.base.errors import AwsError, DeployError
from common.base.terminal import Screen
from common.execution import preview as previews
from common.execution.preview import preview
from common.model.reference import Ref
from common.model.resource import Key
from common.report.run_report import show_preview
from tests.support.terminal import on_screen

BUCKET = Ref(Key("shared", "bucket", "final"), "t-final", "arn:aws:s3:::t-final")
TABLE = BUCKET / "acreage"


@pytest.fixture
def aws() -> Iterator[AwsSession]:
    with mock_aws():
        session = AwsSession("us-east-1", "123456789012")
        session.call("s3", "CreateBucket", Bucket="t-final")
        yield session


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def put(aws: AwsSession, key: str, columns: dict[str, list[Any]], **options: Any) -> int:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, **options)
    aws.call("s3", "PutObject", Bucket="t-final", Key=f"acreage/{key}", Body=buffer.getvalue())
    return len(buffer.getvalue())


def test_shows_the_first_rows_in_the_order_of_files_with_partitions_first(aws: AwsSession, pool: ThreadPoolExecutor) -> None:
    put(aws, "year=2023/state=NM/part-0.parquet", {"county": ["Lea"] * 9, "acres": [Decimal("2.50")] * 9})
    put(aws, "year=2023/state=IA/part-0.parquet", {"county": ["Polk", None, "Adair"], "acres": [Decimal("1.00")] * 3})
    put(aws, "year=2022/state=__HIVE_DEFAULT_PARTITION__/part-0.parquet", {"county": ["a b"], "acres": [Decimal("0.10")]})
    aws.call("s3", "PutObject", Bucket="t-final", Key="acreage/_SUCCESS", Body=b"")
    aws.call("s3", "PutObject", Bucket="t-final", Key="acreage/_temporary/x.parquet", Body=b"half")
    aws.call("s3", "PutObject", Bucket="t-final", Key="acreage2/other.parquet", Body=b"not of this table")
    table = preview(aws, TABLE, pool)
    assert table.columns == ("year", "state", "county", "acres")
    assert table.rows[:3] == (
        ("2022", None, "a b", Decimal("0.10")),
        ("2023", "IA", "Polk", Decimal("1.00")),
        ("2023", "IA", None, Decimal("1.00")),
    )
    assert (len(table.rows), table.total, table.files) == (10, 13, 3)
    assert table.uri == TABLE.uri


def test_partition_values_are_unquoted_and_missing_columns_are_empty(aws: AwsSession, pool: ThreadPoolExecutor) -> None:
    put(aws, "crop=SWEET%20CORN%2FX/a.parquet", {"x": [1]})
    put(aws, "crop=YAMS/a.parquet", {"y": [2]})
    table = preview(aws, TABLE, pool)
    assert (table.columns, table.rows) == (("crop", "x", "y"), (("SWEET CORN/X", 1, None), ("YAMS", None, 2)))


def test_a_table_without_files_or_rows_is_empty(aws: AwsSession, pool: ThreadPoolExecutor) -> None:
    assert preview(aws, TABLE, pool) == previews.Preview(TABLE.uri, (), (), 0, 0)
    put(aws, "a.parquet", {"x": pa.array([], pa.int64())})
    table = preview(aws, TABLE, pool)
    assert (table.rows, table.total, table.files) == ((), 0, 1)


def test_a_large_file_is_not_read_whole(aws: AwsSession, pool: ThreadPoolExecutor) -> None:
    numbers = list(range(400_000))
    size = put(
        aws, "big.parquet", {"n": numbers, "m": numbers[::-1]}, row_group_size=50_000, compression="none", use_dictionary=False
    )
    fetched: list[int] = []
    counted = aws.call

    class Counting(AwsSession):
        def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
            if operation == "GetObject":
                first, last = parameters["Range"].removeprefix("bytes=").split("-")
                fetched.append(int(last) - int(first) + 1)
            return counted(service, operation, **parameters)

    table = preview(Counting("us-east-1", "123456789012"), TABLE, pool)
    assert table.rows == tuple((n, 399_999 - n) for n in range(10))
    assert table.total == 400_000
    assert sum(fetched) < size / 2


def test_small_files_cost_one_get_each_to_count(aws: AwsSession, pool: ThreadPoolExecutor) -> None:
    for number in range(12):
        put(aws, f"p={number:02}/a.parquet", {"x": [number] * 10})
    aws.calls.clear()
    assert preview(aws, TABLE, pool).total == 120
    assert aws.calls == {"s3:ListObjectsV2": 1, "s3:GetObject": 12 + 1}


def test_many_files_are_not_counted(aws: AwsSession, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "COUNTED_FILES", 1)
    put(aws, "a.parquet", {"x": [1]})
    put(aws, "b.parquet", {"x": [2]})
    table = preview(aws, TABLE, pool)
    assert (table.total, table.files, len(table.rows)) == (None, 2, 2)


def test_what_is_not_parquet_or_not_there_is_told(aws: AwsSession, pool: ThreadPoolExecutor) -> None:
    aws.call("s3", "PutObject", Bucket="t-final", Key="acreage/a.parquet", Body=b"these are not the bytes of a table")
    with pytest.raises(DeployError, match=r"s3://t-final/acreage/a\.parquet is not Parquet"):
        preview(aws, TABLE, pool)
    with pytest.raises(AwsError, match="NoSuchBucket"):
        preview(aws, Ref(Key("shared", "bucket", "no"), "t-no", "arn:aws:s3:::t-no") / "x", pool)


FOUND = previews.Preview(
    "s3://b/t/", ("year", "county", "note"), (("2023", "Lea [x]", "n" * 60), ("2022", "Polk\nCity", None)), 1234, 2
)


def test_shows_all_columns_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    show_preview(Screen(stream), FOUND)
    text = stream.getvalue()
    assert "the first 2 of 1,234 rows" in text
    assert [line.split() for line in text.splitlines() if line.startswith("20")] == [
        ["2023", "Lea", "[x]", "n" * 39 + "…"],
        ["2022", "Polk", "City"],
    ]


def test_shows_the_columns_that_a_terminal_has_room_for_and_names_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = on_screen(monkeypatch, 40)
    show_preview(Screen(stream), FOUND)
    text = stream.text()
    assert "county" in text
    assert "nnn" not in text
    assert "Columns that are not shown: note" in text


def test_a_table_that_is_shown_whole_is_counted_and_a_long_place_has_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = on_screen(monkeypatch, 40)
    preview = previews.Preview("s3://a-bucket/with/a/long/prefix", ("year",), (("2023",), ("2022",)), 2, 1, removed=3)
    show_preview(Screen(stream), preview)
    assert stream.text().splitlines()[1:4] == [preview.uri, "1 file was written, 3 removed", "2 rows"]
