"""DeleteObjects where some of the keys may not be deleted: those are told so, and the others go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from cmapss_sandbox.wire.replies import Reply

_NAMESPACE = re.compile(r"\{.*\}")


def keys_to_delete(body: bytes) -> list[str]:
    """The keys that a DeleteObjects request names; none when its body cannot be read."""
    try:
        document = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return []
    return [key for entry in document if (key := _key(entry)) is not None]


def without(body: bytes, keys: Mapping[str, str]) -> bytes:
    """The body of a DeleteObjects request, without those keys."""
    document = ElementTree.fromstring(body)
    for entry in list(document):
        if _key(entry) in keys:
            document.remove(entry)
    for element in document.iter():
        # Whoever reads it next wants the names plain, not with a prefix of the namespace.
        element.tag = _NAMESPACE.sub("", element.tag)
    return ElementTree.tostring(document)


def with_refusals(reply: Reply, refused: Mapping[str, str]) -> Reply:
    """The answer, with an error for every key that was refused."""
    errors = "".join(
        f"<Error><Key>{escape(key)}</Key><Code>AccessDenied</Code><Message>{escape(message)}</Message></Error>"
        for key, message in refused.items()
    )
    closing = b"</DeleteResult>"
    if closing not in reply.body:
        body = f'<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{errors}</DeleteResult>'.encode()
    else:
        body = reply.body.replace(closing, errors.encode() + closing)
    headers = {name: value for name, value in reply.headers.items() if name.lower() != "content-length"}
    return Reply(200, headers, body)


def _key(entry: ElementTree.Element) -> str | None:
    if _NAMESPACE.sub("", entry.tag) != "Object":
        return None
    return next((part.text or "" for part in entry if _NAMESPACE.sub("", part.tag) == "Key"), None)
