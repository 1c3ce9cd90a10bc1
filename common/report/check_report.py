"""The problems of declarations for people, for programs and for pull requests.

Follows https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html and
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

import json
import re
from pathlib import Path
from urllib.parse import quote

from common.base.atomic_file import new_file
from common.base.json_types import JsonObject
from common.base.plural import counted
from common.base.version import VERSION
from common.declare.asl.codes import CODES
from common.declare.checking import Checked

PLACE = re.compile(r"(?P<file>[\w./-]+\.(py|json|ya?ml))(:(?P<line>\d+))?")
"""The place that a message begins with."""
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def summary(checked: Checked) -> str:
    """How many problems there are, in one sentence."""
    severities = [located.problem.about.severity for located in checked.problems]
    errors, warnings = severities.count("error") + len(checked.errors), severities.count("warning")
    counts = " and ".join(counted(number, what) for number, what in ((errors, "error"), (warnings, "warning")) if number)
    if checked.is_wrong:
        return f"{counts}; wrong: {counted(len(checked.wrong), 'state machine')}."
    projects = counted(len({key.project for key in checked.machines}), "project")
    return f"checked {counted(len(checked.machines), 'state machine')} in {projects}: {counts or 'no problems'}."


def as_json(checked: Checked) -> JsonObject:
    """What was found, for programs."""
    return {
        "state_machines": len(checked.machines) + len(checked.wrong),
        "problems": [
            {
                **located.problem.as_json(),
                "suggestion": located.problem.suggestion.strip(),
                "place": str(located.problem.place),
                "severity": located.problem.about.severity,
                "page": located.page,
                "file": located.file,
                "line": located.line or None,
                "machine": located.machine,
            }
            for located in checked.problems
        ],
        "errors": checked.errors,
    }


def as_sarif(checked: Checked) -> JsonObject:
    """What was found, as GitHub and others show it beside the lines of a pull request."""
    codes = sorted({located.problem.code for located in checked.problems})
    rules: list[JsonObject] = [
        {
            "id": code,
            "shortDescription": {"text": CODES[code].meaning},
            "helpUri": CODES[code].url(),
            "defaultConfiguration": {"level": CODES[code].severity},
        }
        for code in codes
    ]
    results = [
        {
            "ruleId": located.problem.code,
            "ruleIndex": codes.index(located.problem.code),
            "level": located.problem.about.severity,
            "message": {"text": str(located.problem)},
            "locations": [
                {
                    **_location(located.file, located.line or 1),
                    "logicalLocations": [{"fullyQualifiedName": f"{located.machine}: {located.problem.place}"}],
                }
            ],
        }
        for located in checked.problems
    ]
    if checked.errors:
        rules.append({"id": "DECLARATION", "shortDescription": {"text": "A declaration or a configuration file is wrong."}})
        results += [_declaration(message) for message in checked.errors]
    driver = {"name": "invoke check", "version": VERSION, "rules": rules}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _declaration(message: str) -> JsonObject:
    """The result for what is not a problem of a definition; most messages begin with the file and the line."""
    place = PLACE.match(message)
    location = _location(place["file"], int(place["line"] or 1)) if place else _location("deploy.py", 1)
    return {"ruleId": "DECLARATION", "level": "error", "message": {"text": message}, "locations": [location]}


def _location(file: str, line: int) -> JsonObject:
    place = {"uri": quote(file), "uriBaseId": "%SRCROOT%"}
    return {"physicalLocation": {"artifactLocation": place, "region": {"startLine": line}}}


def write_sarif(checked: Checked, path: str) -> None:
    """Writes `as_sarif` to a file."""
    with new_file(Path(path).absolute()) as file:
        file.write_text(f"{json.dumps(as_sarif(checked), indent=2)}\n")
