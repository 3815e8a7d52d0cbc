from __future__ import annotations

from tests.support.line import line
from tests.support.peer import *


async def test_smoke() -> None:
    async with line() as both:
        both.wire.send(deliver_sm(7, b"123456789012345678"))
        found = await both.wire.expect(DELIVER_SM | RESPONSE, 0, 7)
        assert found.octets == 17
        both.submit(1)
        sent, fields = await both.wire.expect_submit()
        both.wire.answer_submit(sent, b"abc")
        (result,) = await both.owner.ended()
        print(result, fields, both.owner.events, both.owner.confirmed)
        assert 0
