"""References to DynamoDB tables. AWS gives the stream of one its ARN, and each stream has another.

Follows https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

from collections.abc import Mapping

from common.base.lean_dataclass import dataclass
from common.model.generated import mark_of
from common.model.reference import Ref

STREAM_ARN = "StreamArn"
"""The attribute of a table with the ARN of its stream."""


@dataclass(frozen=True)
class TableRef(Ref):
    """A table, as authors refer to it.

    Args:
        has_stream: whether its declaration has a stream, whose ARN AWS gives.
    """

    has_stream: bool = False

    @property
    def stream_arn(self) -> str:
        """The ARN of its stream.

        Raises:
            ValueError: its declaration has none.
        """
        if not self.has_stream:
            raise ValueError(f'{self.key} has no stream. Declare it with stream="NEW_IMAGE"')
        return mark_of(self.key, STREAM_ARN)

    @property
    def generated(self) -> Mapping[str, str]:
        """What stands for the ARN of its stream."""
        return {STREAM_ARN: self.stream_arn} if self.has_stream else {}
