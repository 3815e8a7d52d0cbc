"""What an ESME answers to requests that are none of its business (SMPP 3.4 2.3, 4.3.1, 5.1.3).
Pure."""

from __future__ import annotations

from smpp import pdu

# Known requests that have a response of their own.
_KNOWN = frozenset(
    {
        pdu.BIND_RECEIVER,
        pdu.BIND_TRANSMITTER,
        pdu.BIND_TRANSCEIVER,
        pdu.SUBMIT_SM,
        pdu.SUBMIT_MULTI,
        pdu.QUERY_SM,
        pdu.CANCEL_SM,
        pdu.REPLACE_SM,
    }
)
_WITHOUT_RESPONSE = frozenset({pdu.ALERT_NOTIFICATION, pdu.OUTBIND})  # 4.12, 4.1.7


def answer(command_id: int, sequence: int) -> bytes | None:
    """RINVCMDID in the command's own response, generic_nack where nobody knows the command.

    None for responses, known or not, and for what has no response: those are never answered.
    """
    if command_id & pdu.RESPONSE_BIT or command_id in _WITHOUT_RESPONSE:
        return None
    if command_id in _KNOWN:
        return pdu.response(command_id, pdu.RINVCMDID, sequence)
    return pdu.generic_nack(pdu.RINVCMDID, sequence)
