"""The store's limits, and the terms after which things expire."""

from __future__ import annotations

from dataclasses import dataclass

_SECOND_US = 1_000_000
_HOUR_US = 3_600 * _SECOND_US
_DAY_US = 24 * _HOUR_US

# A fingerprint is live for the first term after receipt, and for the second one as long as the
# peer has not been seen to read our response.
REPEAT_US = 60 * _SECOND_US
DOUBTFUL_US = 48 * _HOUR_US

# A reply may get a receipt for so long after its submit; afterwards its id is another message's.
RECEIPT_US = 8 * _DAY_US
ORPHAN_US = 7 * _DAY_US  # a receipt waits for the response to its submit
REPLY_US = 400 * _DAY_US  # 13 months, after a reply's validity has ended
FINDING_US = 400 * _DAY_US  # 13 months, after a contradiction was last seen
MSISDN_US = 400 * _DAY_US  # 13 months, after the phone was last heard of
CALL_BACK_OPEN_US = 7 * _DAY_US  # afterwards nobody expects the call any more
CALL_BACK_DONE_US = 30 * _DAY_US
CALL_BACK_TAKEN_US = 15 * 60 * _SECOND_US  # whoever took it so long ago has forgotten it

PURGE_ROWS = 2_000  # rows of a table looked at in one statement of `purge`
PURGE_SLICES_MAX = 20  # statements a table and call, where nothing is found to remove
PAGE_ROWS = 1_000  # questions read at a time by `chains`
OTHERS_ROWS = 5_000  # phones of other operators' questions that it reads at a time


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """What one gateway on a small server needs."""

    backlog_max: int = 2_000  # calls waiting for the writer; one more is refused
    transaction_rows_max: int = 4_000  # rows after which a transaction takes no further call
    lock_wait_ms: int = 1_000  # how long a commit waits for a lock held by somebody else
    cache_mib: int = 64  # pages kept in memory by the writer
    checkpoint_rows: int = 30_000  # rows written before the log is copied into the file
    log_size_max_mib: int = 64  # what the log file is cut back to after that
    size_max_mib: int = 0  # of the journal file; 0: as much as the disk holds
