"""What is answered to requests that are none of our business here and now (SMPP 3.4 2.3, 4.3.1,
5.1.3). Pure."""

from __future__ import annotations

from smpp import pdu

BINDS = frozenset({pdu.BIND_RECEIVER, pdu.BIND_TRANSMITTER, pdu.BIND_TRANSCEIVER})
# Known requests that have a response of their own.
_KNOWN = BINDS | {
    pdu.SUBMIT_SM,
    pdu.DELIVER_SM,
    pdu.DATA_SM,
    pdu.SUBMIT_MULTI,
    pdu.QUERY_SM,
    pdu.CANCEL_SM,
    pdu.REPLACE_SM,
    pdu.UNBIND,
}
_WITHOUT_RESPONSE = frozenset({pdu.ALERT_NOTIFICATION, pdu.OUTBIND})  # 4.12, 4.1.7


def answer(command_id: int, sequence: int, bind_status: int = pdu.RINVCMDID) -> bytes | None:
    """RINVCMDID in the command's own response, generic_nack where nobody knows the command.

    `bind_status` answers a bind request. None for responses, known or not, and for what has no
    response: those are never answered.
    """
    return refusal(command_id, bind_status if command_id in BINDS else pdu.RINVCMDID, sequence)


def refusal(command_id: int, status: int, sequence: int, body: bytes | None = None) -> bytes | None:
    """This status, in the command's own response where it has one. `body`: see pdu.response."""
    if command_id & pdu.RESPONSE_BIT or command_id in _WITHOUT_RESPONSE:
        return None
    if command_id in _KNOWN:
        return pdu.response(command_id, status, sequence, body)
    return pdu.generic_nack(status, sequence)
