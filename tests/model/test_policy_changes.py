"""How plans word the change of a policy."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from common.model.policy_changes import statements_changed

TOPIC, BUCKET = "arn:aws:sns:us-east-1:123456789012:alerts", "arn:aws:s3:::landing/in/*"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [*statements]}


def statement(actions: list[str], resources: list[str], **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def test_what_is_added_and_what_is_taken_away_are_told_apart() -> None:
    before = document(statement(["s3:GetObject", "s3:PutObject"], [BUCKET]), statement(["sqs:SendMessage"], ["*"]))
    after = document(statement(["s3:GetObject"], [BUCKET]), statement(["sns:Publish"], [TOPIC]))
    assert statements_changed(before, after) == "+ sns:Publish on alerts, - s3:PutObject on landing/in/*, - sqs:SendMessage on *"


def test_actions_on_the_same_resources_are_one_entry() -> None:
    after = document(statement(["s3:GetObject", "s3:PutObject"], [BUCKET, "arn:aws:s3:::final/*"]))
    assert statements_changed({}, after) == "+ s3:GetObject, s3:PutObject on final/*, landing/in/*"


def test_conditions_and_denials_are_part_of_a_statement() -> None:
    condition = {"StringLike": {"s3:prefix": ["in/*", "in"]}}
    listing = statement(["s3:ListBucket"], ["arn:aws:s3:::landing"])
    assert statements_changed(document(listing), document({**listing, "Condition": condition})) == (
        "+ s3:ListBucket on landing if s3:prefix StringLike in/*, in, - s3:ListBucket on landing"
    )
    assert statements_changed({}, document({**listing, "Effect": "Deny"})) == "+ deny s3:ListBucket on landing"


def test_a_statement_by_hand_may_be_single_values() -> None:
    single = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sns:Publish", "Resource": TOPIC}}
    assert statements_changed(single, document(statement(["sns:Publish"], [TOPIC]))) == ""


STATEMENTS = st.lists(
    st.builds(
        statement,
        st.lists(st.sampled_from(["s3:GetObject", "s3:PutObject", "sns:Publish"]), min_size=1, unique=True),
        st.lists(st.sampled_from([TOPIC, BUCKET, "*"]), min_size=1, unique=True),
    ),
    max_size=4,
)


@given(STATEMENTS, STATEMENTS)
def test_the_reverse_change_has_the_reverse_signs(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> None:
    forth = statements_changed(document(*before), document(*after)).split(", ")
    back = statements_changed(document(*after), document(*before)).split(", ")
    turned = [entry.translate(str.maketrans("+-", "-+"))[:1] + entry[1:] for entry in back]
    assert sorted(forth) == sorted(turned)


def test_what_is_not_known_yet_is_said_in_words() -> None:
    after = document(statement(["sqs:SendMessage"], ["«orders: resource/work#Arn»"]))
    assert statements_changed({}, after) == "+ sqs:SendMessage on (Arn is known after resource/work is created)"
