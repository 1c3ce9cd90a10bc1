"""What a project has before an import stays as it is."""

import json

from common.importing.entries import Context
from common.importing.present import PresentProject
from common.importing.references import References, Used
from common.importing.selection import Keys
from tests.importing.live import ENV

TEXT = """{
    "functions": {"Validate": {"memory_mb": 512}},
    "existing": {"buckets": {"raw": {"name": "company-raw"}}},
    "parameters": {"stage": "dev"}
}
"""


def present(text: str | None = TEXT) -> PresentProject:
    overlay = json.loads(text) if text else {}
    used = (Used("bucket", "raw", "company-raw", is_there=True),)
    return PresentProject(project="orders", overlay_path="config/orders/dev.json", overlay_text=text, overlay=overlay, used=used)


def test_every_line_of_a_configuration_stays_and_what_is_new_is_added() -> None:
    new = {
        "functions": {"Validate": {"memory_mb": 1}, "Notify": {"memory_mb": 128}},
        "existing": {"buckets": {"raw": {"name": "other"}, "in": {"name": "company-in"}}, "topics": {"alerts": {"name": "x"}}},
        "parameters": {"stage": "dev"},
        "jobs": {"load": {"workers": 3}},
    }
    merged = json.loads(present().overlay_with(new))
    assert merged["functions"] == {"Validate": {"memory_mb": 512}, "Notify": {"memory_mb": 128}}
    assert merged["existing"] == {
        "buckets": {"raw": {"name": "company-raw"}, "in": {"name": "company-in"}},
        "topics": {"alerts": {"name": "x"}},
    }
    assert merged["jobs"] == {"load": {"workers": 3}}
    assert present().overlay_with({"parameters": {"stage": "dev"}}) == TEXT


def test_a_new_configuration_names_its_schema() -> None:
    text = present(None).overlay_with({"jobs": {"load": {"workers": 3}}})
    assert json.loads(text) == {"$schema": "../schema.json#/$defs/Project", "jobs": {"load": {"workers": 3}}}


def test_what_is_used_already_keeps_its_name() -> None:
    references = References(ENV, Keys(), lambda name: name, {}, ())
    context = present().extend(Context(ENV, "orders", references))
    assert references.text("s3://company-raw/in/") == "s3://${raw.name}/in/"
    assert references.new_uses() == []
    assert context.variable("bucket", "company-raw") == 'p.shared.bucket("raw")', "no variable holds it"
