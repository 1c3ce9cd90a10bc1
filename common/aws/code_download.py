"""Downloads a function's code from the address that GetFunction returns. The address is signed, and valid for ten minutes.

Follows https://docs.aws.amazon.com/lambda/latest/api/API_FunctionCodeLocation.html
"""

import os
import ssl
import urllib.request
from http.client import HTTPException
from urllib.error import HTTPError, URLError

from common.base.errors import AwsError
from common.environment.endpoints import is_loopback

MAX_BYTES = 256 * 2**20
"""How many bytes of code are downloaded at most; Lambda's limit is 250 MB unzipped."""
SECONDS = 60
"""How long to wait for an answer."""


def download(address: str, name: str) -> bytes:
    """The zip of a function's code.

    Args:
        address: where it is, as GetFunction says. It lets anybody download the code, so no message shows it.
        name: the function's name, for messages.

    Raises:
        AwsError: it cannot be downloaded.
    """
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})] if is_loopback(address) else []
    handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))))
    try:
        with urllib.request.build_opener(*handlers).open(address, timeout=SECONDS) as answer:
            data: bytes = answer.read(MAX_BYTES + 1)
    except (OSError, HTTPException) as error:
        if isinstance(error, HTTPError):
            error.close()  # it holds the connection
        reason = error.reason if isinstance(error, URLError) else error
        raise AwsError("lambda", "GetFunction", "CodeDownload", f"The code of {name} cannot be downloaded: {reason}") from None
    if len(data) > MAX_BYTES:
        raise AwsError("lambda", "GetFunction", "CodeDownload", f"The code of {name} has more than {MAX_BYTES} bytes.")
    return data
