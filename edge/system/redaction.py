"""Addresses (URLs) of cameras and endpoints, and the secrets in them.

That is user and password before the ``@``, and the query: many cameras take their password there, and many endpoints
a token. It cannot be known from outside which value of a query is the secret, so all of it counts as one.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

HIDDEN = "***"
PASSWORD = re.compile(r"(?P<before>[\w+.-]+://[^/?#@:\s]*:)(?P<secret>[^/?#\s]*)(?=@[^/?#@\s]*(?:[/?#]|$))")
"""The password of the address that a text begins with; empty if it is."""
QUERY = re.compile(r"(?P<before>[\w+.-]+://[^?#\s]*\?)(?P<secret>[^#\s]*)")
"""The query of the address that a text begins with; empty if it is."""
_CUT_SHORT = re.compile(r"[\w+.-]+://[^/?#@:\s\[]*:(?!\d{1,5}(?:[/?#]|$))[^/?#@\s]*[/?#].*@")
_LOG_IN = re.compile(r"(?<=://)\S*@")
_ASKED = re.compile(r"(/[^\s?]*\?)\S+?(?=[:;,.)\]'\">]*(?:\s|$))")
SHORTEST_ECHO = 6
"""Characters; what is shorter turns up in any text by chance."""


def shown(address: str) -> str:
    """The address without user, password and query, fit for logs and messages.

    People forget to escape an @, / or ? in a password: rather too much is hidden.
    """
    return re.sub(r"\?.*", f"?{HIDDEN}", re.sub(r"//.*@", f"//{HIDDEN}@", address))


def redact(text: str) -> str:
    """``text`` with every address in it shown as :func:`shown` does, as far as an address goes: to the next blank.

    Also the query of a path without scheme and host, as logs of HTTP have it.
    """
    return _ASKED.sub(rf"\1{HIDDEN}", _LOG_IN.sub(f"{HIDDEN}@", text))


def conceal(text: str, address: str) -> str:
    """A stranger's ``text``, without what is secret in ``address``: endpoints like to repeat what they were asked."""
    for secret in sorted(_secrets(address), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return redact(text)


def flaw(address: str) -> str:
    """Why the address cannot be split into its parts, and the way out; empty if it can, or if it is no address."""
    if "://" not in address:
        return ""
    if re.search(r"\s", address):
        return "a blank in it is written %20"
    if _CUT_SHORT.match(address):
        return "a / in its password is written %2F, a ? %3F and a # %23"
    return ""


def _secrets(address: str) -> set[str]:
    password, query = PASSWORD.match(address), QUERY.match(address)
    found = [match["secret"] for match in (password, query) if match]
    if query:
        found += [pair.partition("=")[2] for pair in query["secret"].split("&")]
    return {form for secret in found for form in (secret, unquote_plus(secret)) if len(form) >= SHORTEST_ECHO}
