"""Resources of any type, of which AWS tells a property otherwise than it was declared."""

from tests.resources.test_cloud_control import URL, CloudControl, brought, deployed, queue


def test_what_aws_tells_as_an_arn_is_as_declared() -> None:
    mapping = queue("AWS::Lambda::EventSourceMapping", FunctionName="load", BatchSize=5)
    api = CloudControl(given={"Id": "1"})
    recorded = deployed(api, mapping)
    api.resources[URL] |= {"FunctionName": "arn:aws:lambda:us-east-1:123456789012:function:load"}
    assert brought(api, mapping, recorded) == frozenset()
    api.resources[URL] |= {"FunctionName": "arn:aws:lambda:us-east-1:123456789012:function:other"}
    assert brought(api, mapping, recorded) == {"FunctionName"}
