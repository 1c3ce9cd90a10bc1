"""A WebHDFS server over S3, so that Spark reads and writes ``s3://`` without any jar that PyPI does not carry.

Hadoop's own ``viewfs`` maps each bucket to ``webhdfs://127.0.0.1:<port>/<secret of the run>/<bucket>``; what a job writes is in
S3 at once, as in AWS. Who does not know a secret is told nothing. Reference: the WebHDFS REST API of Apache Hadoop 3.3.
"""

import json
import string
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit

import guard
from json_types import JsonObject
from s3_tree import Entry, S3Tree

_ROOT = "/webhdfs/v1"
_BLOCK = 128 << 20
Trees = Callable[[str], S3Tree | None]  # secret of a run -> the buckets as that run sees them


def serve(trees: Trees) -> int:
    """Serve on a free loopback port until the process ends; the port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, trees))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="webhdfs", daemon=True).start()
    return int(server.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else every answer waits 40 ms for an acknowledgement
    wbufsize = -1

    def __init__(self, trees: Trees, *args: object) -> None:
        self._trees = trees
        super().__init__(*args)

    def do_GET(self) -> None:
        reading = {"GETFILESTATUS": self._status, "LISTSTATUS": self._list, "OPEN": self._open}
        self._answer({**reading, "GET_BLOCK_LOCATIONS": self._blocks, "GETHOMEDIRECTORY": {"Path": "/"}})

    def do_PUT(self) -> None:
        no_operation = dict.fromkeys(("SETPERMISSION", "SETTIMES", "SETOWNER", "SETREPLICATION"), self._empty)
        self._answer({"CREATE": self._create, "MKDIRS": self._mkdirs, "RENAME": self._rename, **no_operation})

    def do_DELETE(self) -> None:
        self._answer({"DELETE": self._delete})

    def log_message(self, *args: object) -> None:
        """Stay quiet: Hadoop asks hundreds of times a job."""

    def _answer(self, operations: JsonObject) -> None:
        self._raw = quote(self.path.encode("latin-1"), safe=string.punctuation)  # Hadoop sends UTF-8 as it is
        url = urlsplit(self._raw)
        self._query = {name: values[0] for name, values in parse_qs(url.query).items()}
        secret, _, self._path = unquote(url.path)[len(_ROOT) + 1 :].rstrip("/").partition("/")
        self._prefix = f"/{secret}/"
        operation = operations.get(self._query.get("op", "").upper())
        tree = self._trees(secret)
        others = {name.lower(): value for name, value in self.headers.items()}
        try:
            if tree is None or guard.is_foreign(self.headers.get("Host"), others):
                self.close_connection = True  # what else it has sent is not read
                self._refuse(403, "AccessControlException", "This is of the embedded AWS and its jobs alone")
            elif operation is None:
                self._refuse(400, "UnsupportedOperationException", f"{self._query.get('op')} is not served over S3")
            elif callable(operation):
                self._tree = tree
                operation()
            else:
                self._json(operation)
        except FileNotFoundError as error:
            self._refuse(404, "FileNotFoundException", str(error))
        except ConnectionError:
            self.close_connection = True
        except Exception as error:  # Hadoop gets every failure as an IOException
            self._refuse(500, "IOException", f"s3://{self._path}: {type(error).__name__}: {error}")

    def _status(self) -> None:
        self._json({"FileStatus": _status(self._found())})

    def _list(self) -> None:
        entries = self._tree.entries(self._path)
        if entries is None:
            raise FileNotFoundError(f"s3://{self._path} does not exist")
        self._json({"FileStatuses": {"FileStatus": [_status(entry) for entry in entries]}})

    def _blocks(self) -> None:
        """The blocks of a file, on no machine. Hadoop's older input formats, as of ``textFile``, split no file without."""
        size = self._found().size
        blocks = [_block(offset, min(_BLOCK, size - offset)) for offset in range(0, size, _BLOCK)]
        complete = {"isUnderConstruction": False, "isLastBlockComplete": True, "lastLocatedBlock": blocks[-1] if blocks else None}
        self._json({"LocatedBlocks": {"fileLength": size, "locatedBlocks": blocks, **complete}})

    def _open(self) -> None:
        status = self._found()
        if "data" not in self._query:
            self._redirect()
            return
        offset = int(self._query.get("offset", "0"))
        requested = int(self._query["length"]) if "length" in self._query else None
        length = max(0, status.size - offset) if requested is None else max(0, min(requested, status.size - offset))
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(length))
        self.end_headers()
        for chunk in self._tree.read(self._path, offset, length) if length else ():
            self.wfile.write(chunk)

    def _create(self) -> None:
        if "data" not in self._query:
            self._redirect()
            return
        with tempfile.TemporaryFile() as spool:
            for chunk in self._body():
                spool.write(chunk)
            spool.seek(0)
            self._tree.write(self._path, spool)
        self._empty(201)

    def _mkdirs(self) -> None:
        self._tree.make_folder(self._path)
        self._json({"boolean": True})

    def _rename(self) -> None:
        target = self._query["destination"].removeprefix(self._prefix)
        self._json({"boolean": self._tree.rename(self._path, target)})

    def _delete(self) -> None:
        self._json({"boolean": self._tree.delete(self._path)})

    def _found(self) -> Entry:
        entry = self._tree.stat(self._path)
        if entry is None:
            raise FileNotFoundError(f"s3://{self._path} does not exist")
        return entry

    def _redirect(self) -> None:
        """WebHDFS names the node that has the data: this one."""
        self.send_response(307)
        self.send_header("Location", f"http://{self.headers['Host']}{self._raw}&data=true")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _body(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            yield self.rfile.read(int(self.headers.get("Content-Length", "0")))
            return
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _empty(self, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _json(self, body: JsonObject, status: int = 200) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _refuse(self, status: int, exception: str, message: str) -> None:
        package = "java.lang" if exception == "UnsupportedOperationException" else "java.io"
        remote = {"exception": exception, "javaClassName": f"{package}.{exception}", "message": message}
        self._json({"RemoteException": remote}, status)


def _block(offset: int, length: int) -> JsonObject:
    block = {"blockPoolId": "s3", "blockId": offset, "generationStamp": 0, "numBytes": length}
    return {"block": block, "startOffset": offset, "isCorrupt": False, "locations": [], "cachedLocations": []}


def _status(entry: Entry) -> JsonObject:
    kind, permission = ("DIRECTORY", "755") if entry.folder else ("FILE", "644")
    constant = {"accessTime": 0, "owner": "s3", "group": "s3", "replication": 1, "childrenNum": 0, "fileId": 0}
    block = 0 if entry.folder else _BLOCK
    varying = {"pathSuffix": entry.name, "type": kind, "permission": permission, "length": entry.size}
    return {**constant, **varying, "blockSize": block, "modificationTime": entry.modified}
