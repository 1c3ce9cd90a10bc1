"""What somebody else has created since the plan was made is not written over: a listing shows it only some seconds later.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListStateMachines.html says "eventually consistent".
"""

from typing import Any

import pytest

from common.base.errors import AwsError, OwnershipError
from common.model.resource import Resource
from tests.resources.builders import Place, final
from tests.resources.scripted import ScriptedAws, refused

THEIRS = {"deployer:environment": "them/dev", "deployer:project": "p"}
CRAWLER = {"Name": "c", "Role": "runner", "State": "READY", "Targets": {}, "DatabaseName": "d"}


def of_topic(place: Place, tags: dict[str, str]) -> tuple[Resource, dict[str, dict[str, Any] | AwsError]]:
    message = "Invalid parameter: Tags Reason: Topic already exists with different tags"
    return place.topic(), {
        "sns:CreateTopic": refused("CreateTopic", "InvalidParameter", message),
        "sns:GetTopicAttributes": {"Attributes": {"DisplayName": "", "Policy": ""}},
        "sns:ListTagsForResource": {"Tags": [{"Key": name, "Value": text} for name, text in tags.items()]},
    }


def of_crawler(place: Place, tags: dict[str, str]) -> tuple[Resource, dict[str, dict[str, Any] | AwsError]]:
    return place.crawler(), {
        "glue:CreateCrawler": refused("CreateCrawler", "AlreadyExistsException"),
        "glue:GetCrawler": {"Crawler": CRAWLER},
        "glue:GetTags": {"Tags": tags},
    }


@pytest.mark.parametrize("tags", [{}, THEIRS], ids=["no tags", "other tags"])
@pytest.mark.parametrize("existing", [of_topic, of_crawler])
def test_it_is_left_as_it_is(place: Place, existing: Any, tags: dict[str, str]) -> None:
    resource, answers = existing(place, tags)
    with pytest.raises(OwnershipError, match=r"somebody else has just created .*\. Deploy again to see whose it is\."):
        resource.create(ScriptedAws(answers), final(resource))
