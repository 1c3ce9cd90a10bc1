"""What must be in the zones after one acreage file went through the pipeline, worked out in plain Python.

It shares no code and no structure with the jobs: one pass over the file, decimals and dictionaries, from the rules alone.

1. A cell loses its outer white space; inner white space becomes one space; capitals throughout. NULL and N/A are blank.
2. A row is sound when
   - the year has four digits (``2023.0`` too) and lies in 2009-2099;
   - the state code, one or two digits (``.0`` ignored, zeros filled up), is a state's, and the state's name, unless blank, is
     that state's name or postal code;
   - the county code has one to three digits (filled up); the five-digit code, when it can be read, equals the other two;
   - county and crop are not blank, and the crop code is blank or has one to four digits;
   - the intended use is blank, two letters, or one of the words for a use; the practice is a word for I, N or O;
   - every acre field is blank or a number (thousands may have commas), at least one of planted, volunteer, failed,
     prevented and not planted acres is there, and none of these is negative. Cents are rounded half up.
3. Sound rows that are equal after this count once. Those that have year, state, county code, crop, crop type, use and practice
   in common, but differ elsewhere, count not at all. ("Elsewhere": county, crop code, the five acre fields.)
4. The final table adds up what remains by year, state, county and crop.
"""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

STATES = {  # those of the sample, and those that its dirt names
    "05": ("AR", "ARKANSAS"),
    "06": ("CA", "CALIFORNIA"),
    "17": ("IL", "ILLINOIS"),
    "19": ("IA", "IOWA"),
    "20": ("KS", "KANSAS"),
    "31": ("NE", "NEBRASKA"),
    "35": ("NM", "NEW MEXICO"),
    "38": ("ND", "NORTH DAKOTA"),
    "48": ("TX", "TEXAS"),
}
USE_WORDS = {"": "NONE", "GRAIN": "GR", "FORAGE": "FG", "GRAZING": "GZ", "SEED": "SD"}
PRACTICE_WORDS = {"IRRIGATED": "I", "NON-IRRIGATED": "N", "NONIRRIGATED": "N", "OTHER": "O", "I": "I", "N": "N", "O": "O"}
FIVE = ("Planted Acres", "Volunteer Acres", "Failed Acres", "Prevented Acres", "Not Planted Acres")
NUMBER = re.compile(r"[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]*)?")

Report = tuple[Any, ...]


def final_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of the final table in the order of year, state, county code and crop; all columns but ``run_id``."""
    reports, _ = _kept(path)
    groups: dict[Report, list[Report]] = defaultdict(list)
    for (year, state_code, county_code, crop, _, _, practice), (county, _, *acres) in reports:
        groups[year, state_code, county_code, crop, county].append((practice, *acres))
    rows = [_total(group, members) for group, members in groups.items()]
    return sorted(rows, key=lambda row: (row["program_year"], row["state"], row["county_code"], row["crop"]))


def counts(path: Path) -> dict[str, int]:
    """The counts that a finished run has on record."""
    reports, landed = _kept(path)
    return {
        "landing_rows": landed,
        "cleansed_rows": len(reports),
        "rejected_rows": landed - len(reports),
        "final_rows": len(final_rows(path)),
    }


def _kept(path: Path) -> tuple[list[tuple[Report, Report]], int]:
    """The reports that count, once each, and the number of rows in the file."""
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file, restval=""))
    sound = {report for line in lines for report in _report(line)}  # a set: equal reports count once
    variants = Counter(identity for identity, _ in sound)
    return [(identity, rest) for identity, rest in sound if variants[identity] == 1], len(lines)


def _report(line: dict[str, str]) -> Iterator[tuple[Report, Report]]:
    """The one report of a sound line; none of another."""
    cell = {name: re.sub(r"\s+", " ", value).strip().upper() for name, value in line.items()}
    cell = {name: "" if value in ("NULL", "N/A") else value for name, value in cell.items()}
    year = re.fullmatch(r"([0-9]{4})(\.0+)?", cell["Program Year"])
    state_code, county_code = _digits(cell["State Code"], 2), _digits(cell["County Code"], 3)
    both, crop_code = _digits(cell["State County Code"], 5), _digits(cell["Crop Code"], 4)
    use = USE_WORDS.get(cell["Intended Use"], cell["Intended Use"])
    practice = PRACTICE_WORDS.get(cell["Irrigation Practice"])
    written = [cell[name] for name in FIVE]
    readable = all(NUMBER.fullmatch(text) for text in [*written, cell["Planted and Failed Acres"]] if text)
    if not (
        year
        and 2009 <= int(year[1]) <= 2099
        and state_code in STATES
        and (not cell["State"] or cell["State"] in STATES[state_code])
        and county_code
        and (not both or both == state_code + county_code)
        and cell["County"]
        and cell["Crop"]
        and (crop_code or not cell["Crop Code"])
        and re.fullmatch("NONE|[A-Z]{2}", use)
        and practice
        and readable
        and any(written)
        and all(not text.startswith("-") for text in written)
    ):
        return
    identity = (int(year[1]), state_code, county_code, cell["Crop"], cell["Crop Type"] or "NONE", use, practice)
    yield identity, (cell["County"], crop_code, *(_cents(text) for text in written))


def _digits(text: str, length: int) -> str:
    match = re.fullmatch(rf"([0-9]{{1,{length}}})(\.0+)?", text)
    return match[1].zfill(length) if match else ""


def _cents(text: str) -> Decimal:
    return Decimal(text.replace(",", "") or 0).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _total(group: Report, members: list[Report]) -> dict[str, Any]:
    year, state_code, county_code, crop, county = group
    planted, volunteer, failed, prevented, not_planted = (sum(column) for column in list(zip(*members, strict=True))[1:])
    postal, name = STATES[state_code]
    return {
        "program_year": year,
        "state": postal,
        "state_code": state_code,
        "state_name": name,
        "county_code": county_code,
        "county": county,
        "crop": crop,
        "planted_acres": planted,
        "volunteer_acres": volunteer,
        "failed_acres": failed,
        "prevented_acres": prevented,
        "not_planted_acres": not_planted,
        "planted_and_failed_acres": planted + failed,
        "irrigated_planted_acres": sum((m[1] for m in members if m[0] == "I"), Decimal("0.00")),
        "reports": len(members),
    }
