"""What a first start tells of the packages that it fetches."""

from common.local.download import Download

LINES = """Using Python 3.11.7 environment at: env
Resolved 19 packages in 498ms
Downloading numpy (17.4MiB)
Downloading pyspark (1.5GiB)
 Downloaded numpy
 Downloaded pyspark
Prepared 19 packages in 3.95s
Installed 19 packages in 426ms
 + numpy==1.26.4
"""


def test_sizes_add_up_while_packages_arrive_and_the_sum_stays() -> None:
    told: list[str] = []
    shown: list[str] = []
    now = iter((0.0, 65.0))
    with Download("spark", told.append, shown.append, lambda: next(now)) as download:
        for line in LINES.splitlines(keepends=True):
            download.take(line)
    assert shown == [
        "fetching packages of spark: looking them up",
        "fetching packages of spark, 0.0 of 17.4 MiB: numpy 17.4 MiB",
        "fetching packages of spark, 0.0 of 1553.4 MiB: numpy 17.4 MiB, pyspark 1536.0 MiB",
        "fetching packages of spark, 17.4 of 1553.4 MiB: pyspark 1536.0 MiB",
        "fetching packages of spark, 1553.4 of 1553.4 MiB",
        "installing packages of spark",
        "",
    ]
    assert told == ["fetched 1553.4 MiB in 65 s"]


def test_what_uv_has_already_is_not_told() -> None:
    told: list[str] = []
    with Download("lambda", told.append, lambda _: None) as download:
        download.take("Resolved 7 packages in 5ms")
    assert told == []
