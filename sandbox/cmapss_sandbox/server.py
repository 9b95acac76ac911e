"""The web server: waitress on the loopback address, in a thread of its own, stopped without delay."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from cmapss_sandbox.errors import SandboxError

if TYPE_CHECKING:
    from cmapss_sandbox.wire.dispatch import Application

_HOST = "127.0.0.1"
_THREADS = 16
_MAXIMUM_BODY = 128 * 1024 * 1024


def _without_empty_promises(server: Any) -> None:
    """Keep waitress from waiting for the body of a request that has none.

    S3 clients announce every body with `Expect: 100-continue`, also an empty one; having told such a client to go on,
    waitress would wait for what never comes.
    """
    from waitress.channel import HTTPChannel
    from waitress.parser import HTTPRequestParser

    class Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no type hints
        def parse_header(self, header_plus: bytes) -> None:
            super().parse_header(header_plus)
            if self.content_length == 0 and not self.chunked:
                self.expect_continue = False

    class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no type hints
        parser_class = Parser

    server.channel_class = Channel


class Server:
    """Serves an application on a port, any free one for 0; raises SandboxError when the port is taken."""

    def __init__(self, application: Application, port: int = 0) -> None:
        from waitress.server import create_server

        self._stopping = False
        try:
            self._server: Any = create_server(
                application,
                host=_HOST,
                port=port,
                threads=_THREADS,
                max_request_body_size=_MAXIMUM_BODY,
                ident="cmapss-sandbox",
                clear_untrusted_proxy_headers=True,
            )
        except OSError as error:
            raise SandboxError(
                f"Port {port} cannot be used ({error.strerror}): name another with --port, or 0 for any."
            ) from error
        _without_empty_promises(self._server)
        self.port: int = self._server.effective_port
        self.url = f"http://{_HOST}:{self.port}"
        self._thread = threading.Thread(target=self._serve, name="server", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more; requests under way have half a second to end."""
        self._stopping = True
        self._server.pull_trigger()
        self._thread.join()
        self._server.task_dispatcher.shutdown(timeout=0.5)
        self._server.asyncore.close_all(self._server._map, ignore_all=True)

    def _serve(self) -> None:
        # waitress's own loop has no end but an exception; this one ends when the trigger wakes it.
        while not self._stopping:
            self._server.asyncore.loop(timeout=1.0, map=self._server._map, count=1)
