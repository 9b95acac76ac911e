"""The web server: waitress on the loopback address, in a thread of its own, stopped without delay."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

from cmapss_sandbox.control import PATH as CONTROL_PATH
from cmapss_sandbox.errors import ConnectionDroppedError, SandboxError

if TYPE_CHECKING:
    from cmapss_sandbox.wire.dispatch import Application

_HOST = "127.0.0.1"
_THREADS = 16
_CONTROL_THREADS = 2
_MAXIMUM_BODY = 128 * 1024 * 1024
_METADATA_NAME = re.compile(rb"^x-amz-meta-[^:]+", re.IGNORECASE | re.MULTILINE)


def _channel_class() -> type[Any]:
    """waitress's channel, with what an AWS region needs of it."""
    from waitress.channel import ClientDisconnected, HTTPChannel
    from waitress.parser import HTTPRequestParser
    from waitress.task import WSGITask

    class Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no type hints
        """Waits for no body that does not come.

        S3 clients announce every body with `Expect: 100-continue`, also an empty one; having told such a client to go
        on, waitress would wait for ever.
        """

        def parse_header(self, header_plus: bytes) -> None:
            super().parse_header(header_plus)
            if self.content_length == 0 and not self.chunked:
                self.expect_continue = False

    class Task(WSGITask):  # type: ignore[misc]  # waitress has no type hints
        """Closes the connection without a word where the application wants it so, as if the client had gone.

        waitress writes every header's name with capitals, but S3 clients take the names of their metadata from there.
        """

        def build_response_header(self) -> bytes:
            header: bytes = super().build_response_header()
            return _METADATA_NAME.sub(lambda name: name[0].lower(), header)

        def execute(self) -> None:
            try:
                super().execute()
            except ConnectionDroppedError as dropped:
                raise ClientDisconnected from dropped

    class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no type hints
        parser_class = Parser
        task_class = Task

    return Channel


def _dispatcher() -> Any:
    """waitress's threads, and a few for control calls: however many answers are slow, one can be told to be so no more.

    A control call that waits is not among the few, for it may wait for long.
    """
    from waitress.task import ThreadedTaskDispatcher

    class Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]  # waitress has no type hints
        def __init__(self) -> None:
            super().__init__()
            self._control = ThreadedTaskDispatcher()
            self._control.set_thread_count(_CONTROL_THREADS)

        def add_task(self, channel: Any) -> None:
            path = getattr(channel.requests[0], "path", "")  # which a request that cannot be read lacks
            if path.startswith(CONTROL_PATH) and path != f"{CONTROL_PATH}/wait":
                self._control.add_task(channel)
            else:
                super().add_task(channel)

        def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
            self._control.shutdown(cancel_pending, timeout)
            return bool(super().shutdown(cancel_pending, timeout))

    dispatcher = Dispatcher()
    dispatcher.set_thread_count(_THREADS)
    return dispatcher


class Server:
    """Serves an application on a port, any free one for 0; raises SandboxError when the port is taken."""

    def __init__(self, application: Application, port: int = 0) -> None:
        from waitress.server import create_server

        self._stopping = False
        try:
            self._server: Any = create_server(
                application,
                _dispatcher=_dispatcher(),
                host=_HOST,
                port=port,
                max_request_body_size=_MAXIMUM_BODY,
                ident="cmapss-sandbox",
                clear_untrusted_proxy_headers=True,
            )
        except OSError as error:
            raise SandboxError(
                f"Port {port} cannot be used ({error.strerror}): name another with --port, or 0 for any."
            ) from error
        self._server.channel_class = _channel_class()
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
