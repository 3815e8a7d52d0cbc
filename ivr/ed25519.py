"""Ed25519 signatures of webhooks: the one place of ivr that needs a library for it."""

from __future__ import annotations

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY_OCTETS = 32
SIGNATURE_OCTETS = 64


def octets(text: str, count: int) -> bytes | None:
    """Base64 of exactly `count` octets, None where the text is anything else."""
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # ValueError: signs beyond ASCII
        return None
    return found if len(found) == count else None


def is_key(text: str) -> bool:
    """Whether `text` is the base64 of a public key."""
    return octets(text, KEY_OCTETS) is not None


def is_signed(public_key: str, signature: bytes, message: bytes) -> bool:
    """Whether the key's other half signed the message; False too where `public_key` is no key."""
    key = octets(public_key, KEY_OCTETS)
    if key is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:  # also where the key is no point of the curve
        return False
    return True
