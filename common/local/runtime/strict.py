"""Services as strict as they are somewhere in AWS, where ministack is kinder or has words of its own.

* The tags of a key whose newest version is a delete marker are refused with 405, not 404:
  https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
* Some regions and partitions refuse tags in CreateBucket:
  https://github.com/hashicorp/terraform-provider-aws/issues/45566
* A new bucket blocks all public access: https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
* Lambda weighs new layers with the old code, and says so in its own words: https://github.com/serverless/serverless/issues/8313
* The tags of a topic that is not there are ResourceNotFound: https://docs.aws.amazon.com/sns/latest/api/API_ListTagsForResource.html
* A topic that exists with other tags or attributes is not created again: https://github.com/localstack/localstack/issues/2405
"""

from http import HTTPStatus

import seams
import settings as launch_settings
from json_types import JsonObject, Response
from ministack.services import lambda_svc, s3, sns

MOST_BYTES = 262_144_000
"""So large may a function be with its layers, unpacked: 250 MB."""


def install(_: launch_settings.Settings) -> None:
    """Replace what the module's first lines name."""
    get_tagging = seams.use(s3, "_get_object_tagging", "bucket_name, key, query_params")
    create = seams.use(s3, "_create_bucket", "name, body, headers, endpoint_region")
    headers_of_marker = seams.use(s3, "_delete_marker_404_headers", "bucket_name, key")
    error = seams.use(s3, "_error", "code, message, status, resource, extra, headers")

    def get_object_tagging(bucket_name: str, key: str, query_params: JsonObject | None = None) -> Response:
        marker = headers_of_marker(bucket_name, key)
        if marker and not s3._qp(query_params or {}, "versionId"):
            message = "The specified method is not allowed against this resource."
            return error("MethodNotAllowed", message, 405, f"/{bucket_name}/{key}", headers={**marker, "Allow": "DELETE"})
        return get_tagging(bucket_name, key, query_params)

    def create_bucket(
        name: str, body: bytes, headers: dict[str, str] | None = None, endpoint_region: str | None = None
    ) -> Response:
        if body and b"<Tag>" in body:
            return error("UnsupportedArgument", "The request contained an unsupported argument.", 400, f"/{name}")
        return create(name, body, headers, endpoint_region)

    def weigh(code_zip: bytes | None, layers: list[JsonObject] | None) -> Response | None:
        total = unzipped_size(code_zip) + sum(layer_size(layer) for layer in layers or [] if layer)
        message = f"Function code combined with layers exceeds the maximum allowed size of {MOST_BYTES} bytes. "
        return (
            refusal("InvalidParameterValueException", f"{message}The actual size is {total} bytes.", 400)
            if total > MOST_BYTES
            else None
        )

    unzipped_size = seams.use(lambda_svc, "_unzipped_size", "zip_data")
    layer_size = seams.use(lambda_svc, "_layer_unzipped_size", "attachment")
    refusal = seams.use(lambda_svc, "error_response_json", "code, message, status, extra, message_key, content_type")
    seams.replace(lambda_svc, "_validate_total_unzipped_size", "code_zip, layers", weigh)
    closed = {"_public_access_block": s3._NEW_BUCKET_PUBLIC_ACCESS_BLOCK}
    seams.replace(s3, "_new_bucket_public_access_block", "", lambda: closed)
    s3._get_object_tagging = get_object_tagging
    s3._create_bucket = create_bucket
    _install_topics()


def _install_topics() -> None:
    """Replace how topics are created, and how their tags are found."""
    find_topic = seams.use(sns, "_resolve_topic_tag_arn", "arn, action")
    sns_error = seams.use(sns, "_error", "code, message, status")
    create_topic = seams.use(sns, "_create_topic", "params")
    sent_tags = seams.use(sns, "_param_tags", "params")
    parameter = seams.use(sns, "_p", "params, key, default")

    def create_new_topic(params: JsonObject) -> Response:
        name, sent = parameter(params, "Name"), {}
        while key := parameter(params, f"Attributes.entry.{len(sent) + 1}.key"):
            sent[key] = parameter(params, f"Attributes.entry.{len(sent) + 1}.value")
        existing = next((topic for topic in sns._topics.values() if topic["name"] == name), None)
        if existing is not None:
            refused = {"Attributes": not sent.items() <= existing["attributes"].items()}
            refused["Tags"] = not sent_tags(params).items() <= existing["tags"].items()
            for word in (word for word, differs in refused.items() if differs):
                message = f"Invalid parameter: {word} Reason: Topic already exists with different {word.lower()}"
                return sns_error("InvalidParameter", message, 400)
        return create_topic(params)

    def resolve_topic(arn: str, action: str) -> tuple[str, JsonObject | None, Response | None]:
        arn, topic, error = find_topic(arn, action)
        absent = error is not None and error[0] == HTTPStatus.NOT_FOUND
        return arn, topic, sns_error("ResourceNotFound", "Resource does not exist", 404) if absent else error

    sns._create_topic = create_new_topic
    sns._resolve_topic_tag_arn = resolve_topic
