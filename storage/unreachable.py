"""Why a server that a setting names cannot be reached, in words, and what to do. Knows no protocol above HTTP."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from storage.outgoing import OutgoingRefused

NO_WAY = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN})
HERE = ("localhost", "127.0.0.1", "::1")

# by what is raised, the kinds of a kind before it: {place} is "port 8000 of gpu1"
_WHY: tuple[tuple[type[BaseException], str], ...] = (
    (
        socket.gaierror,
        "No host of the name {host} is known here. Correct {setting}, or make it known (DNS, /etc/hosts).",
    ),
    (
        ssl.SSLCertVerificationError,
        "Its certificate is not trusted ({told}). Add the authority that signed it to this host's "
        "(update-ca-certificates), or name the host in {setting} as the certificate does.",
    ),
    (ssl.SSLError, "It speaks no TLS at port {port}. Write http:// in {setting}, or correct the port."),
    (ConnectionRefusedError, "Nothing listens at {place}{only_here}. Start it, or correct {setting}."),
    (
        httpx.ConnectTimeout,
        "{host} takes no connection at port {port}: it is off, the address is another's, or a firewall stands between. "
        "See whether it runs, and correct {setting} if not.",
    ),
    (httpx.TimeoutException, "It takes too long. See how busy it is."),
    (httpx.RemoteProtocolError, "What listens at {place} speaks no HTTP, or hangs up. Correct the port.{or_tls}"),
)
_NO_WAY = "No way leads from here to {host}. Check the network, or correct {setting}."


def in_words(error: BaseException, url: str, setting: str) -> str:
    """Whole sentences on what an HTTP client raised for `url`, which `setting` names."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    for cause in _causes(error):
        if isinstance(cause, OutgoingRefused):
            return str(cause)
        if (why := _why(cause)) is not None:
            return why.format(
                host=host,
                port=port,
                place=f"port {port} of {host}",
                setting=setting,
                told=getattr(cause, "verify_message", "").rstrip("."),
                only_here="" if host in HERE else ", or only for its own host (vLLM: --host 0.0.0.0)",
                or_tls="" if parts.scheme == "https" else f" If it speaks TLS, write https:// in {setting}.",
            )
    return f"It broke off the connection ({type(error).__name__}). Its log may say why."


def _why(cause: BaseException) -> str | None:
    found = next((why for kind, why in _WHY if isinstance(cause, kind)), None)
    return _NO_WAY if found is None and isinstance(cause, OSError) and cause.errno in NO_WAY else found


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, the innermost last."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__
