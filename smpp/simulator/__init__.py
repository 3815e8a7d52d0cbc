"""An operator's SMSC to test against, with a codec of its own: `Smsc`, its `Chaos`, and `Load`."""

from smpp.simulator.chaos import Chaos, ChaosError, Torn
from smpp.simulator.delivery import RetrySchedule
from smpp.simulator.inbox import Mt
from smpp.simulator.load import Load
from smpp.simulator.mo import Mo, MoResult
from smpp.simulator.receipts import IdForm, ReceiptForm, ReceiptPolicy, ReceiptTime, State
from smpp.simulator.segments import SplitForm
from smpp.simulator.smsc import BacklogFullError, Smsc
from smpp.simulator.tally import Report
from smpp.simulator.text import Alphabet

__all__ = [
    "Alphabet",
    "BacklogFullError",
    "Chaos",
    "ChaosError",
    "IdForm",
    "Load",
    "Mo",
    "MoResult",
    "Mt",
    "ReceiptForm",
    "ReceiptPolicy",
    "ReceiptTime",
    "Report",
    "RetrySchedule",
    "Smsc",
    "SplitForm",
    "State",
    "Torn",
]
