"""Whatever a template is: the names that follow from it are such as AWS allows, or are refused."""

import re

from hypothesis import given
from hypothesis import strategies as st

from common.base.errors import DeclarationError
from common.declare.naming import PhysicalNames
from common.environment.names import FIELDS
from common.model.resource import SHARED
from common.resources import kinds
from tests.support.deploying import ENV

NAMED = {name: kind for name, kind in kinds().items() if kind.arn is not None or name == "role"}
TEXTS = ("FSA", "-", "_", "/", ".", " ", "é", "*", "aws")
PARTS = st.lists(st.sampled_from([*(f"{{{field}}}" for field in FIELDS), *TEXTS]), max_size=6)
REFUSED = re.compile("AWS allows|a role's path|bucket's name|S3 keeps")


@given(kind=st.sampled_from(sorted(NAMED)), before=PARTS, after=PARTS, project=st.sampled_from(["acres", SHARED]))
def test_a_rendered_name_is_one_that_aws_allows_or_is_refused(
    kind: str, before: list[str], after: list[str], project: str
) -> None:
    template = f"{''.join(before)}{{name}}{''.join(after)}"
    names = PhysicalNames(ENV.model_copy(update={"names": {kind: template}}), project)
    rule = NAMED[kind].names
    try:
        physical = names.of(NAMED[kind], "Validate" if kind not in {"bucket", "database"} else "valid")
    except DeclarationError as refusal:
        message = str(refusal)
    else:
        message, name = "", physical.rpartition("/")[2] if kind == "role" else physical
        assert rule.pattern.fullmatch(name)
        assert rule.least <= len(name) <= rule.most
        assert {*"*{}é"}.isdisjoint(name)
    assert not message or REFUSED.search(message)
