"""The fields below a change, one a line."""

from common.base.markup import strip_markup
from common.model.comparison import FieldChange
from common.model.resource import Action, Change, Key
from common.report.change_lines import ChangeLines


def test_a_field_that_the_reason_tells_is_not_told_again_and_long_values_begin_where_they_differ() -> None:
    """Also one that AWS gives only later, and texts in other scripts."""
    mark = "«p: resource/dead#QueueUrl»"
    in_reason = (FieldChange("Timeout", 3, 5), FieldChange("Layers", ["ü"], ["ö"]), FieldChange("Url", None, mark))
    reason = 'Timeout 3 → 5; Layers ["ü"] → ["ö"]; Url none → (QueueUrl is known after resource/dead is created)'
    same = "x" * 300
    others = (
        FieldChange("Comment", f"{same}a", f"{same}b"),
        FieldChange("Old", "gone", None, sign="-"),
        FieldChange("New", None, 1, sign="+"),
    )
    change = Change(Key("p", "lambda", "f"), Action.UPDATE, reason, fields=(*in_reason, *others))
    assert [strip_markup(line).strip() for line in ChangeLines().fields(change)] == [
        f"~ Comment …{'x' * 20}a → …{'x' * 20}b",
        "- Old gone",
        "+ New 1",
    ]
