"""Addresses (URLs) of cameras and endpoints, and the secrets in them.

Secret are the user and the password before the ``@``, and the query: many cameras expect their password there, and many
endpoints a token. We cannot know which value of a query is the secret, so we treat all of it as one.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

HIDDEN = "***"
PASSWORD = re.compile(r"(?P<before>[\w+.-]+://[^/?#@:\s]*:)(?P<secret>[^/?#\s]*)(?=@[^/?#@\s]*(?:[/?#]|$))")
"""Matches the address at the start of a text; ``secret`` is its password, which may be empty."""
QUERY = re.compile(r"(?P<before>[\w+.-]+://[^?#\s]*\?)(?P<secret>[^#\s]*)")
"""Matches the address at the start of a text; ``secret`` is its query, which may be empty."""
_CUT_SHORT = re.compile(r"[\w+.-]+://[^/?#@:\s\[]*:(?!\d{1,5}(?:[/?#]|$))[^/?#@\s]*[/?#].*@")
_LOG_IN = re.compile(r"(?<=://)\S*@")
_ASKED = re.compile(r"(/[^\s?]*\?)\S+?(?=[:;,.)\]'\">]*(?:\s|$))")
SHORTEST_ECHO = 6
"""Characters. Anything shorter turns up in any text by chance, so it is not replaced."""


def without_secrets(address: str) -> str:
    """The address without user, password and query, fit for logs and messages.

    People forget to escape an @, / or ? in a password, so this rather hides too much than too little.
    """
    return re.sub(r"\?.*", f"?{HIDDEN}", re.sub(r"//.*@", f"//{HIDDEN}@", address))


def redact(text: str) -> str:
    """``text`` with :func:`without_secrets` applied to every address in it; an address ends at the next blank.

    The query of a path without scheme and host, as HTTP logs have it, is hidden, too.
    """
    return _ASKED.sub(rf"\1{HIDDEN}", _LOG_IN.sub(f"{HIDDEN}@", text))


def conceal(text: str, address: str) -> str:
    """``text``, an answer from ``address``, without the secrets of the address: many endpoints repeat the request."""
    for secret in sorted(_secrets(address), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return redact(text)


def flaw(address: str) -> str:
    """Why the address cannot be split into its parts, and the way out; empty if it can be, or if it is no address."""
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
