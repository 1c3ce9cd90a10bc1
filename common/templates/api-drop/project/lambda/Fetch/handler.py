"""Fetch what an API answers, and keep it as it came: what is made of it later can then be made again.

An address ``s3://…`` is read from there instead: the sample is, and so is what the owner of the API has sent in another way.
"""

import json
import os
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import boto3

SECONDS = 30

s3 = boto3.client("s3")


class ApiUnavailable(Exception):
    """The API may answer later; the state machine tries again after an error of this name."""


class AnswerInvalid(Exception):
    """The API answered what the pipeline cannot read, or that the request is wrong: trying again would not help."""


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Fetch ``{"url", "day"}``.

    Returns:
        Where the answer is, and how many records it has: ``{"day", "answer": "s3://…", "records": 3}``.
    """
    body = fetch(event["url"])
    records = count(body)
    key = f"{os.environ['PREFIX']}{event['day']}.json"
    s3.put_object(Bucket=os.environ["BUCKET"], Key=key, Body=body, ContentType="application/json")
    return {"day": event["day"], "answer": f"s3://{os.environ['BUCKET']}/{key}", "records": records}


def fetch(url: str) -> bytes:
    """Read an address.

    Raises:
        ApiUnavailable: nobody answers there, or only that it is busy.
        AnswerInvalid: the address is wrong.
    """
    if url.startswith("s3://"):
        bucket, _, key = url.removeprefix("s3://").partition("/")
        content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content
    if not url.startswith("https://"):
        raise AnswerInvalid(f"{url} is not an address that begins with https://")
    try:
        with urlopen(Request(url, headers={"Accept": "application/json"}), timeout=SECONDS) as answer:
            body: bytes = answer.read()
            return body
    except HTTPError as error:
        is_passing = error.code == 429 or error.code >= 500
        raise (ApiUnavailable if is_passing else AnswerInvalid)(f"{url} answered {error.code} {error.reason}") from None
    except (URLError, TimeoutError) as error:
        raise ApiUnavailable(f"{url} does not answer: {error}") from None


def count(body: bytes) -> int:
    """Count the records of an answer.

    Raises:
        AnswerInvalid: it is not ``{"stations": […]}``.
    """
    try:
        return len(json.loads(body)["stations"])
    except (ValueError, TypeError, KeyError) as error:
        raise AnswerInvalid(f"the answer has no list of stations: {error!r}") from None
