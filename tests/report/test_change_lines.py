"""The fields below a change, one a line."""

from common.base.markup import strip_markup
from common.model.comparison import FieldChange
from common.model.resource import Action, Change, Key
from common.report import change_parts
from common.report.change_lines import ChangeLines, values


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


def test_a_field_whose_values_are_shown_is_not_named_in_the_reason_too() -> None:
    """Variables of a function are hidden in reasons, so that these say only that they changed."""
    names = ("Environment.Variables.MODE", "Environment.Variables.NEW", "Description")
    fields = (FieldChange(names[0], "a", "b"), FieldChange(names[1], None, "n", sign="+"), FieldChange(names[2], "x" * 60, "y"))
    reason = f"handler.py changed; {names[2]} changed; {names[0]} changed, {names[1]} changed; Timeout 3 → 5"
    change = Change(Key("p", "lambda", "f"), Action.UPDATE, reason, fields=fields)
    assert strip_markup(ChangeLines().planned(change, 10)) == "  ~ lambda/f    update     handler.py changed; Timeout 3 → 5"
    assert change_parts.parts(change)[:2] == ["handler.py changed", "Timeout 3 → 5"]
    assert [part.split()[0] for part in change_parts.parts(change)[2:]] == [names[0], "+", names[2]]


def test_who_else_has_changed_a_field_is_told_beside_its_values() -> None:
    reason = "changed by somebody else: A changed, B changed; this is put back"
    change = Change(Key("p", "lambda", "f"), Action.UPDATE, reason, fields=(FieldChange("A", 1, 2), FieldChange("B", 1, 2)))
    assert strip_markup(ChangeLines().planned(change, 10)).endswith(reason)


def test_digests_are_shortened_where_their_beginnings_tell_them_apart() -> None:
    path = "s3://b/artifacts/load/{}.py"
    script = FieldChange("Command.ScriptLocation", path.format("33097ce4" * 8), path.format("7999869a" * 8))
    assert values(script) == "s3://b/artifacts/load/33097ce4….py → s3://b/artifacts/load/7999869a….py"
    code = FieldChange(
        "CodeSha256", "FQHlzibFvpLZcC2G5t4MXfr/gSiAwwr7l6EFBdwZAik=", "jgAWHwj9rvqU8Y7wf/Jfcw50joEuyyvnAfa9cK/5d+w="
    )
    assert values(code) == "FQHlzibF… → jgAWHwj9…"
    alike = FieldChange("Id", "33097ce4" * 5, "33097ce4" * 4 + "00000000")
    assert values(alike) == f"{'33097ce4' * 5} → {'33097ce4' * 4}00000000"
