"""What tshark must read in each PDU of ours, by the PDU's name; None: the field is not there."""

from __future__ import annotations

from tests.support.foreign.esme_pdus import GSM, KAZAKH, SUBMITS, UNSERVED
from tests.support.foreign.smsc_pdus import BINDS, RECEIPT

Fields = dict[str, str | tuple[str, ...] | None]

OK = {"smpp.command_status": "0x00000000"}
NOT_SERVED, BUSY, BAD_LENGTH = "0x00000003", "0x00000064", "0x00000002"
NO_TIME = "0.000000000"


def as_hex(octets: bytes) -> str:
    return octets.hex(":")


BIND = {
    "smpp.system_id": "1012", "smpp.password": "secret", "smpp.interface_version": "52",
    "smpp.addr_ton": "0x00", "smpp.addr_npi": "0x00",
}  # fmt: skip
SUBMIT = {
    "smpp.service_type": "(Default)", "smpp.source_addr_ton": "0x00",
    "smpp.source_addr_npi": "0x01", "smpp.source_addr": "1012", "smpp.dest_addr_ton": "0x01",
    "smpp.dest_addr_npi": "0x01", "smpp.destination_addr": "77011234567",
    "smpp.esm.submit.msg_mode": "0x00", "smpp.esm.submit.msg_type": "0x00",
    "smpp.esm.submit.features": "0x00", "smpp.protocol_id": "0x00",
    "smpp.priority_flag": "0x00", "smpp.schedule_delivery_time_r": NO_TIME,
    "smpp.validity_period_r": NO_TIME, "smpp.validity_period": None,
    "smpp.regdel.receipt": "0x00", "smpp.regdel.acks": "0x00", "smpp.regdel.notif": "0x00",
    "smpp.replace_if_present_flag": "0x00", "smpp.data_coding": "0x00",
    "smpp.sm_default_msg_id": "0", "smpp.message": as_hex(GSM), "smpp.opt_param_tag": None,
}  # fmt: skip
UCS2 = {
    "smpp.data_coding": "0x08", "smpp.message": as_hex(KAZAKH),
    "smpp.message_text": KAZAKH.decode("utf-16-be"),
}  # fmt: skip
PLACE = {"gsm_sms.udh.mm.msg_parts": "3", "gsm_sms.udh.mm.msg_part": "2"}
ESME_PDUS: dict[str, Fields] = {
    "bind_transceiver": BIND,
    "bind_receiver": BIND | {"smpp.password": "a longer password"},
    "bind_transmitter": BIND | {"smpp.password": "a longer password"},
    "enquire_link": {},
    "enquire_link_resp": {"smpp.command_status": "0x00000000"},
    "unbind": {},
    "unbind_resp": {"smpp.command_status": "0x00000000"},
    "deliver_sm_resp": {"smpp.command_status": "0x00000000", "smpp.command_length": "17"},
    "deliver_sm_resp busy": {"smpp.command_status": BUSY, "smpp.command_length": "17"},
    "data_sm_resp": {"smpp.command_status": "0x00000000", "smpp.command_length": "17"},
    "data_sm_resp busy": {"smpp.command_status": BUSY, "smpp.command_length": "17"},
    "generic_nack of a length": {"smpp.command_status": BAD_LENGTH},
    **{name: {"smpp.command_status": NOT_SERVED} for name in UNSERVED},
    "submit_sm gsm": SUBMIT,
    "submit_sm ucs2": SUBMIT | UCS2,
    "submit_sm udh8": SUBMIT | UCS2 | PLACE | {
        "smpp.esm.submit.features": "0x01", "gsm_sms.ie_identifier": "0x00",
        "gsm_sms.udh.mm.msg_id": str(0x34),
        "smpp.message": as_hex(bytes((5, 0, 3, 0x34, 3, 2)) + KAZAKH),
    },
    "submit_sm udh16": SUBMIT | PLACE | {
        "smpp.esm.submit.features": "0x01", "gsm_sms.ie_identifier": "0x08",
        "gsm_sms.udh.mm.msg_id": str(0x1234),
        "smpp.message": as_hex(bytes((6, 8, 4, 0x12, 0x34, 3, 2)) + GSM),
    },
    "submit_sm sar": SUBMIT | UCS2 | {
        "smpp.opt_param_tag": ("0x020c", "0x020e", "0x020f"),
        "smpp.sar_msg_ref_num": str(0x1234), "smpp.sar_total_segments": "3",
        "smpp.sar_segment_seqnum": "2",
    },
    "submit_sm payload": SUBMIT | {
        "smpp.data_coding": "0x08", "smpp.sm_length": "0", "smpp.message": None,
        "smpp.opt_param_tag": "0x0424", "smpp.message_payload": as_hex(KAZAKH * 40),
    },
    "submit_sm receipt": SUBMIT | {"smpp.regdel.receipt": "0x01"},
    "submit_sm all receipts": SUBMIT | {
        "smpp.regdel.receipt": "0x01", "smpp.regdel.notif": "0x01",
    },
    "submit_sm relative": SUBMIT | {"smpp.validity_period_r": "3600.000000000"},
    "submit_sm absolute": SUBMIT | {
        "smpp.validity_period_r": None,
        "smpp.validity_period": "Nov 22, 2026 06:00:00.000000000 UTC",  # 11:00 at UTC+5
    },
    "submit_sm no validity": SUBMIT,
    "submit_sm reference": SUBMIT | {
        "smpp.opt_param_tag": "0x0204", "smpp.user_message_reference": "0x1170",
    },
    "submit_sm fields": SUBMIT | {
        "smpp.service_type": "CMT", "smpp.source_addr_ton": "0x03",
        "smpp.source_addr_npi": "0x00", "smpp.dest_addr_ton": "0x02",
        "smpp.dest_addr_npi": "0x08", "smpp.protocol_id": "0x40", "smpp.priority_flag": "0x02",
    },
}  # fmt: skip

VERSION = {"smpp.opt_param_tag": "0x0210", "smpp.SC_interface_version": "52"}
BOUND = OK | {"smpp.system_id": "jauap"}
NO_BODY = {"smpp.command_length": "16"}
REPORT = SUBMIT | {
    "smpp.esm.submit.msg_type": "0x01", "smpp.message": as_hex(RECEIPT),
}  # fmt: skip
WITHOUT_VALIDITY: Fields = {"smpp.validity_period_r": NO_TIME, "smpp.validity_period": None}
WITHOUT_RECEIPT: Fields = {"smpp.regdel.receipt": "0x00", "smpp.regdel.notif": "0x00"}
SMSC_PDUS: dict[str, Fields] = {
    **dict.fromkeys(BINDS, BOUND | VERSION),
    **{f"{name} old": BOUND | {"smpp.opt_param_tag": None} for name in BINDS},
    **{f"{name} again": NO_BODY | {"smpp.command_status": "0x00000005"} for name in BINDS},
    **{f"{name} denied": NO_BODY | {"smpp.command_status": "0x0000000e"} for name in BINDS},
    "submit_sm_resp": OK | {"smpp.message_id": "id-1"},
    "data_sm_resp": OK | {"smpp.message_id": "id-2"},
    "submit_sm_resp busy": NO_BODY | {"smpp.command_status": BUSY},
    "data_sm_resp busy": NO_BODY | {"smpp.command_status": BUSY},
    "submit_sm_resp malformed": NO_BODY | {"smpp.command_status": "0x00000001"},
    "deliver_sm_resp refused": {"smpp.command_status": NOT_SERVED},
    "query_sm_resp": {"smpp.command_status": NOT_SERVED},
    "replace_sm_resp": {"smpp.command_status": NOT_SERVED},
    "cancel_sm_resp": {"smpp.command_status": NOT_SERVED},
    "submit_multi_resp": {"smpp.command_status": NOT_SERVED},
    "generic_nack of a command": {"smpp.command_status": NOT_SERVED},
    "generic_nack of a length": {"smpp.command_status": BAD_LENGTH},
    "enquire_link": {},
    "enquire_link_resp": OK,
    "unbind": {},
    "unbind_resp": OK,
    "outbind": {"smpp.system_id": "1012", "smpp.password": "secret"},
    "submit_sm": SUBMIT | {"smpp.regdel.receipt": "0x01"},
    **{
        name.replace("submit_sm", "deliver_sm"): ESME_PDUS[name]
        | WITHOUT_VALIDITY
        | WITHOUT_RECEIPT
        for name in SUBMITS
    },
    "deliver_sm report": REPORT | {
        "smpp.opt_param_tag": ("0x001e", "0x0427"), "smpp.receipted_message_id": "1234567890",
        "smpp.message_state": "2",
    },
    "deliver_sm report old": REPORT,
}  # fmt: skip
