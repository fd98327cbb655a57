"""From which sentences the highlight of a place is withheld."""

from __future__ import annotations

from dataclasses import replace

import pytest
from passages import passage_of

from app.answers.closeness import FAR, closeness
from app.answers.support import find_support, names_of
from app.answers.surroundings import taken_back
from app.answers.verbatim import is_quoted, otherwise

LEAVE = "Every employee has 28 days of paid leave a year."
RUNBOOK = (
    "The team that owns a service hands its runbook to the engineer on call. Before the first release, the architect "
    "reads the runbook and the platform group approves the alarms."
)
ROW = "Device: MRI scanner | Site: Utrecht | Room: 4.12 | Serviced by: Jo Berg | Telephone: 4411 | Contract: gold"


@pytest.mark.parametrize(
    ("said", "span"),
    [
        (LEAVE, LEAVE),
        ("28 days.", "Every employee has 28 days."),  # an answer of two words has no place as short as itself
        ("28", LEAVE),
        ("Every employee has the 28 days of paid leave a year.", LEAVE),
        ("The gate is open.", "Please note that the gate is open."),
        ("The deputy is Jo Berg.", "Deputy: Jo Berg"),
        ("Gates open at six and they close at nine.", "Gates open at six, they close at nine."),
        ("Gates have locks and cameras.", "Gates have locks (e.g. of steel) and cameras."),
        ("The leave of a year is paid.", "The Leave Office (LO) says so. The leave of a year is paid."),
        ("Before you go, you should: lock the gate.", "Before you go, you should:\n\n- Call Jo.\n- Lock the gate."),
        ("We lock gates on Fridays.", "But we lock gates on Fridays."),
        ("According to the policy, every employee has 28 days of paid leave a year.", LEAVE),
        ("The MRI scanner in Utrecht is serviced by Jo Berg.", ROW),  # what stands between in a row is of other cells
        ("迟到三次扣除半天工资。", "员工每天工作八小时。迟到三次扣除半天工资。"),
        ("Die Probezeit beträgt 6 Monate.", "Die Probezeit beträgt sechs Monate."),
    ],
)
def test_what_says_it_in_nearly_the_same_words_is_close(said: str, span: str) -> None:
    assert _close(said, span)


@pytest.mark.parametrize(
    "said",
    [
        "The platform group hands the runbook to the architect before the release.",
        "The engineer on call approves the alarms before the architect owns a service.",
        "Alarms are approved by the team that reads the runbook.",
    ],
)
def test_the_same_words_put_together_in_another_way_are_not(said: str) -> None:
    assert not _close(said, RUNBOOK)


def test_two_words_that_have_changed_places_are_not_close_however_much_else_agrees() -> None:
    told = "Any extension of a contract is approved by the people team and confirmed by your manager within two weeks."
    swapped = (
        "Any extension of a contract is approved by your manager and confirmed by the people team within two weeks."
    )
    assert _close(told.replace("a contract", "the contract"), told)
    assert not _close(swapped, told) and closeness(swapped, told) > FAR


def test_a_row_says_nothing_of_what_stands_in_the_column_that_the_sentence_turns_round() -> None:
    row = "Site: Ulm | Lead: Jo Berg | Deputy: Al Moor | Seats: 24"
    assert _close("In Ulm the lead is Jo Berg, and the deputy is Al Moor.", row)
    assert _close("In Ulm the deputy is Al Moor.", row)
    assert _close("Ulm has 24 seats.", row)
    assert not _close("Jo Berg is the deputy of Al Moor in Ulm.", row)
    assert not _close("In Ulm the lead is Al Moor and the deputy is Jo Berg.", row)
    assert not _close("Al Moor is the deputy of Jo Berg in Ulm.", row)  # true, and its order is another
    assert not _close("Ulm has it.", row)  # of which nothing is told
    assert _close("The deputy is Al Moor.", row)
    assert not _close("Ulm has 30 seats.", f"{row}\nSite: Bonn | Lead: Jo Berg | Seats: 30")
    assert not _close("Jo Berg is the chair.", "Name: Jo Berg | Former role: chair | Role: none")
    assert not _close("The contact is Jo Berg.", "Topic: leave | Contact: deputy of Jo Berg")
    assert not _close("The free plan has SSO.", "Plan: free | SSO: no | Seats: 5")
    assert not _close("From Bonn to Ulm it is 30 euros.", "From: Ulm | To: Bonn | Price: 30 euros")
    assert not _close("Jo Berg is the head of HR.", "Name: Jo Berg | Applied for: head of HR")
    assert not _close("Acme is the supplier to Nord.", "Customer: Acme | Supplier: Nord")
    assert not _close("Managers may book flights.", "Rule: only managers may book flights | Since: 2020")


def test_a_name_that_the_place_does_not_have_is_not_close() -> None:
    told = "In those years one founded the academy to educate doctors and to keep the treatises of medicine."
    assert _close(told, told)
    assert not _close(told.replace("one", "Jo Berg"), told)
    told = "There are 24 seats in the large hall."
    assert not _close(f"In Utrecht there {told[6:]}", told)
    row = "Site: Hall | Seats: 24"
    assert not _close("In Utrecht the hall has 24 seats.", row)
    assert _close("In Utrecht the hall has 24 seats.", row, headers="Utrecht")  # of the table that it is a row of


def test_what_a_place_says_of_this_or_them_is_not_close_to_what_is_said_of_something_with_a_name() -> None:
    told = "This is the only source of truth for the team and its book of business."
    assert _close(told, told)
    assert not _close(told.replace("This", "The wiki"), told)


def test_where_a_sentence_says_that_it_is_from_counts_for_nothing() -> None:
    lower = LEAVE[0].lower() + LEAVE[1:]
    for begins in ("According to the Leave Policy, ", "As stated in our handbook, ", "Laut Richtlinie, "):
        assert _close(begins + lower, LEAVE)
    assert not _close("According to Jo Berg, who heard it from the board, " + lower, LEAVE)
    assert not _close("According to the handbook, the platform group hands over the runbook.", RUNBOOK)


@pytest.mark.parametrize(
    ("said", "span"),
    [
        ("After the audit, the site lead should book a room and invite the auditors.", "Before the audit, the site lead"
         " should book a room and invite the auditors."),
        ("Badges are replaced only where the holder pays the fee.", "Badges are replaced and the holder pays the fee."),
        ("The Nordkai group is owned by the harbour and the railway.", "The Nordkai group owns the harbour and the "
         "railway."),
        ("When a tenant leaves, the caretaker empties the mailbox and the locker.", "When a tenant leaves, the "
         "reception empties the mailbox and the locker."),
        ("You clean the yard on Fridays.", "We clean the yard on Fridays."),
        ("行星581b的质量至多为地球的16倍。", "行星581b的质量至少为地球的16倍。"),
        ("Der Vorstand prüft den Bericht nur im März.", "Der Vorstand prüft den Bericht im März."),
    ],
)  # fmt: skip
def test_a_word_that_the_place_does_not_have_is_not_close(said: str, span: str) -> None:
    assert _close(span, span)
    assert not _close(said, span)


@pytest.mark.parametrize(
    ("said", "span"),
    [
        ("Yes, badges are replaced at the reception.", "Badges are replaced at the reception."),
        ("If the siren sounds, you should follow the evacuation plan.", "If the siren sounds, follow the evacuation "
         "plan."),
        ("Every visitor signs the book at an entrance.", "Every visitor signs the book at the entrance."),
        ("You can’t park in the northern yard.", "You cannot park in the northern yard."),
    ],
)  # fmt: skip
def test_small_change_is_let_pass(said: str, span: str) -> None:
    assert _close(said, span)


@pytest.mark.parametrize(
    ("said", "span"),
    [
        # once more than there
        ("Log mails in Ostra and Velo, and other letters in Velo.", "Log mails in Ostra and Velo, and other letters in "
         "Ostra."),
        ("If it does not open, you can not lend a badge.", "If it does not open, you can lend a badge."),
        # what turns it round is left out, or elsewhere
        ("Your plan is given to you on your first day.", "Your plan is given to you prior to your first day."),
        ("Because rates follow the target, the bank controls the supply.", "Rates follow the target, because the bank "
         "controls the supply."),
        ("Visits are logged in a book and both lists.", "Visits are logged in a book and excluded from both lists."),
        ("At most companies, visits are logged in a book.", "Unlike at most companies, visits are logged in a book."),
        # it is restricted at its end
        ("The rules apply to staff and to visitors.", "The rules apply to staff and to visitors with a badge."),
        # two words have changed places
        ("Ask when you move a gate from open to closed.", "Ask when you move a gate from closed to open."),
        ("Feature codes are only for badges of blue.", "For example, some feature codes are only for badges of blue."),
        ("Mails that are old should be marked and deleted.", "Mails that are old should either be marked or deleted."),
        ("One is better off with a small gate than paying for a yard.", "One is better off with a small gate and paying"
         " for a yard than with a wall."),
        ("The desk does not learn from visits.", "The desk does not just count, but it also does learn from visits."),
        ("All gates and rooms are open.", "All gates and rooms that are open."),
        ("The desk pays the fee.", "If you ever leave early, I am sure that the desk pays the fee."),
        ("The desk pays the fee.", "The desk pays the fee, unless you leave early."),
        ("The fee is 30 (for a key) plus a badge.", "The fee is 30 (for a key plus a badge)."),
        # more than small words are left out
        ("The yard has four kinds of metal gates.", "There are four kinds of gates used in the yard: wooden, metal, and"
         " glass gates."),
        ("The desk will buy and register your badge.", "The desk will call and request that you buy and register your "
         "badge."),
        ("Some gates are guarded, and these are called open gates.", "Some gates are guarded by two officers of the "
         "yard, and others have a camera and nobody beside it, and these are called open gates."),
        ("You may lend a badge or a key.", "You may lend a badge and a key."),
        ("If any rule holds, the gate opens.", "If all rules hold, the gate opens."),
    ],
)  # fmt: skip
def test_words_of_the_place_that_say_something_else_are_not_close(said: str, span: str) -> None:
    assert _close(span, span)
    assert not _close(said, span)


def test_you_should_is_close_to_no_statement() -> None:
    assert not _close("You should follow the evacuation plan.", "They follow the evacuation plan.")


def test_sentences_put_together_are_not_close_where_one_is_about_something_else() -> None:
    told = "Old badges open the gate. Visitor badges are printed at the reception each morning."
    assert not _close("Old badges are printed at the reception each morning.", told)
    assert _close("Visitor badges are printed at the reception each morning.", told)
    items = "- Each badge has a colour and a number.\n- Each gate has a camera, which watches the gate."
    assert not _close("Each badge has a camera, which watches the gate.", items)
    assert _close("Each gate has a camera, which watches the gate.", items)
    both = "If it rains, badges are printed at the reception. They expire in the evening."
    assert not _close("If it rains, badges are printed at the reception and they expire in the evening.", both)


def test_addresses_behind_links_make_no_place_longer() -> None:
    told = "Ask the facility team for a badge."
    link = told.replace("facility team", f"[facility team](https://intranet.example/{'teams/' * 20})")
    assert _close(told, link)


def test_what_only_shares_some_words_is_far() -> None:
    assert closeness("Owners of runbooks call the group to release engineers from alarms.", RUNBOOK) < FAR


def test_a_longer_span_is_less_close() -> None:
    assert closeness(LEAVE, LEAVE) > closeness(LEAVE, f"{LEAVE} {RUNBOOK}")


def _close(said: str, *spans: str, headers: str = "") -> bool:
    return is_quoted(said, spans, names_of(said, "en"), headers)


@pytest.mark.parametrize("said", ["", "!", "的", "the of", "*", "a"])
def test_odd_sentences_do_not_break_it(said: str) -> None:
    assert isinstance(closeness(said, LEAVE), float)
    assert isinstance(closeness(LEAVE, said), float)
    assert not _close(LEAVE, said)


@pytest.mark.parametrize(
    ("said", "text", "other"),
    [
        ("All of us have 28 days of paid leave a year.", LEAVE, ["All", "us"]),
        ("Every employee has twenty-eight days of paid leave a month.", LEAVE, ["month"]),  # the number is the same
        ("Every employee has 18 days of unpaid sick leave a year.", LEAVE, ["18", "unpaid sick"]),
        (
            "Managers approve expenses and HR pays them.",
            "HR approves expenses, managers pay.",
            ["Managers", "HR"],
        ),
        ("(Leave is paid.)", LEAVE, ["paid"]),  # it stands before "leave" there
        ("迟到三次扣除一天工资。", "迟到三次扣除半天工资。", ["一天"]),
        ("Rooms are open.", "Rooms are open if booked.", []),
        ("Rooms are open.", "", ["Rooms", "open"]),
    ],
)
def test_what_a_place_says_otherwise_is_told_word_by_word(said: str, text: str, other: list[str]) -> None:
    assert [said[start:end] for start, end in otherwise(said, text)] == other


@pytest.mark.parametrize(
    ("said", "text"),
    [
        # asked, told of, wished for
        ("Visitors do need a badge.", "Do visitors need a badge? Ask at the desk."),
        ("Visitors need a badge.", "Visitors need a badge? That is a myth."),
        ("The gates are green.", "The gates are green, Jo Berg claims."),
        ("The gates are green.", "According to Jo Berg, the gates are green."),
        ("The gates are green.", "Jo Berg thinks the gates are green."),
        ("The gates are green.", "It is possible that the gates are green."),
        ("The gates are green.", "Jo Berg said, “we like it when the gates are green, and so it is”."),
        ("The desk is the right place.", 'Jo Berg said, "it is late, and the desk is the right place".'),
        ("The first month begins in May.", "Ask Jo (e.g., you sign in April, the first month begins in May)."),
        ("The gates support cards.", "The gates support cards (planned)."),
        ("The gates support cards.", "Draft: the gates support cards."),
        # of fewer, or of others
        ("Managers approve leave.", "Only managers approve leave."),
        ("Managers approve leave.", "Team leads and managers approve leave together."),
        ("All teams get 100 euros.", "Each team gets 100 euros."),
        ("Jo leads the project.", "Jo's deputy leads the project."),
        ("Jo reports to Al.", "Jo reports to Al's deputy."),
        ("The group consists of Jo and Al.", "The group consists of Jo, Al, and Bo Moor from Ulm."),
        ("The gate opens few times.", "The gate opens a few times."),
        ("You get ten days of leave.", "Contractors: you get ten days of leave."),
        # less, or at other times
        ("You can request a laptop.", "You can request a laptop repair."),
        ("Both parents get 12 weeks.", "Both parents get 12 weeks combined."),
        ("Both parents get 12 weeks.", "Both parents get 12 weeks, combined."),
        ("Both parents get 12 weeks.", "Both parents get 12 weeks, those of twins get 16."),
        ("The limit is 500 euros.", "The limit is 500 euros (net)."),
        ("The gate closes at six.", "Next year, the gate closes at six."),
        ("The gate closes at six.", "During the fair, the gate closes at six."),
        ("The gate closes at six.", "The gate closes at six, provided that it is dark."),
        ("The gate was closed by Jo.", "The gate is closed by Jo."),
        ("The fund paid 300 euros.", "The fund was paid 300 euros."),
        ("We raise the fee in May.", "We planned to raise the fee in May."),
        ("The rules planned by Jo hold.", "The rules plan by Jo hold."),
        ("28 days.", "You have 28 days less."),
        ("The gate closes.", "The gate closes in May."),
        ("Staff pay.", "Staff pay nothing."),
        ("US employees receive 15 days.", "us employees receive 15 days."),
        ("Employees receive 15 days of vacation.", "U.S. employees receive 15 days of vacation."),
        ("200 people work in Ulm.", "Approx. 200 people work in Ulm."),
        ("Customers get a discount of ten percent.", "The first 100 customers get a discount of ten percent."),
        ("Customers pay no duty.", "Customers (EU) pay no duty."),
        ("Staff get a car.", "Staff (i.e. managers and directors) get a car."),
        ("All employees get a bonus.", "All employees get a bonus, subject to approval by the board."),
        ("All employees get a bonus.", "All employees get a bonus – excluding interns and contractors."),
        ("Approval is needed from the board.", "Approval is needed from the board, the chair or the council."),
        ("The manager approves every trip.", "The management approves every trip."),
        ("The customer pays the fee.", "The customs pays the fee."),
        ("The lift is hard used.", "The lift is hardly used."),
        ("We open the office in Ulm.", "We'll open the office in Ulm."),
        ("One month is free of charge.", "The first month is free of charge."),
        ("The freezer is kept at 20 °C.", "The freezer is kept at -20 °C."),
        ("You need 10 licences for it.", "You need 10+ licences for it."),
        ("The response time is 5 minutes.", "The response time is <5 minutes."),
        ("The rate is 5 a month.", "The rate is 5 ‰ a month."),
        ("The building is closed on Sundays.", "Building A is closed on Sundays."),
        ("Our office has 40 employees.", "Our LA office has 40 employees."),
        ("No refunds are possible within 14 days.", "No, refunds are possible within 14 days."),
        ("Der Mieter zahlt die Kosten im Mai.", "Einer der Mieter zahlt die Kosten im Mai."),
        ("Das Team unterstützt der Leitung.", "Das Team unterstützt die Leitung."),
        ("Die Firma konnte die Ware liefern.", "Die Firma könnte die Ware liefern."),
        ("Shipping is free in Ulm.", "Shipping is free in Ulm.*"),
        ("You should cancel the order.", "You have two options:\n\n- Cancel the order.\n- Wait."),
        ("You get one of these: a day off and a card.", "You get one of these:\n\n- A day off\n- A card"),
        ("停车免费。", "停车免费，仅限周末和节假日。"),
        ("员工可以在家工作。", "部分员工可以在家工作。"),
        ("30 days.", "The notice period is at least 30 days."),
        ("Jo Berg.", "The head is the deputy of Jo Berg."),
        ("Allowed.", "Dogs are allowed with a leash."),
        ("The app loses data.", "The customer says that the app crashes, and the app loses data."),
        ("Hotels are paid in advance.", "Managers: the office books trips; hotels are paid in advance."),
        # whole sentences alone
        ("All lost badges can be replaced quickly.", "All lost badges can be replaced quickly, which is new."),
        ("Employees get a bonus.", "Employees get a bonus, which applies only to managers."),
        ("We lock gates on Fridays.", "We lock gates on Fridays, and it is Jo who has the keys."),
        ("The employees were hurt in the fire.", "An employee was hurt in the fire."),
        ("Each team gets 100 euros.", "Every team gets 100 euros."),
        ("When Jo leaves, the gate is locked.", "If Jo leaves, the gate is locked."),
        ("500 euros.", "The limit was 500 euros until 2020."),
        ("According to the Airbase policy, the budget is per trip.", "The budget is per trip."),
        ("Choose a gift: a card and a cup.", "Choose a gift:\n\n- A card\n- A cup"),
        ("Jo leads Ulm and the office has 40 seats.", "- Jo leads Ulm.\n- Al leads Bonn.\n\nThe office has 40 seats."),
        ("The yard is at 20 °C.", "The yard is at –20 °C."),
        ("The fee is 20 euros.", "The following rules no longer apply. The fee is 20 euros."),
        ("The fee is waived.", "Imagine you are a guest. The fee is waived."),
        ("The gym is free for staff.", "The gym is free for staff. However, interns pay 20 euros."),
        ("The gym is free for staff.", "The gym is free for staff. From 1 May on, staff pay 20 euros."),
        ("The gym is free for staff.", "The gym is free for staff. This requires approval by HR."),
        ("The gym is free for staff.", "The gym is free for staff. Rejected."),
        ("SSO works with the app.", "- SSO works with the app ✗"),
        # sentences put together
        ("Offices are Ulm and Bonn is open.", "Offices\n\n- Ulm\n- Bonn\n- Is open"),
        ("The fund pays Jo and it owes Al.", "The fund pays Jo. The bank is rich. It owes Al."),
        ("If it rains, we pay the fee.", "If it rains, stay at home. If it snows, we pay the fee."),
    ],
)  # fmt: skip
def test_what_is_not_quite_quoted_is_not_highlighted(said: str, text: str) -> None:
    found = find_support(said, [passage_of(text)], cited=frozenset({1}), weigh=lambda term: 1.0)
    assert not any(span.close for span in found)


@pytest.mark.parametrize(
    ("before", "after", "heading"),
    [
        ("Common mistakes:\n\n- The yard is closed.\n", "", ""),
        ("# What you should never do\n\n", "", ""),
        ("Don't:\n\n", "", ""),
        ("Only for managers:\n\n", "", ""),
        ("If you are a guest:\n\n- The yard is closed.\n", "", ""),
        ("Häufige Irrtümer:\n\n", "", ""),
        ("", " This rule was revoked in 2021.", ""),
        ("", " That is a myth.", ""),
        ("", " This applies only to guests.", ""),
        ("", " However, interns are excluded.", ""),
        ("Possible causes:\n\n", "", ""),
        ("Jo Berg wrote:\n\n", "", ""),
        ("In Germany:\n\n- The yard is closed.\n", "", ""),
        ("", " Exception: Sundays.", ""),
        ("", "", "Examples of old rules"),
    ],
)
def test_a_place_that_is_taken_back_around_it_is_not_highlighted(before: str, after: str, heading: str) -> None:
    said = "The gate is left open at noon."
    text = f"{before}- {said}{after}" if before.endswith("\n") else f"{before}{said}{after}"
    start = text.index(said) if before.endswith("\n") else 0
    assert taken_back(text, start, start + len(said), said, heading)
    plain = f"Rules:\n\n- The yard is closed.\n- {said} It is so in May."
    start = plain.index(said)
    assert not taken_back(plain, start, start + len(said), said, "Gates")
    own = text.casefold()  # what the sentence itself says is not taken back
    assert not taken_back(own, own.index(said.casefold()), len(own), f"{text} {heading}")


@pytest.mark.parametrize("sign", ["❌ ", "- [ ] ", "Approx. ", "Imagine you are a guest. "])
def test_a_sign_or_a_word_before_a_place_may_take_it_back(sign: str) -> None:
    said = "The gate is left open at noon."
    assert taken_back(f"{sign}{said}", len(sign), len(sign) + len(said), said)
    assert not taken_back(f"Gates have locks. {said}", 18, 18 + len(said), said)


def test_the_section_of_a_place_counts_where_its_heading_is_not_in_the_text() -> None:
    passage = passage_of(LEAVE)
    (close,) = find_support(LEAVE, [passage], cited=frozenset({1}), weigh=lambda term: 1.0)
    chunk = replace(passage.first.chunk, section="Handbook > Old rules")
    old = replace(passage, chunks=(replace(passage.first, chunk=chunk),))
    (withheld,) = find_support(LEAVE, [old], cited=frozenset({1}), weigh=lambda term: 1.0)
    assert (close.close, withheld.close) == (True, False)
