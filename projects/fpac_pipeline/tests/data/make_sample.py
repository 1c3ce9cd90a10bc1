"""Make the sample files: acreage reports of a few counties and two program years, with the dirt that real files have.

Everything follows from one seed, so running this again writes the same bytes; a test compares them. ``sample.csv`` goes
through the pipeline, the other files are refused by ``Validate``.
"""

import csv
import io
import random
from collections.abc import Callable
from pathlib import Path

COLUMNS = (
    "Program Year,State Code,County Code,Crop Code,State County Code,State,County,Crop,Crop Type,Intended Use,"
    "Irrigation Practice,Planted Acres,Volunteer Acres,Failed Acres,Prevented Acres,Not Planted Acres,"
    "Planted and Failed Acres"
)
HEADER = COLUMNS.split(",")
YEARS = ("2022", "2023")
COUNTIES = {
    ("05", "ARKANSAS"): ("001 ARKANSAS", "031 CRAIGHEAD", "107 PHILLIPS"),
    ("06", "CALIFORNIA"): ("019 FRESNO", "029 KERN", "077 SAN JOAQUIN", "107 TULARE"),
    ("17", "ILLINOIS"): ("019 CHAMPAIGN", "113 MCLEAN", "115 MACON", "167 SANGAMON"),
    ("19", "IOWA"): ("001 ADAIR", "013 BLACK HAWK", "153 POLK", "169 STORY", "193 WOODBURY"),
    ("20", "KANSAS"): ("055 FINNEY", "067 GRANT", "155 RENO", "173 SEDGWICK"),
    ("31", "NEBRASKA"): ("001 ADAMS", "047 DAWSON", "079 HALL", "109 LANCASTER"),
    ("35", "NEW MEXICO"): ("013 DOÑA ANA", "025 LEA"),
    ("38", "NORTH DAKOTA"): ("017 CASS", "035 GRAND FORKS", "093 STUTSMAN"),
    ("48", "TEXAS"): ("069 CASTRO", "189 HALE", "303 LUBBOCK", "437 SWISHER"),
}
CROPS = {  # code and name: types, intended uses
    "0011 WHEAT": (("HARD RED WINTER", "HARD RED SPRING", "SOFT RED WINTER"), ("GR", "GZ", "FG")),
    "0016 OATS": (("SPRING", "HULLESS"), ("GR", "FG", "GZ")),
    "0021 COTTON UPLAND": (("",), ("",)),
    "0041 CORN": (("YELLOW", "WHITE"), ("GR", "FG", "SD")),
    "0051 SORGHUM": (("GRAIN", "DUAL PURPOSE"), ("GR", "FG")),
    "0081 SOYBEANS": (("COMMON",), ("GR", "SD")),
    "0027 ALFALFA": (("",), ("FG", "GZ", "SD")),
    "0076 SUNFLOWERS": (("OIL", "CONFECTIONERY"), ("GR",)),
}
COLUMN = {name: place for place, name in enumerate(HEADER)}
ACRES = HEADER[COLUMN["Planted Acres"] :]

Row = list[str]
Random = random.Random


def files(seed: int = 20240115) -> dict[str, str]:
    """File name to content."""
    rng = Random(seed)
    clean = _clean_rows(rng)
    sample = _with_dirt(clean, rng)
    kept = [place for place, name in enumerate(HEADER) if name not in {"County Code", "Prevented Acres"}]
    return {
        "sample.csv": _text([HEADER, *sample]),
        "missing_columns.csv": _text([[row[place] for place in kept] for row in [HEADER, *clean[:20]]]),
        "shifted_columns.csv": _text([HEADER, *([row[-1], *row[:-1]] for row in clean[:20])]),
        "header_only.csv": _text([HEADER]),
        "empty.csv": "",
    }


def _clean_rows(rng: Random) -> list[Row]:
    rows = []
    for year in YEARS:
        for (state_code, state), counties in COUNTIES.items():
            for county in counties:
                for crop, (types, uses) in CROPS.items():
                    for kind in types:
                        for use in uses:
                            for practice in ("I", "N", "O"):
                                if rng.random() < {"I": 0.5, "N": 0.7, "O": 0.03}[practice]:
                                    where = (state_code, state, *county.split(maxsplit=1))
                                    rows.append(_row(rng, year, where, (*crop.split(maxsplit=1), kind, use, practice)))
    return rows


def _row(rng: Random, year: str, where: tuple[str, ...], what: tuple[str, ...]) -> Row:
    state_code, state, county_code, county = where
    crop_code, crop, kind, use, practice = what
    planted = round(rng.lognormvariate(6, 1.5), 2)
    failed = round(planted * rng.uniform(0.001, 0.08), 2) if rng.random() < 0.3 else 0.0
    prevented = round(planted * rng.uniform(0.01, 0.2), 2) if rng.random() < 0.25 else 0.0
    volunteer = round(planted * 0.01, 2) if rng.random() < 0.05 else 0.0
    acres = (f"{value:.2f}" for value in (planted, volunteer, failed, prevented, 0.0, planted + failed))
    codes = (state_code, county_code, crop_code, state_code + county_code)
    return [year, *codes, state, county, crop, kind, use, practice, *acres]


def _with_dirt(clean: list[Row], rng: Random) -> list[Row]:
    """Every kind of dirt at some rows each; now and then a row has two kinds."""
    rows = [list(row) for row in clean]
    for dirty in DIRT:
        for place in sorted(rng.sample(range(len(rows)), len(rows) // 100)):
            rows[place] = dirty(rows[place], rng)
    repeated = [list(row) for row in rng.sample(rows, len(rows) // 50)]
    spaced = [_spaces(row, rng) for row in rng.sample(clean, len(clean) // 100)]  # equal only once they are normalised
    contradicting = [_set(row, "Planted Acres", "77777.77") for row in rng.sample(clean, len(clean) // 150)]
    for row in [*repeated, *spaced, *contradicting]:
        rows.insert(rng.randrange(len(rows)), row)
    return rows


def _set(row: Row, column: str, value: str) -> Row:
    return [value if place == COLUMN[column] else cell for place, cell in enumerate(row)]


def _change(column: str, change: Callable[[str], str]) -> Callable[[Row, Random], Row]:
    def changed(row: Row, rng: Random) -> Row:
        return _set(row, column, change(row[COLUMN[column]])) if len(row) == len(HEADER) else row

    return changed


def _become(column: str, *values: str) -> Callable[[Row, Random], Row]:
    def changed(row: Row, rng: Random) -> Row:
        return _set(row, column, rng.choice(values))

    return changed


def _spaces(row: Row, rng: Random) -> Row:
    return [f"{' ' * rng.randrange(3)}{cell.replace(' ', '  ')}{rng.choice(('', ' ', chr(9)))}" for cell in row]


def _short(row: Row, rng: Random) -> Row:
    return row[: rng.choice((COLUMN["Planted Acres"], COLUMN["Crop"], COLUMN["Failed Acres"]))]


def _lower(row: Row, rng: Random) -> Row:
    return [cell.lower() if place in range(COLUMN["State"], COLUMN["Planted Acres"]) else cell for place, cell in enumerate(row)]


def _no_acres(row: Row, rng: Random) -> Row:
    return [*row[: COLUMN["Planted Acres"]], *("" for _ in ACRES)]


DIRT: tuple[Callable[[Row, Random], Row], ...] = (
    # cured by cleaning
    _spaces,
    _lower,
    _change("State Code", lambda code: code.lstrip("0")),
    _change("County Code", lambda code: code.lstrip("0")),
    _change("County Code", lambda code: f"{code}.0"),
    _change("State County Code", lambda code: code.lstrip("0")),
    _change("Crop Code", lambda code: code.lstrip("0")),
    _change("Program Year", lambda year: f"{year}.0"),
    _change("Planted Acres", lambda acres: f"{float(acres):,.2f}" if acres.strip() else acres),
    _change("Planted Acres", lambda acres: f"{acres}5" if acres.strip() else acres),
    _become("Irrigation Practice", "irrigated", "Non-Irrigated", "NONIRRIGATED", "Other"),
    _become("Crop Code", "", "NULL"),
    _become("Crop Type", "", "N/A", "NULL"),
    _become("Volunteer Acres", "", " "),
    _become("State County Code", ""),
    _become("State", "", "null"),
    _change("Intended Use", lambda use: {"GR": "Grain", "FG": "Forage", "GZ": "Grazing", "SD": "seed"}.get(use, use)),
    # set aside by cleaning
    _become("Program Year", "", "20233", "1923", "next year"),
    _become("State Code", "99", "03", "XX", ""),
    _become("State", "ATLANTIS", "GUAM"),
    _become("County Code", "", "1234", "A01"),
    _become("State County Code", "99999", "19999"),
    _become("County", "", "  "),
    _become("Crop", ""),
    _become("Crop Code", "WHEAT", "00411"),
    _become("Intended Use", "???", "G", "GRN"),
    _become("Irrigation Practice", "", "X", "yes"),
    _become("Planted Acres", "-12.50", "-0.01"),
    _become("Failed Acres", "abc", "12.3.4", "1O0", "12,34"),
    _no_acres,
    _short,
)


def _text(rows: list[Row]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def main() -> None:
    """Write the files beside this one."""
    for name, content in files().items():
        (Path(__file__).parent / name).write_text(content, encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
