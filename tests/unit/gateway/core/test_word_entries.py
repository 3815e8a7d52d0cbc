from __future__ import annotations

from gateway.core.word_entries import UNKNOWN, Entry, Role, Sign, joined


def test_a_word_listed_once_is_what_it_is() -> None:
    label = Entry(Role.LABEL, language="ru")
    assert joined(None, label) == label
    assert joined(label, label) == label


def test_a_role_and_signs_from_two_lists_come_together() -> None:
    label = Entry(Role.LABEL, neutral=True)
    slip = Entry(signs=Sign.SLIP.value, language="kk")
    both = Entry(Role.LABEL, signs=Sign.SLIP.value, neutral=True)
    assert joined(label, slip) == both
    assert joined(slip, label) == both


def test_the_language_comes_from_the_list_that_knows_it() -> None:
    hint = Entry(language="kk")
    call = Entry(signs=Sign.CALL.value)
    assert joined(call, hint) == Entry(signs=Sign.CALL.value, language="kk")
    assert joined(hint, call) == Entry(signs=Sign.CALL.value, language="kk")
    assert joined(UNKNOWN, hint) == hint
    assert joined(hint, Entry(language="ru")) == Entry(language="ru")


def test_two_roles_contradict_each_other() -> None:
    assert joined(Entry(Role.LABEL), Entry(Role.THANKS)) is None
    assert joined(Entry(Role.COMMAND, "stop"), Entry(Role.COMMAND, "yes")) is None
