"""What fakes of AWS have in common."""

from abc import ABC, abstractmethod
from typing import Any

from common.base.errors import AwsError


class Finds(ABC):
    """A fake of AWS whose `find` is its `call`, with None in place of one error."""

    @abstractmethod
    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """Answers a call, as `Aws` does."""

    def find(self, service: str, operation: str, absent: str, /, **parameters: Any) -> dict[str, Any] | None:
        try:
            return self.call(service, operation, **parameters)
        except AwsError as error:
            if error.code != absent:
                raise
            return None
