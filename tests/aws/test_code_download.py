"""The download of a function's code: whatever keeps it from arriving is one error that names the function and not the address."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from common.aws.code_download import download
from common.base.errors import AwsError


@contextmanager
def answering(data: bytes) -> Iterator[str]:
    """The address of a server that answers one request with these bytes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(data)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/code?X-Amz-Signature=s"
        thread.join()


def test_the_code_is_returned() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nzip") as address:
        assert download(address, "Validate") == b"zip"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "Forbidden"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nzi", "IncompleteRead"),
        (b"", "closed connection without response"),
    ],
)
def test_what_keeps_it_from_arriving_is_reported_without_the_address(data: bytes, reason: str) -> None:
    with (
        answering(data) as address,
        pytest.raises(AwsError, match=f"The code of Validate cannot be downloaded: .*{reason}") as error,
    ):
        download(address, "Validate")
    assert "Signature" not in str(error.value)
