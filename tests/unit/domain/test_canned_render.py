"""Filling canned replies in: nothing silent, nothing rendered twice, nothing without end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from csconsole.domain.canned import Ask, CannedReply, Wording
from csconsole.domain.canned_fill import fill
from csconsole.domain.canned_render import (
    MAX_BODY,
    Rendered,
    call_name,
    call_name_en,
    context,
    promise_at,
    render,
    variables,
)
from csconsole.errors import ConfigError, UsageError

ZONE = "Asia/Bangkok"
NOON = round(datetime(2026, 11, 27, 12, 0, tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)
HOUR = 3_600_000

NOK = {"name": "nok", "display_name": {"th": "นก", "en": "Nok"}, "polite": "ka", "pronoun": "นก"}
ANN = {"call_name": "แอน", "display_names": ["Ann ♡ แม่น้องพอดี"]}
CASE = context(
    agent=NOK,
    customer=ANN,
    conversation={"number": 20410},
    branch={"name": {"th": "สาขาสยาม", "en": "Siam branch"}, "closes": "21:00", "stock": 3, "phone": ""},
    shop={"name": {"th": "กระจิบโฮม", "en": "Krajib Home"}},
)


def filled(
    body: str, values: Mapping[str, Mapping[str, object]] = CASE, answers: Mapping[str, object] | None = None
) -> Rendered:
    return render(CannedReply(name="t", body=Wording(th=body)), "th", values, answers or {}, zone=ZONE, now_ms=NOON)


def missing(rendered: Rendered) -> list[str]:
    return [one.variable for one in rendered.missing]


def test_a_greeting() -> None:
    body = (
        "สวัสดี{{ agent.polite }} {{ customer.call }} {{ agent.me }}ดูแล{{ agent.polite_na }} ช่วยไหม{{ agent.polite_ask }}"
    )
    assert filled(body) == Rendered("สวัสดีค่ะ คุณแอน นกดูแลนะคะ ช่วยไหมคะ")


@pytest.mark.parametrize(
    ("polite", "wanted"), [("ka", "ค่ะ คะ นะคะ"), ("krub", "ครับ ครับ นะครับ"), ("none", "  "), (None, "  ")]
)
def test_particles_follow_the_agent(polite: str | None, wanted: str) -> None:
    values = context(agent={"name": "x", "polite": polite}, customer={}, conversation={})
    result = filled("{{ agent.polite }} {{ agent.polite_ask }} {{ agent.polite_na }}", values)
    assert (result.text, result.missing) == (wanted, ())


def test_who_speaks_and_who_is_spoken_to() -> None:
    values = context(agent={"name": "nok"}, customer={"display_names": ["NAT."]}, conversation={})
    body = "{{ agent.me }}/{{ agent.name_en }}/{{ customer.call }}/{{ customer.call_en }}"
    assert filled(body, values).text == "แอดมิน/Nok/คุณลูกค้า/there"
    assert call_name({"call_name": "คุณหญิง"}) == "คุณหญิง"
    assert call_name({"call_name": " ลุงประเสริฐ "}) == "คุณลุงประเสริฐ"
    assert call_name_en({"call_name": "Hannah"}) == "Hannah"
    assert call_name_en({"call_name": "แอน", "first_name": "Ann"}) == "Ann"
    assert call_name_en({"first_name": "José", "call_name": "x"}) == "José"
    assert call_name_en({"first_name": "xX_sun99_Xx"}) == "there"
    assert call_name_en({"call_name": "แอน", "display_names": ["Ann ♡"]}) == "there"


@pytest.mark.parametrize(
    ("body", "text", "lacking"),
    [
        ("วัน{{ ask.day }}นะ", "วัน[ask.day?]นะ", ["ask.day"]),
        ("{{ order.total | baht }}", "[ยอดออเดอร์?]", ["order.total"]),
        ("{{ order.eta | thai_date }} {{ order.eta }}", "[วันที่คาดว่าถึง?] [วันที่คาดว่าถึง?]", ["order.eta"]),
        ("{{ branch.phone }}", "[เบอร์สาขา?]", ["branch.phone"]),
        ("{{ order['total'] | append: 'x' | upcase }}", "[ยอดออเดอร์?]", ["order.total"]),
        ("{{ 'x' | append: order.total }}", "[ยอดออเดอร์?]", ["order.total"]),
        ("{{ ask.n | plus: 1 }}", "[ask.n?]", ["ask.n"]),
        ("{% assign x = order.total %}{{ x }}", "[ยอดออเดอร์?]", ["order.total"]),
        ("{{ order.total | default: 'ไม่ทราบ' }}", "ไม่ทราบ", []),
        ("ถึง{% if order.eta %} {{ order.eta | thai_date }}{% endif %}แล้ว", "ถึงแล้ว", []),
        ("{% unless order.eta %}ยัง{% endunless %}", "ยัง", []),
        ("{% case order.payment %}{% when 'card' %}บัตร{% else %}อื่น{% endcase %}", "อื่น [วิธีจ่ายเงิน?]", ["order.payment"]),
        ("{% if order.total > 5 %}a{% else %}b{% endif %}", "b [ยอดออเดอร์?]", ["order.total"]),
        ("{% if 5 < order.total %}a{% else %}b{% endif %}", "b [ยอดออเดอร์?]", ["order.total"]),
        ("{% if 'x' == order.status %}a{% endif %}", " [สถานะออเดอร์?]", ["order.status"]),
        ("{% if branch.stock > 0 %}มี {{ branch.stock }}{% endif %}", "มี 3", []),
    ],
)
def test_nothing_missing_is_silent(body: str, text: str, lacking: list[str]) -> None:
    result = filled(body)
    assert result.text == text
    assert missing(result) == lacking
    for start, end in result.spans:
        assert result.text[start] == "["
        assert result.text[end - 2 : end] == "?]"
    assert len(result.spans) == text.count("?]")


def test_labels_are_those_of_the_questions() -> None:
    reply = CannedReply(
        name="return.pickup",
        body=Wording(th="วัน{{ ask.day | thai_day }} {{ ask.slot }}", en="on {{ ask.day | en_day }}"),
        ask=(
            Ask(name="day", label=Wording("วันที่ไปรับ", "pick-up day"), type="date"),
            Ask(name="slot", label=Wording("ช่วงเวลา", "slot"), type="choice", options=("a",)),
        ),
    )
    assert render(reply, "th", CASE, {}).text == "วัน[วันที่ไปรับ?] [ช่วงเวลา?]"
    assert render(reply, "en", CASE, {"day": ""}).text == "on [pick-up day?]"
    answered = render(reply, "th", CASE, {"day": date(2026, 11, 28), "slot": "หลัง 18.00 น."})
    assert answered == Rendered("วันเสาร์ 28 พ.ย. 2569 หลัง 18.00 น.")


def test_a_default_is_an_answer() -> None:
    reply = CannedReply(name="w", body=Wording(th="{{ ask.n }} นาที"), ask=(Ask(name="n", type="number", default=10),))
    assert render(reply, "th", CASE, {}).text == "10 นาที"
    assert render(reply, "th", CASE, {"n": 5}).text == "5 นาที"
    assert render(reply, "th", CASE, {"n": 0}).text == "0 นาที"


def test_filters() -> None:
    values = {"order": {"total": 2490, "eta": "2026-11-28", "cutoff": NOON + 3 * HOUR, "paid": 99.5}}
    body = "{{ order.total | baht }}|{{ order.paid | baht_en }}|{{ order.eta | thai_date }}|{{ order.eta | en_day }}"
    assert filled(body, values).text == "2,490 บาท|99.50 baht|28 พ.ย. 2569|Saturday 28 Nov 2026"
    assert filled("{{ order.cutoff | thai_time }} {{ order.cutoff | en_time }}", values).text == "15.00 น. 15:00"


def test_a_time_of_another_day_says_so() -> None:
    tomorrow = datetime(2026, 11, 28, 10, 0, tzinfo=ZoneInfo(ZONE))
    assert filled("{{ ask.t | thai_time }}", answers={"t": tomorrow}).text == "พรุ่งนี้ 10.00 น."


def test_its_own_expiry_can_be_told() -> None:
    reply = CannedReply(
        name="p", body=Wording(th="ถึง {{ canned.expires | thai_date }}"), expires="2026-11-28T23:59+07:00"
    )
    assert render(reply, "th", CASE, {}).text == "ถึง 28 พ.ย. 2569"


@pytest.mark.parametrize(
    "hostile",
    ["{{ agent.polite }}", "{% for i in (1..999999) %}x{% endfor %}", "\x000\x00", "{% raw %}", "}}{{", "{{ canned"],
)
def test_what_customers_call_themselves_stays_text(hostile: str) -> None:
    values = context(agent=NOK, customer={"call_name": hostile}, conversation={"number": hostile})
    result = filled("{{ customer.call }} {{ conversation.number }} {{ ask.x }}", values)
    plain = hostile.replace("\x00", "")
    assert result.text == f"คุณ{plain} {plain} [ask.x?]"
    assert missing(result) == ["ask.x"]


@pytest.mark.parametrize(
    "body",
    [
        "{% for i in (1..100000) %}x{% endfor %}",
        "{% for i in (1..100) %}{% for j in (1..100) %}{% endfor %}{% endfor %}",
        "{% for i in (1..99999999999999999999) %}{% endfor %}",
        "{% for i in (1..900) %}" + "x" * 100 + "{% endfor %}",
        "{% capture c %}{% for i in (1..900) %}" + "x" * 100 + "{% endfor %}{% endcapture %}",
        "{% assign a = 'xxxxxxxxxx' %}{% for i in (1..900) %}{% assign a = a | append: a %}{% endfor %}",
        "{% assign a = 99 %}{% for i in (1..900) %}{% assign a = a | times: a %}{% endfor %}",
        "{% include 'x' %}",
        "{% render 'x' %}",
        "{{ 'a' | replace: 'a', 'b' }}",
        "{{ x ",
        "{% if %}",
        "{% if x %}" * 300 + "{% endif %}" * 300,
        "x" * (MAX_BODY + 1),
        "{{ 1 | divided_by: 0 }}",
    ],
)
def test_templates_have_limits(body: str) -> None:
    with pytest.raises(ConfigError, match="canned reply t"):
        filled(body)


def test_variables_are_found_without_rendering() -> None:
    reply = CannedReply(
        name="v",
        body=Wording(
            th="{{ customer.call }}{% if order.eta %}{{ order.eta | thai_date }}{% endif %}",
            en="{% assign t = order.total %}{{ t }}",
        ),
        promise="{{ ask.due }}",
    )
    assert variables(reply) == ("ask.due", "customer.call", "order.eta", "order.total")
    with pytest.raises(ConfigError):
        variables(CannedReply(name="v", body=Wording(th="{{")))


@pytest.mark.parametrize(
    ("promise", "answers", "wanted"),
    [
        ("", {}, None),
        ("{{ ask.n }}m", {"n": 10}, NOON + 600_000),
        ("{{ ask.n }}m", {}, None),
        ("{{ ask.t }}", {"t": datetime(2026, 11, 27, 15, 0, tzinfo=ZoneInfo(ZONE))}, NOON + 3 * HOUR),
        ("{{ ask.d }}", {"d": date(2026, 11, 28)}, NOON + 36 * HOUR - 1),
        ("soon", {}, None),
    ],
)
def test_promises(promise: str, answers: dict[str, object], wanted: int | None) -> None:
    reply = CannedReply(name="p", body=Wording(th="x"), promise=promise)
    assert promise_at(reply, CASE, answers, zone=ZONE, now_ms=NOON) == wanted


CHOICE = Ask(
    name="slot", label=Wording("ช่วงเวลา"), type="choice", options=("09.00-12.00 น.", "13.00-16.00 น.", "หลัง 18.00 น.")
)


@pytest.mark.parametrize(
    ("ask", "typed", "value"),
    [
        (Ask(name="d", type="date"), "เสาร์", date(2026, 11, 28)),
        (Ask(name="d", type="date"), "28/11/69", date(2026, 11, 28)),
        (Ask(name="t", type="time"), "15.00", datetime(2026, 11, 27, 15, 0, tzinfo=ZoneInfo(ZONE))),
        (Ask(name="t", type="time"), "2h", datetime(2026, 11, 27, 14, 0, tzinfo=ZoneInfo(ZONE))),
        (Ask(name="n", type="number"), "10", 10),
        (Ask(name="n", type="number"), "๒,๔๙๐", 2490),
        (Ask(name="n", type="money"), "1,290.50 บาท", 1290.5),
        (CHOICE, "3", "หลัง 18.00 น."),
        (CHOICE, "๓", "หลัง 18.00 น."),
        (CHOICE, "หลัง", "หลัง 18.00 น."),
        (CHOICE, "13.00-16.00 น.", "13.00-16.00 น."),
        (Ask(name="x"), "  สอง   คำ ", "สอง คำ"),
    ],
)
def test_answers(ask: Ask, typed: str, value: object) -> None:
    assert fill(ask, typed, NOON, ZONE) == value


@pytest.mark.parametrize(
    ("ask", "typed", "says"),
    [
        (Ask(name="d", label=Wording("วัน"), type="date"), "", "วัน"),
        (Ask(name="d", type="date"), "ไม่รู้", "28/11"),
        (Ask(name="t", type="time"), "10.00", "ผ่านไปแล้ว"),
        (Ask(name="n", type="number"), "สิบ", "2,490"),
        (Ask(name="n", type="number"), "nan", "2,490"),
        (Ask(name="n", type="number"), "1e99", "2,490"),
        (CHOICE, "4", "1 ถึง 3"),
        (CHOICE, "0", "1 ถึง 3"),
        (CHOICE, "00", "1 ถึง 3"),
        (CHOICE, "น.", "1 ถึง 3"),
    ],
)
def test_answers_that_are_none(ask: Ask, typed: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        fill(ask, typed, NOON, ZONE)
    assert says in caught.value.message


def test_liquid_is_imported_only_to_render() -> None:
    code = (
        "import sys; import csconsole.domain.canned_render as r; import csconsole.domain.canned_rank; "
        "import csconsole.domain.canned_check; import csconsole.domain.canned_file; "
        "assert not {'liquid', 'rapidfuzz', 'lark'} & set(sys.modules); "
        "from csconsole.domain.canned import CannedReply, Wording; "
        "r.render(CannedReply(name='a', body=Wording('x')), 'th', {}, {}); assert 'liquid' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
