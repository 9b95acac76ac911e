"""Request bodies as they were before they were packed."""

from __future__ import annotations

import zlib

from cmapss_sandbox.errors import AwsError

# More than any request of these services may have, so that a small body can not become a large one.
_LONGEST = 64 * 1024 * 1024
_GZIP = zlib.MAX_WBITS | 16


def gunzip(body: bytes) -> bytes:
    """What a gzip body holds, which may be of several parts one after the other.

    Raises SerializationException when it is damaged, when something else follows it, or when it is too long.
    """
    parts, left = [], _LONGEST
    try:
        while body:
            unpacker = zlib.decompressobj(_GZIP)
            parts.append(unpacker.decompress(body, left))
            left -= len(parts[-1])
            if unpacker.unconsumed_tail or left <= 0:
                raise AwsError("SerializationException", f"The body is longer than {_LONGEST} bytes when unpacked.")
            if not unpacker.eof:
                raise _damaged()
            body = unpacker.unused_data
    except zlib.error:
        raise _damaged() from None
    return b"".join(parts)


def _damaged() -> AwsError:
    return AwsError("SerializationException", "The body is not what gzip makes.")
