from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.folding import TEXT_MAX
from gateway.core.intents import Rules, read
from gateway.core.kinds import BadTableError
from gateway.core.reading import NEVER_STORED, Asked, Intent, Reading
from tests.support.rules import kinds_table, rules, words_table

APPEAL = "061200000012345678"
REPORT = "263100030000001"
EITHER = ("crime_report", "investigation")
OURS = ("service_request", "support", "escalation")

LOOKUP = Intent.LOOKUP


def appeal(number: str = APPEAL, *, folded: bool = False) -> Asked:
    return Asked(number, ("appeal",), (), folded)


def reading(intent: Intent, *asked: Asked, **rest: Any) -> Reading:
    return Reading(intent, asked, **rest)


TEN = [f"0612000000123456{n}" for n in range(70, 80)]

# The examples of the service's description, by their numbers there; 15, 19, 27, 29 and 32 depend
# on the phone's state, and here is the reading that leads to it.
EXAMPLES = [
    ("1", APPEAL, reading(LOOKUP, appeal())),
    ("2", "0612 0000 0012 345678", reading(LOOKUP, appeal())),
    ("3", f"талон {APPEAL}", reading(LOOKUP, appeal())),
    ("4", "О612ООООО012345678", reading(Intent.MALFORMED)),
    ("5", "06120000001234567З", reading(LOOKUP, appeal("061200000012345673", folded=True))),
    ("6", "٠٦١٢٠٠٠٠٠٠١٢٣٤٥٦٧٨", reading(LOOKUP, appeal())),
    ("7", "06120000001234567", reading(Intent.BAD_LENGTH, digits_got=17)),
    ("8", f"{APPEAL} 061200000012345679", reading(LOOKUP, appeal(), appeal("061200000012345679"))),
    ("9", "\n".join(TEN), reading(LOOKUP, *map(appeal, TEN[:3]), too_many=True)),
    (
        "10",
        f"Здравствуйте! Хотел узнать ответ по обращению {APPEAL}. Спасибо",
        reading(LOOKUP, appeal(), language="ru"),
    ),
    ("11", f"Hi, status of {APPEAL} pls", reading(LOOKUP, appeal(), language="en")),
    ("12", f"salem {APPEAL} ne boldy", reading(LOOKUP, appeal(), language="kk")),
    ("13", REPORT, reading(LOOKUP, Asked(REPORT, EITHER))),
    (
        "14",
        "ЕРДР№276940031000265",
        reading(
            LOOKUP,
            Asked("276940031000265", ("investigation",), ("crime_report",)),
            language="ru",
        ),
    ),
    ("15", "1", reading(Intent.CHOICE, choice=1)),
    ("16", "ЖТ-2026-01234567", reading(LOOKUP, appeal("ЖТ-2026-01234567"))),
    ("17", "ZhT-2026-01234567", reading(LOOKUP, appeal("ЖТ-2026-01234567"))),
    ("18", "акт 123456789013", reading(LOOKUP, Asked("123456789013", ("inspection",)))),
    ("19", "НЕЗАКОННО", reading(Intent.ILLEGAL_INSPECTION, language="ru")),
    (
        "20",
        "штраф 197500000123456",
        reading(LOOKUP, Asked("197500000123456", ("fine",), EITHER), language="ru"),
    ),
    (
        "21",
        "оплатил штраф а счет арестовали 197500000123456",
        reading(LOOKUP, Asked("197500000123456", ("fine",), EITHER), language="ru"),
    ),
    ("22", "850101300124", reading(Intent.IIN)),
    ("23", "4400430012345671", reading(Intent.CARD)),
    ("24", "", reading(Intent.EMPTY)),
    ("25", f"{APPEAL} 🙏🙏", reading(LOOKUP, appeal())),
    ("26 kk", "рахмет", reading(Intent.THANKS, language="kk")),
    ("26 ru", "спасибо", reading(Intent.THANKS, language="ru")),
    ("27", "?", reading(Intent.REPEAT)),
    *(
        (f"28 {word}", word, reading(Intent.LANGUAGE, language="kk", language_chosen=True))
        for word in ("ҚАЗ", "КАЗ", "қазақша", "kz")
    ),
    ("29", "СТОП", reading(Intent.STOP)),
    ("30", f"СТОП {APPEAL}", reading(Intent.STOP, appeal())),
    ("31 kk", f"ЖАЗЫЛУ {APPEAL}", reading(Intent.SUBSCRIBE, appeal(), language="kk")),
    ("31 ru", f"ПОДПИСКА {APPEAL}", reading(Intent.SUBSCRIBE, appeal(), language="ru")),
    ("32 kk", "ШАҒЫМ", reading(Intent.DISAGREE, language="kk")),
    ("32 ru", "жалоба", reading(Intent.DISAGREE, language="ru")),
    ("32 words", "не согласен", reading(Intent.DISAGREE, language="ru")),
    ("33", "мне звонят с 1414 просят код", reading(Intent.SCAM, language="ru")),
    ("34", "123456789012345678", reading(LOOKUP, appeal("123456789012345678"))),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [example[1:] for example in EXAMPLES],
    ids=[example[0] for example in EXAMPLES],
)
def test_the_examples_of_the_service_are_read_as_described(text: str, expected: Reading) -> None:
    assert read(text, rules()) == expected


def intent(text: str | None) -> Intent:
    return read(text, rules()).intent


def test_a_message_that_is_no_text_is_binary() -> None:
    assert read(None, rules()) == Reading(Intent.BINARY)


@pytest.mark.parametrize("text", [" ", "\r\n", "\u200b\ufeff", "\0\x01"])
def test_a_text_that_shows_nothing_is_empty(text: str) -> None:
    assert intent(text) is Intent.EMPTY


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("10000012", Asked("10000012", OURS)),
        ("  061200000012345678\n", appeal()),
        ("０６１２００００００１２３４５６７８", appeal()),
    ],
)
def test_a_number_alone_takes_the_short_way(text: str, asked: Asked) -> None:
    assert read(text, rules()) == reading(LOOKUP, asked)


@pytest.mark.parametrize(
    "text",
    [
        f"муж бьёт меня, талон {APPEAL}",
        "850101300124 көмектесіңіз",
        "СТОП убивают",
        "Help me",
        "меня изнасиловали",
        "күйеуім ұрып жатыр",
    ],
)
def test_danger_to_life_comes_before_all_else(text: str) -> None:
    found = read(text, rules())
    assert (found.intent, found.asked) == (Intent.EMERGENCY, ())


def test_danger_tells_its_language() -> None:
    assert read("ұрып жатыр", rules()).language == "kk"


@pytest.mark.parametrize(
    "text",
    [
        "мой ИИН 850101300124",
        "СТОП 850101300124",
        "ЖСН 850101 300124 жалоба",
        "карта 4400 4300 1234 5671 12/28 пришел код",
    ],
)
def test_an_iin_or_a_card_is_classed_before_any_command(text: str) -> None:
    """Such texts are never stored, so no other class may take them."""
    assert intent(text) in NEVER_STORED


def test_beside_a_ticket_number_an_iin_is_dropped() -> None:
    assert read(f"ИИН 850101300124, талон {APPEAL}", rules()).asked == (appeal(),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"жалоба {APPEAL}", Intent.DISAGREE),
        (f"{APPEAL} шағым", Intent.DISAGREE),
        (f"жалоба {APPEAL} не рассмотрена когда ответ", LOOKUP),
        (f"когда ответят на жалобу {APPEAL}", LOOKUP),
        (f"я не согласен с ответом по обращению {APPEAL}", Intent.DISAGREE),
        (f"по {APPEAL} дали ответ, не согласен", LOOKUP),
        (f"{APPEAL} СТОП", Intent.STOP),
        (f"стоп {APPEAL} больше не пишите", Intent.STOP),
        (f"когда же уже стоп этому {APPEAL}", LOOKUP),
        (f"ДА {APPEAL}", LOOKUP),
        (f"помощь {APPEAL}", LOOKUP),
        ("ЗАҢСЫЗ 790010260077", Intent.ILLEGAL_INSPECTION),
        ("проверка незаконна, акт 790010260077", Intent.ILLEGAL_INSPECTION),
        (f"Незаконно отказали {APPEAL}", LOOKUP),
        (f"пришел код, талон {APPEAL}", LOOKUP),
        (f"спасибо {APPEAL}", LOOKUP),
        (f"чёрт вас побери {APPEAL}", LOOKUP),
    ],
)
def test_beside_a_number_only_a_clear_command_counts(text: str, expected: Intent) -> None:
    found = read(text, rules())
    assert found.intent is expected
    assert found.asked


@pytest.mark.parametrize(
    "text",
    ["НЕЗАКОННО г. Алматы, ул. Абая 150, кв 7", "ЗАҢСЫЗ Абай көшесі 5, 050000", "заңсыз тексеру"],
)
def test_an_illegal_inspection_is_reported_with_its_place(text: str) -> None:
    found = read(text, rules())
    assert (found.intent, found.asked) == (Intent.ILLEGAL_INSPECTION, ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("СТОП 06120000001234567", Intent.STOP),  # whoever says stop is heard
        ("ЗАҢСЫЗ 12345678901234567890123", Intent.ILLEGAL_INSPECTION),
        ("ЖАЗЫЛУ 06120000001234567", Intent.BAD_LENGTH),
        ("жалоба 10000013", Intent.MALFORMED),
        ("help 06120000001234567", Intent.BAD_LENGTH),
        ("помощь", Intent.HELP),
        ("помощь нужна с талоном", Intent.HELP),
        ("ЖАЗЫЛУ", Intent.SUBSCRIBE),
        ("СТОП 87011234567", Intent.STOP),
    ],
)
def test_a_command_without_a_good_number_guesses_no_other(text: str, expected: Intent) -> None:
    assert intent(text) is expected


@pytest.mark.parametrize(
    ("text", "every"),
    [("стоп все", True), ("СТОП БАРЛЫҒЫ", True), ("stop all", True), ("стоп", False)],
)
def test_stop_may_be_meant_for_all(text: str, every: bool) -> None:
    found = read(text, rules())
    assert (found.intent, found.stop_all) == (Intent.STOP, every)


@pytest.mark.parametrize("text", ["да", "ИӘ", "иа", "Yes!", "да, спасибо", "иә иә"])
def test_a_yes_stands_alone(text: str) -> None:
    assert intent(text) is Intent.YES


@pytest.mark.parametrize("text", ["да нет", "да вы что", "да 5", "конечно да"])
def test_a_yes_with_anything_else_confirms_nothing(text: str) -> None:
    assert intent(text) is Intent.HELP


@pytest.mark.parametrize(
    ("text", "choice"),
    [("1", 1), (" 2 ", 2), ("1.", 1), ("«2»", 2), ("２", 2), ("1️⃣", 1), ("1 арыз", 1), ("№2", 2)],
)
def test_a_choice_is_a_lone_one_or_two(text: str, choice: int) -> None:
    assert read(text, rules())[:1] + read(text, rules())[5:6] == (Intent.CHOICE, choice)


@pytest.mark.parametrize("text", ["3", "0", "12", "1 2", "1 бала жатыр", "1 или 2"])
def test_anything_else_chooses_nothing(text: str) -> None:
    assert read(text, rules()).choice == 0


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("РУС", "ru"),
        ("на русском", "ru"),
        ("English please", "en"),
        ("ағылшынша", "en"),
        ("русский язык можно", "ru"),
    ],
)
def test_a_language_word_chooses(text: str, language: str) -> None:
    assert read(text, rules()) == reading(Intent.LANGUAGE, language=language, language_chosen=True)


def test_a_language_word_with_a_number_sets_it_and_looks_up() -> None:
    for text in (f"рус {APPEAL}", f"{APPEAL} рус", f"рус, талон {APPEAL} какой статус будет"):
        found = read(text, rules())
        assert found == reading(LOOKUP, appeal(), language="ru", language_chosen=True)


def test_a_language_word_beside_other_digits_is_no_command() -> None:
    found = read("рус 5", rules())
    assert found == reading(Intent.HELP, language="ru", language_chosen=True)


def test_a_language_word_inside_a_sentence_chooses_nothing() -> None:
    assert not read(f"сайт egov.kz молчит, {APPEAL}", rules()).language_chosen
    assert not read("русский дом культуры закрыт совсем", rules()).language_chosen


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("пришла ссылка от вас", Intent.SCAM),
        ("маған сілтеме келді", Intent.SCAM),
        ("You have won a car", Intent.SCAM),
        ("вы выиграли приз", Intent.SCAM),
        ("қоңырау шалды 1414", Intent.SCAM),
        ("қоңырау шалыңыз 1414", Intent.MALFORMED),
        ("звонили с 8 701 123 45 67", Intent.SCAM),
        ("звонил сосед", Intent.HELP),
        ("вчера звонили из 5 квартиры", Intent.HELP),
        ("код 123456789 что это", Intent.SCAM),
        ("не выдали талон", Intent.NO_SLIP),
        ("талон бермеді", Intent.NO_SLIP),
        ("талон жоқ", Intent.NO_SLIP),
        ("I was not given a slip", Intent.NO_SLIP),
        ("жауап бермеді", Intent.HELP),
        ("хочу подать жалобу на акимат", Intent.WRONG_PLACE),
        ("у нас во дворе не горит свет уже две недели", Intent.WRONG_PLACE),
        ("у нас во дворе не горит свет уже", Intent.WRONG_PLACE),
        ("у нас во дворе не горит свет", Intent.HELP),
        ("жалоба на соседей шумят", Intent.WRONG_PLACE),
        ("статус моего обращения какой", Intent.HELP),
        ("подал вчера жалобу", Intent.HELP),
        ("привет", Intent.HELP),
        ("АКТ", Intent.HELP),
        ("ok", Intent.THANKS),
        ("Ок!", Intent.THANKS),
        ("большое спасибо вам", Intent.THANKS),
        ("спасибо что помогли", Intent.HELP),
        ("👍🏻", Intent.THANKS),
        ("❤️", Intent.THANKS),
        (":)", Intent.THANKS),
        ("??", Intent.REPEAT),
        ("؟", Intent.REPEAT),
        ("...", Intent.HELP),
        ("!", Intent.HELP),
        ("8 701 123 45 67", Intent.PHONE),
        ("мой номер +77011234567", Intent.PHONE),
        ("перезвоните мне на мой 87011234567 пожалуйста", Intent.HELP),
        ("12345", Intent.MALFORMED),
        ("талон 1234", Intent.MALFORMED),
        ("15.12.2026", Intent.MALFORMED),
        ("500 тг", Intent.MALFORMED),
        ("дом 12", Intent.HELP),
        ("живу в доме 1234 давно", Intent.HELP),
        ("10000013", Intent.MALFORMED),
        ("счет 1234567890 арестовали", Intent.BAD_LENGTH),
    ],
)
def test_words_without_a_number_are_classed(text: str, expected: Intent) -> None:
    assert intent(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "*5678: қаралуда. Атырау әкімдігі. Жауап мерзімі 15.12.26",
        "*5678: перенаправлений 3. Сейчас: Акимат Атырау. Срок 15.12.26",
        "*5678: мерзім 11.11.26 өтті (+9 күн). Атырау әкімдігі. Шағым 1414",
        "*345678: шағым 15.12.26 қабылданды. Атырау әкімдігі. Мерзімі 20.12.26",
        "*5678: refused 15.12.26, Akimat. Reply DISAGREE to object",
        "*5678: we will text you changes (15 KZT/SMS). STOP to end",
        "*5678: мы не просим коды",
        "Не согласны с ответом по *5678? Подтвердите: ДА",
        "Fwd: *5678: отказано 15.12.26, Акимат. Не согласны: ЖАЛОБА",
    ],
)
def test_a_forwarded_reply_of_ours_is_no_command(text: str) -> None:
    found = read(text, rules())
    assert (found.intent, found.asked) == (Intent.HELP, ())


def test_a_command_beside_a_tail_of_ours_counts_alone() -> None:
    assert intent("*5678 СТОП") is Intent.STOP
    assert intent("*5678 рус") is Intent.LANGUAGE


def test_a_forwarded_reply_with_a_whole_number_is_looked_up() -> None:
    found = read("Акта 123456789013 нет в реестре. Проверяют? Ответ: НЕЗАКОННО", rules())
    assert found == reading(LOOKUP, Asked("123456789013", ("inspection",)), language="ru")


# Properties

any_text = st.text(st.characters())
citizen = st.lists(
    st.sampled_from(
        [APPEAL, REPORT, "10000012", "850101300124", "+77011234567", "15.12.2026", "ЖТ-2026-",
         "01234567", "1", "№", "акт", "штраф", "СТОП", "жалоба", "да", "рус", "код", "талон",
         "не", "согласен", "О612ООООО", "👍", "*5678:", "?", "\u200b", "\n"]
    )
).map(" ".join)  # fmt: skip


@given(any_text | citizen)
def test_any_text_is_read_and_the_reading_holds_together(text: str) -> None:
    found = read(text, rules())
    assert len(found.asked) <= 3
    assert found.asked or found.intent not in (LOOKUP,)
    assert (found.choice in (1, 2)) is (found.intent is Intent.CHOICE)
    assert (found.digits_got >= 8) is (found.intent is Intent.BAD_LENGTH)
    assert found.language in ("kk", "ru", "en", None)
    assert not found.language_chosen or found.language
    assert not found.stop_all or found.intent is Intent.STOP
    if found.asked:
        assert found.intent in (
            LOOKUP, Intent.STOP, Intent.SUBSCRIBE, Intent.DISAGREE, Intent.ILLEGAL_INSPECTION,
            Intent.EMERGENCY,
        )  # fmt: skip


@given(st.data())
def test_every_example_of_every_rule_is_read_as_itself(data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(kinds_table()["rule"]))
    number = data.draw(st.sampled_from(row["examples"]))
    keyword = ""
    if row.get("keyword_needed"):
        words = words_table()["kind"][row["kinds"][0]]
        keyword = (words.get("neutral") or words["kk"])[0].rstrip("-")
    assert read(f"{keyword} {number}", rules()).asked[0].number == number


@pytest.mark.parametrize(
    "piece",
    [
        "О", "1 ", "0О", "|", "12.12.", "1 2 3 4 5 6 7 8 9 ", "а ", "Zа", "1", "12345678 ",
        "15 000 тг ", "ЖТ-2026-", "1:11", "*1234", "\ufdfa", "a\u0301\u0316", "+7", "не ",
        "15 декабря ", "ОЗ0", "(", ". ", "8 701 ", "\ud800", "👍", "акт ", "ZhT", "1) ",
        " 1. 1234 ",
    ],
)  # fmt: skip
def test_a_hostile_text_is_read_like_any_other(piece: str) -> None:
    """Far above the limit, and of a form that a careless pattern would take for ever over."""
    text = piece * (2 * TEXT_MAX)
    assert read(text, rules()).intent in Intent
    assert read(f"акт {text} x", rules()).intent in Intent


def test_words_must_point_to_known_kinds() -> None:
    words = words_table()
    words["kind"]["licence"] = {"en": ["licence"]}
    with pytest.raises(BadTableError, match=r"keywords.toml: kind: no \[\[kind\]\] .* licence;"):
        Rules.from_tables(kinds_table(), words)
