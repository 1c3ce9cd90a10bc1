"""Take orders from the queue: each becomes an object of its own, encrypted with the project's key.

SQS may deliver a message twice, so an object is named after its order: what comes again replaces itself. An order that is wrong
is named as failed and the rest of its batch is not, so it alone comes again, and in the end goes to the dead letter queue. An
error of AWS fails the whole batch, which then comes again.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

import json
import os
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import boto3

ORDER_ID = re.compile(r"[A-Z0-9-]{1,40}", re.ASCII)

s3 = boto3.client("s3")


class OrderInvalid(Exception):
    """The message is not an order that can be taken."""


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Take a batch of messages.

    Returns:
        The messages that could not be taken: ``{"batchItemFailures": [{"itemIdentifier": "<message id>"}]}``.
    """
    failures = []
    for record in event["Records"]:
        try:
            put(read(record["body"]))
        except OrderInvalid as error:
            print(f"message {record['messageId']} is refused: {error}")
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def read(body: str) -> dict[str, Any]:
    """Read the order in a message, and bring its fields into their normal form.

    Raises:
        OrderInvalid: it is none; the message names all fields that are wrong.
    """
    try:
        message = json.loads(body, parse_float=Decimal)
    except ValueError as error:
        raise OrderInvalid(f"it is not JSON: {error}") from None
    if not isinstance(message, dict):
        raise OrderInvalid("it is not a JSON object")
    order, wrong = {}, []
    for name, normal in FIELDS.items():
        try:
            order[name] = normal(message.get(name))
        except (ValueError, TypeError, AttributeError, ArithmeticError):
            wrong.append(f"{name} is {message.get(name)!r}")
    if wrong:
        raise OrderInvalid(", ".join(wrong))
    return order


def put(order: dict[str, Any]) -> None:
    """Put an order into its place."""
    s3.put_object(
        Bucket=os.environ["BUCKET"],
        Key=f"{os.environ['PREFIX']}{order['order_id']}.json",
        Body=json.dumps(order).encode(),
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId=os.environ["KEY_ARN"],
    )


def _order_id(value: Any) -> str:
    if not ORDER_ID.fullmatch(value):
        raise ValueError(value)
    return str(value)


def _day(value: Any) -> str:
    return date.fromisoformat(value).isoformat()


def _product(value: Any) -> str:
    if not value.strip():
        raise ValueError(value)
    return " ".join(value.upper().split())


def _quantity(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise ValueError(value)
    return value


def _price(value: Any) -> str:
    price = Decimal(value).quantize(Decimal("0.01"))
    if price < 0:
        raise ValueError(value)
    return str(price)


FIELDS: dict[str, Callable[[Any], Any]] = {
    "order_id": _order_id,
    "ordered_on": _day,
    "product": _product,
    "quantity": _quantity,
    "unit_price": _price,
}
