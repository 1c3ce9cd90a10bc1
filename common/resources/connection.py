"""Glue connections. They are only referred to, by jobs: they hold passwords, and belong to whoever runs the database.

Follows https://docs.aws.amazon.com/glue/latest/webapi/API_GetConnection.html
"""

from common.model.kind import GLUE_NAMES, ArnForm, Kind
from common.model.lookup import Lookup

KIND = Kind(
    name="connection",
    word="connection",
    service="glue",
    step="",
    arn=ArnForm("glue", "connection/"),
    names=GLUE_NAMES,
    lookup=Lookup(
        "GetConnection",
        lambda connection: {"Name": connection.name, "HidePassword": True},
        ("EntityNotFoundException",),
        covers=lambda arn: (f"{arn.partition(':connection/')[0]}:catalog", arn),
        abroad=False,
    ),
)
