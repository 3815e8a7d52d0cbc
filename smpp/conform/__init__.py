"""The conformance kit: plays the rows of the SMPP checklist against any peer, over the wire.

It knows the peer from outside alone, and shares no code with what it tests: PDUs are written and
read with the simulator's codec and by hand. `catalogue` lists the rows, `play` runs them against
a bench: `listener` is the SMSC that an ESME under test binds to, `dialler` the ESME that binds to
an SMSC under test. The functions that play rows stand in the `rows_*` modules.
"""

from __future__ import annotations

from smpp.conform.catalogue import ROWS, Row
from smpp.conform.dialler import Dialler
from smpp.conform.listener import Listener
from smpp.conform.options import Account, Options
from smpp.conform.play import play, plays_of
from smpp.conform.verdicts import NoPeerError, Result, Role, Verdict

__all__ = [
    "ROWS",
    "Account",
    "Dialler",
    "Listener",
    "NoPeerError",
    "Options",
    "Result",
    "Role",
    "Row",
    "Verdict",
    "play",
    "plays_of",
]
