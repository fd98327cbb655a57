"""Which hosts this process may connect to, enforced where Python connects: no library gets around it.

Allowed are this host, every host that a setting names in a URL, and `allowed_outgoing`. A name that is not allowed is
not even looked up. Python's audit hooks see the sockets of every library written in Python; what native code
does by itself is for the system to refuse (the units' IPAddressDeny) and for `premise doctor --egress` to show.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:  # the parsing process needs the guard and no settings
    from storage.settings import Settings

RESOLVED_SECONDS = 60.0  # how long the addresses of an allowed name are remembered
_CONNECTING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_LOOKING_UP = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class OutgoingRefused(ConnectionRefusedError):
    """A connection to a host that the settings do not name. A kind of OSError, so that every client handles it."""


class _Guard:
    """What is allowed in this process."""

    def __init__(self) -> None:
        self.on = False
        self.names: set[str] = set()
        self.networks: set[Network] = set()
        self._resolved: set[Address] = set()
        self._resolved_at = float("-inf")
        self._resolving = threading.local()

    def allow(self, hosts: Iterable[str]) -> None:
        for host in hosts:
            try:
                self.networks.add(ipaddress.ip_network(host.strip("[]"), strict=False))
            except ValueError:
                self.names.add(host.lower().rstrip("."))
        self._resolved_at = float("-inf")

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Python calls this before it acts. Raises: OutgoingRefused."""
        if not self.on or getattr(self._resolving, "now", False):
            return
        if event in _CONNECTING:
            self._check_address(arguments[0], arguments[1])
        elif event in _LOOKING_UP:
            self._check_name(arguments[0])

    def _check_address(self, made: Any, address: Any) -> None:
        if getattr(made, "family", None) not in (socket.AF_INET, socket.AF_INET6) or not address:
            return  # local sockets, and datagrams on a socket that was connected before
        host = str(address[0])
        numeric = _numeric(host)
        if numeric is None:
            self._check_name(host)
        elif not (self._allowed(numeric) or numeric in self._addresses_of_names()):
            raise self._refusal(host)

    def _check_name(self, host: Any) -> None:
        name = (host.decode(errors="replace") if isinstance(host, bytes) else str(host or "")).lower().rstrip(".")
        numeric = _numeric(name)
        local = name in ("", "localhost") or name.endswith(".localhost")
        if local or name in self.names or (numeric is not None):
            return  # addresses are judged when they are connected to
        raise self._refusal(name)

    def _allowed(self, address: Address) -> bool:
        mapped = getattr(address, "ipv4_mapped", None) or address
        return mapped.is_loopback or mapped.is_unspecified or any(mapped in network for network in self.networks)

    def _addresses_of_names(self) -> set[Address]:
        if time.monotonic() - self._resolved_at > RESOLVED_SECONDS:
            found: set[Address] = set()
            self._resolving.now = True
            try:
                for name in self.names:
                    try:
                        found |= {ipaddress.ip_address(item[4][0]) for item in socket.getaddrinfo(name, None)}
                    except (OSError, ValueError):
                        continue
            finally:
                self._resolving.now = False
            self._resolved, self._resolved_at = found, time.monotonic()
        return self._resolved

    def _refusal(self, host: str) -> OutgoingRefused:
        return OutgoingRefused(
            f"Premise may not connect to {host}: no setting names it. If it is meant, add it to allowed_outgoing."
        )


_guard = _Guard()


def guard(settings: Settings) -> None:
    """From now on this process connects to this host and to what the settings name, and nowhere else."""
    allow(named_hosts(settings))


def allow(hosts: Iterable[str]) -> None:
    """Add hosts that an operator named on the command line; switches the guard on."""
    _guard.allow(hosts)
    if not _guard.on:
        _guard.on = True
        sys.addaudithook(_guard.hook)


def named_hosts(settings: Settings) -> list[str]:
    """Hosts that the settings name: in any URL, and in `allowed_outgoing`."""
    found = set(settings.allowed_outgoing)
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        for text in value if isinstance(value, (list, tuple)) else [value]:
            secret = getattr(text, "get_secret_value", None)  # an address may carry a password
            plain = secret() if secret is not None else text
            if isinstance(plain, str) and "://" in plain:
                found |= {host for part in plain.split(",") if (host := urlsplit(part.strip()).hostname)}
    return sorted(found)


def _numeric(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.split("%", maxsplit=1)[0])
    except ValueError:
        return None
