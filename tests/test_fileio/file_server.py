"""A server on this machine that gives one file, whole, in ranges or cut off."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer(ThreadingHTTPServer):
    """Serves ``content`` under every path that ends in ``.pth``.

    Attributes:
        breaks: Numbers of bytes after which the next answers break off; then answers are whole.
        ranges: Whether it knows ranges.
        version: Its ETag; None for none.
        page: Whether it answers with a web page instead.
        asked: The ``Range`` header of every request.
    """

    def __init__(self, content: bytes):
        super().__init__(('127.0.0.1', 0), _Handler)
        self.content, self.breaks, self.ranges = content, [], True
        self.version, self.page, self.asked = '"one"', False, []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def url(self, name: str = 'net.pth') -> str:
        """Return the address of a file."""
        return f'http://127.0.0.1:{self.server_port}/{name}'


class _Handler(BaseHTTPRequestHandler):
    server: FileServer

    def log_message(self, *args) -> None:
        pass

    def do_GET(self) -> None:
        server, wanted = self.server, self.headers['Range']
        server.asked.append(wanted)
        if not self.path.endswith('.pth'):
            self.send_error(404)
            return
        content, start = server.content, 0
        stale = self.headers['If-Range'] not in (None, server.version)
        if wanted and server.ranges and not stale:
            start = int(wanted.removeprefix('bytes=').removesuffix('-'))
        if start and start >= len(content):
            self.send_response(416)
            self.send_header('Content-Range', f'bytes */{len(content)}')
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        self.send_header('Content-Type', 'text/html' if server.page else 'application/x-binary')
        self.send_header('Content-Length', str(len(content) - start))
        if start:
            self.send_header('Content-Range', f'bytes {start}-{len(content) - 1}/{len(content)}')
        if server.version:
            self.send_header('ETag', server.version)
        self.end_headers()
        end = start + server.breaks.pop(0) if server.breaks else len(content)
        self.wfile.write(content[start:end])
