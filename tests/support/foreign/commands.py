"""The commands of SMPP 3.4 (5.1.2.1), written down here apart from our codec."""

from __future__ import annotations

RESPONSE = 0x8000_0000
REQUESTS = {
    "bind_receiver": 0x01,
    "bind_transmitter": 0x02,
    "query_sm": 0x03,
    "submit_sm": 0x04,
    "deliver_sm": 0x05,
    "unbind": 0x06,
    "replace_sm": 0x07,
    "cancel_sm": 0x08,
    "bind_transceiver": 0x09,
    "outbind": 0x0B,
    "enquire_link": 0x15,
    "submit_multi": 0x21,
    "alert_notification": 0x102,
    "data_sm": 0x103,
}
WITHOUT_RESPONSE = {"outbind", "alert_notification"}
COMMANDS = {
    **REQUESTS,
    **{f"{name}_resp": id_ | RESPONSE for name, id_ in REQUESTS.items()},
    "generic_nack": RESPONSE,
}
for _name in WITHOUT_RESPONSE:
    del COMMANDS[f"{_name}_resp"]


def command_of(name: str) -> str:
    """The command in a PDU's name, such as `submit_sm ucs2`."""
    return name.partition(" ")[0]
