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


def in_words(error: BaseException, url: str, setting: str) -> str:
    """Whole sentences on what an HTTP client raised for `url`, which `setting` names."""
    told = (said for cause in _causes(error) for said in _told(cause, url, setting))
    return next(told, f"It broke off the connection ({type(error).__name__}). Its log may say why.")


def _told(cause: BaseException, url: str, setting: str) -> Iterator[str]:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if isinstance(cause, OutgoingRefused):
        yield str(cause)
    elif isinstance(cause, socket.gaierror):
        yield f"No host of the name {host} is known here. Correct {setting}, or make it known (DNS, /etc/hosts)."
    elif isinstance(cause, ssl.SSLCertVerificationError):
        yield (
            f"Its certificate is not trusted ({cause.verify_message.rstrip('.')}). Add the authority that signed it to "
            f"this host's (update-ca-certificates), or name the host in {setting} as the certificate does."
        )
    elif isinstance(cause, ssl.SSLError):
        yield f"It speaks no TLS at port {port}. Write http:// in {setting}, or correct the port."
    elif isinstance(cause, ConnectionRefusedError):
        listens = "" if host in HERE else ", or only for its own host (vLLM: --host 0.0.0.0)"
        yield f"Nothing listens at port {port} of {host}{listens}. Start it, or correct {setting}."
    elif isinstance(cause, httpx.ConnectTimeout):
        yield (
            f"{host} takes no connection at port {port}: it is off, the address is another's, or a firewall stands "
            f"between. See whether it runs, and correct {setting} if not."
        )
    elif isinstance(cause, httpx.TimeoutException):
        yield "It takes too long. See how busy it is."
    elif isinstance(cause, OSError) and cause.errno in NO_WAY:
        yield f"No way leads from here to {host}. Check the network, or correct {setting}."
    elif isinstance(cause, httpx.RemoteProtocolError):
        tls = "" if parts.scheme == "https" else f" If it speaks TLS, write https:// in {setting}."
        yield f"What listens at port {port} of {host} speaks no HTTP, or hangs up. Correct the port.{tls}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, the innermost last."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__
