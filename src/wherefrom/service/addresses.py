"""Which addresses may be fetched from: those of the public internet, and none that leads inside."""

from __future__ import annotations

import ipaddress
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

from wherefrom.service.problems import Refused

__all__ = ["Address", "checked_url", "is_public"]

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv6 addresses that end in an IPv4 address, which a network without IPv4 reaches through them."""
_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
"""All of IPv6 that is handed out for the public internet."""
_INSIDE: Final = ipaddress.IPv4Network("192.0.0.0/24")
"""For protocols and some clouds' own services; earlier versions of Python call most of it global."""
_PORTS: Final = {"https": 443, "http": 80}
_LONGEST: Final = 8192


def is_public(address: Address) -> bool:
    """Whether an address is of the public internet, whatever way it is written in.

    An IPv6 address that carries an IPv4 address (mapped, translated, 6to4, Teredo) is public only if that is too.

    Example:
        >>> [is_public(ipaddress.ip_address(text)) for text in ("1.1.1.1", "10.0.0.1", "::ffff:127.0.0.1", "fe80::1")]
        [True, False, False, False]
    """
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not (address.is_multicast or address.is_reserved or address in _INSIDE)
    carried = _carried(address)
    if not carried:
        return address.is_global and address in _UNICAST
    return all(is_public(inner) for inner in carried)


def _carried(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """IPv4 addresses that an IPv6 address carries."""
    found = [inner for inner in (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())) if inner is not None]
    if address in _TRANSLATED:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return found


def checked_url(url: str, *, plain_http: bool) -> SplitResult:
    """A URL that may be fetched, as far as its text tells.

    Args:
        url: as it was typed, or as a redirect says.
        plain_http: whether it may be of `http`.

    Raises:
        Refused: when it is of another scheme, names a user or another port, or cannot be read.
    """
    allowed = ("https", "http") if plain_http else ("https",)
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise _refused(f"it cannot be read: {error}") from error
    if len(url) > _LONGEST or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise _refused("need printable ASCII without spaces, percent-encoded where it is not")
    if parts.scheme not in allowed:
        raise _refused(f"its scheme is {parts.scheme[:20]!r}, need {' or '.join(allowed)}")
    if parts.username is not None or parts.password is not None:
        raise _refused("it names a user, which is not sent on")
    if not host or "%" in host:
        raise _refused("it names no host")
    if port not in (None, _PORTS[parts.scheme]):
        raise _refused(f"its port is {port}, need {_PORTS[parts.scheme]}")
    return parts


def _refused(reason: str) -> Refused:
    return Refused(422, "url-refused", f"an image's URL is not fetched: {reason}; or send the file itself as `images`")
