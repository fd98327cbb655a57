"""What a written sentence may and may not claim of a passage: numbers, units, dates, names and denials are checked."""

from __future__ import annotations

import pytest
from passages import passage_of

from app.answers.amounts import in_digits, measures
from app.answers.support import find_support
from storage.embedder import Embedder

TEXT = (
    "Parental leave was introduced by Maria Lindgren in 2011. It lasts up to 36 months for each child. "
    "The data centre in Utrecht was opened by Hanna Vos on 3 March 2016. "
    "The daily allowance in Japan is EUR 44. Alcohol is not paid back. "
    "The barrier code is changed every Monday. Rail travel above 400 kilometres may be booked in first class."
)


def _supported(claim: str, text: str = TEXT) -> str | None:
    found = find_support(claim, [passage_of(text)], cited=frozenset({1}), weigh=lambda term: 1.0)
    return text[found[0].start : found[0].end] if found else None


@pytest.mark.parametrize(
    ("claim", "span"),
    [
        (
            "Maria Lindgren introduced parental leave in 2011.",
            "Parental leave was introduced by Maria Lindgren in 2011.",
        ),
        ("Parental leave lasts up to 36 months.", "It lasts up to 36 months for each child."),
        (
            "The data centre was opened on March 3, 2016.",
            "The data centre in Utrecht was opened by Hanna Vos on 3 March 2016.",
        ),
        ("The daily allowance in Japan is 44 euros.", "The daily allowance in Japan is EUR 44."),
        ("Alcohol is not paid back.", "Alcohol is not paid back."),
    ],
)
def test_the_span_that_says_it_is_found(claim: str, span: str) -> None:
    found = _supported(claim)
    assert found is not None
    assert span in found


@pytest.mark.parametrize(
    "claim",
    [
        "Parental leave was introduced by Hanna Vos in 2011.",  # another person of the same passage
        "Parental leave was introduced by Maria Lindgren in 2016.",  # another year
        "Parental leave lasts up to 24 months for each child.",  # another number
        "Parental leave lasts up to 36 weeks for each child.",  # another unit
        "The daily allowance in Japan is USD 44.",  # another currency
        "The data centre in Utrecht was opened by Hanna Vos on 3 May 2016.",  # another month
        "The data centre in Rotterdam was opened by Hanna Vos on 3 March 2016.",  # another place
        "Alcohol is paid back.",  # denial dropped
        "Parental leave was not introduced by Maria Lindgren in 2011.",  # denial added
        "The barrier code is changed every Friday.",  # another day
        "Rail travel above 400 miles may be booked in first class.",
        "Dogs are allowed in the canteen on weekdays.",  # made up
    ],
)
def test_what_is_changed_is_not_supported(claim: str) -> None:
    assert _supported(claim) is None


FACTS = (
    "Revenue grew from EUR 12 million in 2024 to EUR 15 million in 2025. "
    "Sales rose by 12% in Europe and fell by 8% in Asia. The department head must approve trips above EUR 2,500. "
    "Managers may approve up to EUR 500. At least two people must be present. Deliveries arrive before 09:00. "
    "Anna Berg reports to Carla Whitfield. Leave is not paid out, except for what is open on your last day. "
    "Full-time employees have the following paid leave days. "
    "Germany: a certificate is needed from the fourth day. China: a certificate is needed from the second day. "
    "Spain: 31 days of leave."
)


@pytest.mark.parametrize(
    "claim",
    [
        "Revenue rose from EUR 12m in 2024 to EUR 15m in 2025.",
        "Sales fell by 8 percent in Asia.",
        "Trips above 2500 EUR must be approved by the department head.",
        "Managers may approve no more than EUR 500.",
        "Deliveries arrive before 9 am.",
        "Anna Berg reports to Carla Whitfield.",
        "Leave isn't paid out, except for what is open on the last day.",
        "A certificate is needed from the 4th day in Germany.",
        "Spain: thirty-one days of leave.",
    ],
)
def test_what_is_said_another_way_is_supported(claim: str) -> None:
    assert _supported(claim, FACTS) is not None


@pytest.mark.parametrize(
    "claim",
    [
        "Revenue grew from EUR 15 million in 2024 to EUR 12 million in 2025.",
        "Revenue fell from EUR 12 million in 2024 to EUR 15 million in 2025.",
        "Revenue grew to EUR 15 billion in 2025.",
        "Revenue grew to EUR 12 million in 2025.",
        "Sales fell by 12% in Europe.",
        "Sales rose by 8% in Asia.",
        "Sales fell by 8% in Europe.",
        "Trips below EUR 2,500 must be approved by the department head.",
        "Managers may approve more than EUR 500.",
        "Managers must approve up to EUR 500.",
        "At most two people must be present.",
        "Deliveries arrive after 09:00.",
        "Carla Whitfield reports to Anna Berg.",
        "Leave is paid out.",
        "Leave is never paid out, not even on your last day.",
        "A certificate is needed from the second day in Germany.",
        "A certificate is needed from the fourth day in China.",
        "Spain: twenty days of leave.",
        "All employees have 31 days of leave.",
        "That is all.",
    ],
)
def test_the_contrary_in_the_same_words_is_not_supported(claim: str) -> None:
    assert _supported(claim, FACTS) is None


RULES = (
    "EUR 0.38 per kilometre for a private car, EUR 0.15 for a bicycle. "
    "The warranty is 36 months from delivery and 60 months with the extended warranty. "
    "Meals are deducted: 20 percent of the full-day amount for breakfast and 40 percent each for lunch and dinner. "
    "Ute Brandes (Berlin, extension 4120), Carla Whitfield (Durham, extension 6115). "
    "Energy use is cut by 20 percent by 2028, compared with 2023. "
    "Business class needs the approval of the CFO; vice presidents can no longer approve it. "
    "Laundry is refunded from the fifth night on. Only the CEO and the press office speak to journalists. "
    "Ask the works council. Private use of the card is a breach of the code, even if it is paid back. "
    "Tell your manager before 09:00, and say how long you are away; you never have to say what you have. "
    "Colours: green means measuring; yellow, a warning; red, no valid value. "
    "From 30 kg on it is lifted by two persons. "
    "Enter leave in the system; enter the weeks of July by 15 March so that teams can plan. "
    "A lost receipt may be replaced at most twice a trip.\n\n"
    "## What is not refunded\n\nFines and parking tickets.\n\n"
    "Country: Japan | Full day: 44 EUR | Partial day: 22 EUR\n"
    "Country: Spain | Full day: 31 EUR | Partial day: 15 EUR\n\n"
    "Cost: up to 1,500 EUR | Approved by: line manager\nCost: 1,500 to 5,000 EUR | Approved by: department head\n\n"
    "Terminal: 7 | Signal: Modbus A | Colour: blue\nTerminal: 8 | Signal: Modbus B | Colour: red\n\n"
    "The core hours apply at home: 10:00 to 15:00 from Monday to Thursday, 10:00 to 13:00 on Fridays. "
    "- Primary: EUR 350 per week. Secondary: EUR 160 per week. "
    "Interns stay at home on one day after the first six months. "
    "Any engineer may roll back without asking. Minors in the United Kingdom get 31 coupons.\n\n"
    "Das Konto darf höchstens 60 Plusstunden und höchstens 20 Minusstunden aufweisen. "
    "Bei mehr als sechs Stunden werden 33 Minuten abgezogen, bei mehr als neun Stunden 45 Minuten. "
    "Danach entscheidet eine Kommission innerhalb von 17 Tagen. Fragen beantwortet der Betriebsrat.\n\n"
    "食堂周一至周六开放，星期日关闭。班车每天早上7:35发车；下午17:40返回。"
    "访客须提前一个工作日登记。外籍访客需要提前三个工作日登记。值班补贴400元。"
    "蓝色访客证只能进入食堂；黄色访客证发给维修人员；红色访客证可以进入车间。国庆节10月1日至7日放假7天。"
)


@pytest.mark.parametrize(
    "claim",
    [
        "A bicycle is paid with EUR 0.38 per kilometre.",
        "The warranty is 60 months from delivery and 36 months with the extended warranty.",
        "40 percent of the full-day amount is deducted for breakfast.",
        "Carla Whitfield has extension 4120.",
        "Energy use is cut by 20 percent by 2023, compared with 2028.",
        "Business class needs the approval of the vice president.",
        "Laundry is refunded up to the fifth night.",
        "Only the CEO and the works council speak to journalists.",
        "Private use of the card is allowed if it is paid back.",
        "Red means measuring.",
        "From 30 kg on it is lifted by one person.",
        "Parking tickets are refunded.",
        "The amount for a partial day in Japan is 44 EUR.",
        "Costs of 1,500 to 5,000 EUR are approved by the line manager.",
        "Modbus A is at terminal 8, which is red.",
        "外籍访客需要提前一个工作日登记。",
        "值班补贴400美元。",
        "蓝色访客证可以进入车间。",
        "国庆节放假7个月。",
        "The core hours on Fridays are 10:00 to 15:00.",
        "The secondary gets EUR 350 per week.",
        "Interns stay at home on one day in the first six months.",
        "Any engineer may not roll back without asking.",
        "Das Konto darf höchstens 20 Plusstunden aufweisen.",
        "Bei mehr als sechs Stunden werden 45 Minuten abgezogen.",
        "Danach entscheidet der Betriebsrat innerhalb von 17 Tagen.",
        "食堂星期六关闭。",
        "班车每天下午7:35发车。",
    ],
)
def test_what_is_said_of_another_thing_is_not_supported(claim: str) -> None:
    assert _supported(claim, RULES) is None


@pytest.mark.parametrize(
    "claim",
    [
        "The company pays EUR 0.15 for a bicycle and EUR 0.38 per kilometre for a private car.",
        "With the extended warranty it is 60 months, otherwise the warranty is 36 months from delivery.",
        "For lunch 40 percent of the full-day amount is deducted.",
        "Carla Whitfield's extension is 6115.",
        "Call Ute Brandes (extension 4120) in Berlin or Carla Whitfield (extension 6115) in Durham.",
        "By 2028, energy use is cut by 20 percent from 2023.",
        "Business class must be approved by the CFO; vice presidents cannot approve it any more.",
        "Tell your manager before 9 am and say how long you are away.",
        "The weeks of July must be entered by March 15.",
        "You may replace a lost receipt at most two times a trip, and laundry is refunded from the fifth night.",
        "They aren't refunded: fines and parking tickets.",
        "For a partial day it is 22 EUR in Japan and 15 EUR in Spain.",
        "The department head approves costs from 1,500 to 5,000 EUR.",
        "外籍访客需提前三个工作日登记。",
        "国庆节放假七天，从10月1日到7日。",
        "Core hours are from 10:00 to 15:00 from Monday to Thursday and from 10:00 to 13:00 on Fridays.",
        "The primary gets EUR 350 a week and the secondary EUR 160.",
        "Minors in the UK get 31 coupons.",
        "Es darf höchstens 60 Plusstunden und höchstens 20 Minusstunden haben.",
        "食堂星期日关闭。",
    ],
)
def test_what_is_said_of_the_same_thing_in_another_order_is_supported(claim: str) -> None:
    assert _supported(claim, RULES) is not None


CONTRARIES = (  # what is said; the same with the contrary word, or another limit, period, order or thing
    ("The number of visitors grows every spring in Porto.", "The number of visitors falls every spring in Porto."),
    ("The forms are handed in before the talk with the lead.", "The forms are handed in after the talk with the lead."),
    ("The first visitor of the day opens the blinds.", "The last visitor of the day opens the blinds."),
    ("The minimum stock of paper is kept in the cellar.", "The maximum stock of paper is kept in the cellar."),
    ("The fee includes lunch and the tour.", "The fee excludes lunch and the tour."),
    ("The gross weight stands on the label.", "The net weight stands on the label."),
    ("The internal audit takes place in spring.", "The external audit takes place in spring."),
    ("The committee accepts late papers from students.", "The committee rejects late papers from students."),
    ("The safety course is mandatory on site.", "The safety course is voluntary on site."),
    ("Interns take paid leave in summer.", "Interns take unpaid leave in summer."),
    ("The porter is always at the gate in winter.", "The porter is never at the gate in winter."),
    ("The windows of the lab are open at night.", "The windows of the lab are closed at night."),
    ("The year of the club begins with a dinner.", "The year of the club ends with a dinner."),
    ("The morning shift cleans the hall.", "The evening shift cleans the hall."),
    ("The winter tyres are kept in the shed.", "The summer tyres are kept in the shed."),
    ("The north gate has a bell.", "The south gate has a bell."),
    ("The east wing has a lift.", "The west wing has a lift."),
    ("The buyer pays the freight.", "The seller pays the freight."),
    ("The bonus is for full-time staff of the shop.", "The bonus is for part-time staff of the shop."),
    ("The form is for domestic flights of staff.", "The form is for foreign flights of staff."),
    ("The valve is above the pump.", "The valve is below the pump."),
    ("The alarm is tested on an annual basis.", "The alarm is tested on a monthly basis."),
    ("Die Anlage wird jährlich geprüft.", "Die Anlage wird täglich geprüft."),
    ("The badge costs $50/month; the locker costs $500 a year.", "The badge costs $50 per year."),
    ("Say so 5 business days before the trip.", "Say so 5 weeks before the trip."),
    ("The rebate is for orders of 40 pieces or more.", "The rebate is for orders of 40 pieces or less."),
    ("Telling others of the audit is a breach of the code.", "You may tell others of the audit, by the code."),
    ("The deposit is kept even if you cancel the tour.", "The deposit is kept if you cancel the tour."),
    ("The hall is built by 2028; it was planned in 2023.", "The hall, planned by 2028, is built by 2023."),
    ("The trip takes two days by train.", "The trip takes one day by train."),
    ("Any bills more than 90 days old go to Finance.", "Any bills go to Finance."),
    ("Bills go to the manager and then to the treasurer.", "Bills go to the treasurer and then to the manager."),
    ("Spain: 40 coupons for lunch.", "All staff have 40 coupons for lunch."),
    ("The key hangs at gate B of the yard.", "The key hangs at gate C of the yard."),
    ("Refunds are made, except for tips to guides.", "Refunds are always made to guides."),
    ("Ann leads the tour. Similar to Ann, Bea signs the form. Ask Cleo.", "Cleo signs the form, similar to Ann."),
    (
        "Public tools may be used with Public data. Ask for Internal data.",
        "Public tools may be used with Internal data.",
    ),
    ("The key is handed to the next guest of the house.", "The key is handed to the previous guest of the house."),
    ("The seal is kept for an unmarried heir of the house.", "The seal is kept for a married heir of the house."),
    ("Rent rose by 7%, to EUR 640 a month.", "Rent rose by EUR 640 a month."),
    ("Never say that the lamp is old, that hurts trust.", "Say that the lamp is old, that hurts trust."),
    ("Please avoid a call to one porter at night.", "In the night, send a call to one porter."),
    ("Optionally call the porter with the bell.", "You must call the porter with the bell."),
    ("Lamps are cleaned by the night porter of the club.", "Lamps of the club are cleaned by the young guests."),
    ("Lamps are cleaned by the night porter of the club.", "Lamps of the club are cleaned by the day cook."),
    (
        "Each spring the cook writes a long letter to the porter.",
        "Each spring the porter writes a long letter to the cook.",
    ),
    ("Ann Berg paid Bea Voss for eight lamps.", "Bea Voss paid Ann Berg for eight lamps."),
    ("If it rains, Ann Berg calls Bea Voss.", "If it rains, Bea Voss calls Ann Berg."),
    (
        "The eight night porters of the hall write long letters to the four day cooks of the club.",
        "The four day cooks of the club write long letters to the eight night porters of the hall.",
    ),
    ("The list is of real lamps of the hall.", "The list is of fictional lamps of the hall."),
    ("The work on the lamps was started in spring.", "The work on the lamps was finished in spring."),
    ("会费增加了许多。", "会费减少了许多。"),
    ("图书馆周末开放。", "图书馆周末关闭。"),
    ("请在出发以前登记。", "请在出发以后登记。"),
    ("儿童参观免费。", "儿童参观收费。"),
)


@pytest.mark.parametrize(("said", "contrary"), CONTRARIES)
def test_one_word_makes_it_the_contrary(said: str, contrary: str) -> None:
    assert _supported(said, said) is not None
    assert _supported(contrary, said) is None


@pytest.mark.parametrize(
    ("said", "claim"),
    [
        ("Ann Berg trained Bea Voss.", "Bea Voss was trained by Ann Berg."),
        ("Leave may be carried over until 31 March.", "Until 31 March, leave may be carried over."),  # no limit
        ("In Utrecht the hall was built by Ann Berg.", "The hall was built by Ann Berg in Utrecht."),
        ("Ann Berg met Bea Voss and Cleo Marsh.", "Cleo Marsh and Bea Voss met Ann Berg."),
        ("In Porto Ann Berg sang for guests.", "Ann Berg sang for guests in Porto."),
        ("Ask Ann Berg, Bea Voss or Cleo Marsh for a lamp.", "Ask Cleo Marsh, Bea Voss or Ann Berg for a lamp."),
        ("Badges are re-used.", "Badges are reused."),
        ("The pool costs $150/quarter.", "The pool costs $150 per quarter."),
        ("The pool costs $150 a quarter.", "The pool costs $150."),
        ("Alarms are tested monthly; lifts are tested annually.", "Lifts are tested annually."),
        ("Bills go to the manager and then to the treasurer.", "Bills go first to the manager, then to the treasurer."),
        ("The trip takes one day by boat and two days by train.", "The trip takes one day by boat."),
        ("If a guest is late, the porter rings at noon.", "The porter rings at noon if a guest is late."),
        ("Lamps are cleaned by the night porter.", "Lamps are cleaned by the porter at night."),
        ("Ask within 9 days from the date shown on the form.", "Ask within 9 days of the date on the form."),
        (
            "Waste is never paid. All bills more than 90 days old go to Finance.",
            "All bills over 90 days go to Finance.",
        ),
    ],
)
def test_what_only_sounds_like_the_contrary_is_supported(said: str, claim: str) -> None:
    assert _supported(claim, said) is not None


def test_values_of_labelled_lines_are_not_exchanged_below_what_announces_them() -> None:
    text = "- Benefits in the works canteen (a month):\n  - Lunch: $50\n  - Supper: $75"
    assert _supported("The canteen's monthly benefits are $50 for lunch and $75 for supper.", text)
    assert not _supported("The canteen's monthly benefits are $50 for supper and $75 for lunch.", text)


def test_the_limit_of_the_sentence_that_says_it_counts() -> None:
    text = "Guests book a minimum of 12 days. What is open ends within 12 days."
    assert _supported("Guests book at least 12 days.", text)
    assert not _supported("Guests book at most 12 days.", text)


SAID_OF_MORE = (  # what is said; of more things than that, or of nobody else
    ("Some rooms in Porto have a phone.", "All rooms in Porto have a phone."),
    ("Guides usually carry a map of the town.", "Guides always carry a map of the town."),
    ("In a few towns, guides carry a map.", "In most towns, guides carry a map."),
    ("Meal vouchers are for permanent staff.", "Meal vouchers are for all staff."),
    ("All guests who booked a room before May have a map.", "Everyone has a map as a guest."),
    ("Only trained porters open the vault.", "Any porters open the vault."),
    ("Porters open the vault.", "Only porters open the vault."),
    ("Only trained porters open the vault.", "Guides open the vault."),
    ("Trial rooms are only for paying guests.", "Trial rooms are for paying guests and their visitors."),
    ("Tickets are refunded, except for tips.", "Tickets are always refunded."),
)


@pytest.mark.parametrize(("said", "widened"), SAID_OF_MORE)
def test_what_is_said_of_some_is_not_said_of_all_or_of_nobody_else(said: str, widened: str) -> None:
    assert _supported(said, said) is not None
    assert _supported(widened, said) is None


@pytest.mark.parametrize(
    ("said", "claim"),
    [
        ("Every year some rooms are painted.", "Some rooms are painted each year."),
        ("All guests who booked before May get a map.", "Everyone who booked before May gets a map."),
        ("Porters open the vault. Keys lie only at the desk.", "Porters open the vault; keys lie only at the desk."),
        ("Only trained porters open the vault.", "Trained porters open the vault."),
        ("Guests read the map in the hall and pay only on leaving.", "Guests can read the map in the great hall."),
        ("All tours are to remain free for guests.", "All tours remain free."),
        ("Any bills of the trip more than 90 days old are late.", "All bills over 90 days of the trip are late."),
        ("Include the receipts of the trip.", "All receipts of the trip must be included."),
    ],
)
def test_what_is_said_of_as_many_in_other_words_is_supported(said: str, claim: str) -> None:
    assert _supported(claim, said) is not None


LISTS = (
    "Accuracy is how closely the scale hits the true weight. Precision is how little the scale wavers from weighing to "
    "weighing.\n\n"
    "Quick repairs are:\n\n- Done by the porter at the desk\n- Noted in the green book\n\n"
    "Large repairs (also called projects) are:\n\n- Planned by the board in autumn\n- Noted in the budget\n\n"
    "Fees (per month):\n\n- Pool: EUR 40\n- Sauna: EUR 25\n\n"
    "Skills are named by each guide. For example: pottery, chess and sailing. Hours are given by week and day."
)


@pytest.mark.parametrize(
    ("claim", "holds"),
    [
        ("Precision is how little the scale wavers from weighing to weighing.", True),
        ("Accuracy is how little the scale wavers from weighing to weighing.", False),
        ("Precision means how closely the scale hits the true weight.", False),
        ("Large repairs are planned by the board in autumn.", True),
        ("Projects are planned by the board in autumn.", True),
        ("Quick repairs are planned by the board in autumn.", False),
        ("Quick repairs are noted in the green book, unlike projects.", True),
        ("The pool is EUR 40 per month.", True),
        ("The sauna costs EUR 25 each month.", True),
        ("The pool is EUR 40 per year.", False),
        ("Examples of skills are pottery, chess and sailing.", True),
        ("For hours, pottery, chess and sailing are examples.", False),
    ],
)
def test_what_is_told_of_one_thing_of_a_list_is_not_told_of_another(claim: str, holds: bool) -> None:
    assert (_supported(claim, LISTS) is not None) is holds


def test_another_language_is_vouched_for_by_numbers_only_where_it_cites() -> None:
    text = "Employees in Germany have 30 days of annual leave."
    said = "Die Mitarbeiter haben 30 Tage Urlaub."
    passages = [passage_of(text)]
    cited = find_support(said, passages, cited=frozenset({1}), weigh=lambda term: 1.0)
    assert [passages[0].text[item.start : item.end] for item in cited] == [text]
    assert not find_support(said, passages, cited=frozenset(), weigh=lambda term: 1.0)
    other = said.replace("30", "31")
    assert not find_support(other, passages, cited=frozenset({1}), weigh=lambda term: 1.0)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Thirty-one days, two hundred and five, a hundred", "31 days, 205, 100"),
        ("einundzwanzig Tage, am dritten Tag, 0,38 EUR, 2.500 EUR", "21 Tage, am 3 Tag, 0.38 EUR, 2500 EUR"),
        ("9 am, 09:30, 3.15 p.m., 17 Uhr", "9, 9:30, 15:15, 17"),
        ("2026-03-31, 31.03.2026, 3/31/2026", "31 March 2026, 31 March 2026, 31 March 2026"),
        ("年假为二十五天, 一个", "年假为25天, 一个"),
        ("EUR 12m, 1 000 km in 2024 150 people, 4.2, 1.2.3", "EUR 12 million, 1000 km in 2024 150 people, 4.2, 1.2.3"),
    ],
)
def test_numbers_are_read_however_they_are_written(text: str, plain: str) -> None:
    assert in_digits(text) == plain


def test_a_name_may_stand_in_the_sentence_before() -> None:
    text = "Maria Lindgren leads the works council. She introduced parental leave for both parents in 2011."
    assert _supported("Maria Lindgren introduced parental leave for both parents in 2011.", text)


def test_units_are_read_on_both_sides_of_a_number() -> None:
    assert measures("EUR 44, 44 %, three days, 31 March") == {
        "44": frozenset({"eur", "percent"}),
        "3": frozenset({"day"}),
        "31": frozenset({"march"}),
    }


MEANT = (
    "Employees must not disclose business secrets. The canteen closes at noon. Suppliers are paid after 30 days. "
    "Visitors are met at the reception."
)


@pytest.mark.parametrize(
    ("claim", "supported"),
    [
        ("Employees may not reveal company secrets.", True),
        ("Employees may reveal company secrets.", False),  # alike in meaning, but for the denial
        ("Employees at Globex may not reveal company secrets.", False),  # but for the name
        ("The 12 employees may not reveal company secrets.", False),  # but for the number
        ("The canteen shuts at midnight.", False),  # but for the time of day
        ("Employees enjoy fishing.", False),  # a word in common and nothing else
    ],
)
def test_meaning_decides_where_words_leave_doubt_and_nothing_else_does(
    embedder: Embedder, claim: str, supported: bool
) -> None:
    passages = [passage_of(MEANT)]
    alone = find_support(claim, passages, cited=frozenset({1}), weigh=lambda term: 1.0)
    found = find_support(claim, passages, cited=frozenset({1}), weigh=lambda term: 1.0, embedder=embedder)
    assert not alone
    assert bool(found) is supported


@pytest.mark.parametrize("claim", ["Trade was lively in Silver Lane.", "All the Vela guests were led by Orlo masters."])
def test_the_sentence_that_a_claim_was_made_of_speaks_against_it_also_where_another_has_more_of_it(claim: str) -> None:
    text = (
        "He helped the merchants of the Silver Lane with trade. Later came fog. Trade was lively in Porto. "
        "The Vela guests were chosen from the Orlo masters. All tours were led by Orlo masters."
    )
    for said, told in ((claim, False), ("Trade was lively in Porto.", True)):
        found = find_support(
            said,
            [passage_of(text)],
            cited=frozenset({1}),
            weigh=lambda term: 6.0 if term in {"silver", "lane"} else 1.0,
        )
        assert bool(found) == told


@pytest.mark.parametrize(
    ("said", "untrue", "true"),
    [
        (
            "Guests who joined in spring have ten (10) years from the day of the grant to ask for it.",
            "Guests who joined in spring have ten years from the last visit to ask for it.",
            "Guests who joined in spring have ten years after the grant to ask for it.",
        ),
        (
            "Gäste haben 10 Tage nach der Lieferung Zeit, die Lampe zu tauschen.",
            "Gäste haben 10 Tage nach der Bestellung Zeit, die Lampe zu tauschen.",
            "Gäste haben 10 Tage nach Lieferung Zeit, die Lampe zu tauschen.",
        ),
        (
            "When you use up the lamps of the plan, the service for that month stops.",
            "When the lamps of the plan are used up, the service stops for the year.",
            "When the lamps of the plan are used up, the service stops for the month.",
        ),
        (
            "The club pays for lamps on tours. The usual lamp is about $25 for each guest and tour.",
            "The club pays about $25 per day for lamps on tours.",
            "The club pays about $25 per tour for lamps.",
        ),
        (
            "Guests from abroad hand in lamps here at the gate (papers are not required for these lamps).",
            "Guests from abroad must hand in papers for lamps at the gate.",
            "Papers are not required for these lamps.",
        ),
        (
            "Porto at once said that it would send lamps. Vela and the other towns joined in spring.",
            "Vela was the first town to say that it would send lamps.",
            "Porto said that it would send lamps.",
        ),
        (
            "When a porter is tired, they do this: 1. Tell the cook. 2. Work only on their open lamps.",
            "When a porter is tired, they work on any lamps.",
            "When a porter is tired, they work only on their open lamps.",
        ),
    ],
)
def test_times_duties_and_what_is_singled_out_are_those_of_the_span(said: str, untrue: str, true: str) -> None:
    assert _supported(untrue, said) is None
    assert _supported(true, said) is not None
