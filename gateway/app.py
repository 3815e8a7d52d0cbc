"""The composition root: every part is made here, from top to bottom, and started in that order.

Stopping is the reverse: links refuse new questions, what is on its way is written down, binds are
closed, the store last. A watchdog ends a process that cannot stop.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import structlog
from aiohttp import web

from gateway import config, keys
from gateway.calls import CallDesk
from gateway.clock import Clock, Ids
from gateway.core.conversation import Conversation
from gateway.core.delivery import Policy
from gateway.core.memory import Limits, answerable_source
from gateway.core.results import Result
from gateway.core.tariff import Trigger
from gateway.desk import Desk, Rules
from gateway.health import Health
from gateway.intake import Intake
from gateway.logs import configure
from gateway.memories import Memories
from gateway.metrics import Metrics
from gateway.outbox import Outbox
from gateway.owed import OwedAnswers
from gateway.ports import SmsPort
from gateway.settings import LinkSettings, Settings, SettingsError, TlsSettings, secret
from gateway.store import open_store
from gateway.store.journal import Journal
from gateway.web.site import make_site
from lookup.federation import Lookup
from lookup.guard import Guarded
from lookup.registry import Registry
from smpp import esme
from smpp.operators import OperatorProfile, UnknownPolicy
from smpp.owner import BindEvent

PURGE_EVERY_S = 30.0
RECEIPTS_WANTED = True

log = structlog.get_logger()
