"""Small trees of files, shaped as the data sets are published."""

import os
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@pytest.fixture
def tree(tmp_path):
    """Give a function that makes empty files below a folder and gives the folder."""

    def make(*names, folder="set"):
        root = tmp_path / folder
        for parent in {(root / name).parent for name in (*names, "any")}:
            parent.mkdir(parents=True, exist_ok=True)
        for name in names:
            open(root / name, "xb").close()
        return root

    return make


@pytest.fixture
def reasons():
    """Give a function for the reasons of a dataset's skipped files, by their names in a folder."""

    def read(data, folder):
        names = [
            os.path.relpath(path, folder).replace(os.sep, "/") for path in data.skipped["path"]
        ]
        return dict(zip(names, data.skipped["reason"], strict=True))

    return read


class FileServer(ThreadingHTTPServer):
    """Serves the files of a folder on this machine, with ranges, and cuts transfers on demand.

    `cut_after` bytes of a body the connection is closed, `None` never; `ranges=False` sends whole
    files whatever was asked for. `requests` has the name and the range of every request.
    """

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), FileHandler)
        self.folder, self.cut_after, self.ranges, self.requests = folder, None, True, []
        self.url = f"http://127.0.0.1:{self.server_port}"


class FileHandler(BaseHTTPRequestHandler):
    def do_GET(self):
        name, asked = self.path.lstrip("/"), self.headers.get("Range")
        self.server.requests.append((name, asked))
        path = self.server.folder / name
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        start = int(re.fullmatch(r"bytes=(\d+)-", asked).group(1)) if self.server.ranges else 0
        if start and start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if self.server.ranges else 200)
        if self.server.ranges:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        cut = self.server.cut_after
        self.wfile.write(content[start:][:cut])

    def log_message(self, *args):
        pass


@pytest.fixture
def serve():
    """Give a function that serves a folder until the test ends."""
    servers = []

    def start(folder):
        server = FileServer(folder)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
