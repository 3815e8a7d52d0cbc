"""What can come of a SOAP service besides an answer. Pure."""

from __future__ import annotations


class SoapSetupError(ValueError):
    """The WSDL or the settings can't be used; the message names file or key, trouble, remedy."""


class UnreadableError(Exception):
    """A reply that says nothing to be believed; the reason quotes nothing of it."""


class FaultError(Exception):
    """The service says that it failed; `codes` are the names it gives to that."""

    def __init__(self, codes: frozenset[str]) -> None:
        super().__init__(f"fault {', '.join(sorted(codes)) or 'without a code'}")
        self.codes = codes
