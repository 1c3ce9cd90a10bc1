"""The committed sample files, and the independent computation checked by hand."""

import csv
from pathlib import Path

import pytest

from projects.fpac_pipeline.tests import expected
from projects.fpac_pipeline.tests.data import make_sample

DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize("name", sorted(make_sample.files()))
def test_the_committed_file_is_what_the_generator_makes(name: str) -> None:
    assert (DATA / name).read_bytes() == make_sample.files()[name].encode()


def test_no_other_file_is_committed() -> None:
    assert {path.name for path in DATA.glob("*.csv")} == set(make_sample.files())


def test_another_seed_makes_another_sample() -> None:
    assert make_sample.files(seed=1)["sample.csv"] != make_sample.files()["sample.csv"]


def test_the_sample_is_large_and_mostly_sound() -> None:
    counts = expected.counts(DATA / "sample.csv")
    assert counts["landing_rows"] > 2000
    assert 10 < 100 * counts["rejected_rows"] / counts["landing_rows"] < 25
    assert counts["final_rows"] > 300


def test_the_final_rows_are_one_for_each_group() -> None:
    rows = expected.final_rows(DATA / "sample.csv")
    keys = [(row["program_year"], row["state"], row["county_code"], row["crop"]) for row in rows]
    assert keys == sorted(set(keys))


def test_a_small_file_worked_out_by_hand(tmp_path: Path) -> None:
    line = "2023,19,153,0041,19153,IOWA,POLK,CORN,YELLOW,GR,N,100.50,0.00,2.25,3.00,,102.75"
    good = line.split(",")
    rows = [
        good,
        [f" {cell}" for cell in good],  # the same report
        [*good[:10], "irrigated", "1,000.005", *good[12:]],  # another practice, rounded up
        [*good[:8], "WHITE", *good[9:]],  # another type ...
        [*good[:8], "WHITE", *good[9:12], "1", *good[13:]],  # ... which this contradicts
        [*good[:9], "??", *good[10:]],
    ]
    path = tmp_path / "small.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([make_sample.HEADER, *rows])
    [row] = expected.final_rows(path)
    assert {name: str(value) for name, value in row.items()} == {
        "program_year": "2023",
        "state": "IA",
        "state_code": "19",
        "state_name": "IOWA",
        "county_code": "153",
        "county": "POLK",
        "crop": "CORN",
        "planted_acres": "1100.51",
        "volunteer_acres": "0.00",
        "failed_acres": "4.50",
        "prevented_acres": "6.00",
        "not_planted_acres": "0.00",
        "planted_and_failed_acres": "1105.01",
        "irrigated_planted_acres": "1000.01",
        "reports": "2",
    }
    assert expected.counts(path) == {"landing_rows": 6, "cleansed_rows": 2, "rejected_rows": 4, "final_rows": 1}
