"""Tables and changes of language in answers, over the real parser and indexes."""

from __future__ import annotations

import re

from place import Place

from app.answers.extract import MOST_MORE, MOST_ROWS
from app.answers.quote import MOST_COLUMNS
from app.engine import Engine
from app.records import Turn
from app.web.safe import answer_html

CODES = "\n".join(
    f"| E{n:02} | Fault number {n} of the pump | Call the service and name fault {n}. Then wait. |" for n in range(40)
)
MANUAL = f"# Manual\n\n| Code | Meaning | Remedy |\n| --- | --- | --- |\n{CODES}\n"


def test_a_row_is_quoted_whole_and_alone_also_where_two_chunks_meet(place: Place) -> None:
    place.write("everyone/manual.md", MANUAL)
    place.ingest()
    engine = Engine(place.store)
    for n in range(0, 40, 5):
        answer = engine.answer(f"What does code E{n:02} mean?", groups=["everyone"])
        assert all("\n" not in citation.quote for citation in answer.citations)
        assert all(citation.quote.startswith("Code: E") for citation in answer.citations if "|" in citation.quote)


def test_a_question_in_another_script_is_not_drowned_by_the_one_before(place: Place) -> None:
    place.write("everyone/manual.md", MANUAL)
    place.write("everyone/canteen.md", "# 食堂\n\n食堂在二楼。午餐时间为11:20至13:00，早餐从7:30开始供应。\n")
    place.ingest()
    history = [Turn(role="user", content="What does error E07 of the pump mean?"), Turn(role="assistant", content="…")]
    hits = Engine(place.store).search("食堂几点开始午餐？", groups=["everyone"], history=history)
    assert hits[0].found.path == "everyone/canteen.md"


def test_rows_are_answered_as_a_small_table_each_row_cited(place: Place) -> None:
    place.write("everyone/manual.md", MANUAL)
    place.ingest()
    answer = Engine(place.store).answer("What is the remedy for fault code E07 of the pump?", groups=["everyone"])
    lines = answer.text.split("\n")
    assert lines[:2] == ["| Code | Meaning | Remedy |", "| --- | --- | --- |"]
    assert lines[2] == "| E07 | Fault number 7 of the pump | Call the service and name fault 7. Then wait. [1] |"
    assert len(answer.sentences) <= MOST_ROWS
    assert answer_html(answer.text).startswith("<table><thead><tr><th>Code</th>")


def test_a_table_is_shown_as_its_document_has_it(place: Place) -> None:
    rows = ["| under 2 | 15 % of pay | 2 % |", "| 2 to 4 | 25 % of pay | |", "| 5 and more | 40 % of pay | 4 % |"]
    place.write(
        "everyone/pension.md",
        "# Benefits\n\n## Company pension\n\nThe company adds to the pension.\n\n"
        "| Years | Germany: company pension | China: annuity |\n| --- | --- | --- |\n" + "\n".join(rows) + "\n",
    )
    place.ingest()
    text = (
        Engine(place.store).answer("How much does the company pay for the company pension?", groups=["everyone"]).text
    )
    assert text.split("\n")[:5] == [
        "| Years | Germany: company pension | China: annuity |",
        "| --- | --- | --- |",
        "| under 2 | 15 % of pay | 2 % [1] |",
        "| 2 to 4 | 25 % of pay | [2] |",
        "| 5 and more | 40 % of pay | 4 % [3] |",
    ]
    asked = "How much does the company pay for the pension after 2 to 4 years?"
    [row] = [line for line in Engine(place.store).answer(asked, groups=["everyone"]).text.split("\n") if "%" in line]
    assert row.startswith("| 2 to 4 |")


def test_of_a_wide_row_the_columns_that_are_asked_for_are_shown(place: Place) -> None:
    months = "jan feb mar apr jun jul aug sep oct nov".split()
    place.write(
        "everyone/budget.csv",
        f"centre,team,{','.join(f'{month}_budget' for month in months)}\n"
        f"4100,Sales,{','.join(str(100 + at) for at in range(10))}\n"
        f"4200,Marketing,{','.join(str(200 + at) for at in range(10))}\n",
    )
    place.ingest()
    answer = Engine(place.store).answer("What is the budget of Marketing in oct?", groups=["everyone"])
    head, _, row = answer.text.split("\n")[:3]
    assert head.startswith("| centre | team |")
    assert head.count("|") == MOST_COLUMNS + 1
    assert "oct_budget" in head
    assert "208" in row


def test_a_record_with_long_fields_is_shown_by_what_is_asked_of_it(place: Place) -> None:
    rooms = ", ".join(f"room {name} on floor {at} with a screen and {at} seats" for at, name in enumerate("ABCDEFGH"))
    place.write(
        "everyone/sites.csv",
        "site,lead,parking,rooms\n"
        f'Turin,Jo Berg,"Lot P1, for staff","{rooms}"\nBari,Ida Holt,"Lot P7, for visitors","{rooms}"\n',
    )
    place.ingest()
    engine = Engine(place.store)
    assert (
        "| Turin | Jo Berg | Lot P1, for staff [1] |"
        in engine.answer("Where is the parking in Turin?", groups=["everyone"]).text
    )
    line = engine.answer("How many seats has room C in Turin?", groups=["everyone"]).text
    assert line.startswith("site: Turin; rooms: room A on floor 0")


def test_rows_of_which_the_question_says_the_same_are_shown_together(place: Place) -> None:
    rows = ("Death of a child or parent | 5 days", "Death of a grandparent | 2 days", "Own wedding | 2 days")
    rows += tuple(f"Occasion number {at} of a company | none" for at in range(3))
    table = "\n".join(f"| {row} |" for row in rows)
    place.write("everyone/leave.md", f"# Special leave\n\n| Occasion | Leave |\n| --- | --- |\n{table}\n")
    place.ingest()
    text = Engine(place.store).answer("How many days off do I get when my mother dies?", groups=["everyone"]).text
    shown = text.split("\n\n")[0]
    assert "child or parent" in shown
    assert "grandparent" in shown
    assert "wedding" not in shown


def test_a_table_of_which_more_rows_answer_as_well_says_so(place: Place) -> None:
    rows = "".join(f"| Pump supplier {name} | Plant {name} |\n" for name in "ABCDEFGHIJKL")
    place.write("everyone/supply.md", f"# Suppliers\n\n| Supplier of pumps | Plant |\n| --- | --- |\n{rows}")
    place.write("everyone/manual.md", MANUAL)
    place.ingest()
    engine = Engine(place.store)
    text = engine.answer("Which plant does a pump supplier deliver to?", groups=["everyone"]).text
    assert text.count("| Pump supplier") < 12
    assert re.search(r"\|\n\n… The source lists more\. \[\d+\]", text)
    assert "lists more" not in engine.answer("What does code E07 mean?", groups=["everyone"]).text
    assert "lists more" not in engine.answer("Which plant does pump supplier C deliver to?", groups=["everyone"]).text


def test_two_questions_in_one_are_both_answered(place: Place) -> None:
    place.write(
        "everyone/sabbatical.md",
        "# Leave\n\nA sabbatical lasts three to six months. Days off are entered in the portal. The garden is open.\n\n"
        "# Decisions\n\nThe head of the department, Jo Berg, approves a sabbatical. Ida Holt approves travel.\n",
    )
    place.ingest()
    engine = Engine(place.store)
    answer = engine.answer("How long does a sabbatical last and who approves it?", groups=["everyone"])
    first, second = answer.text.split("\n\n")[:2]
    assert first.startswith("A sabbatical lasts three to six months. [1]")
    assert second.startswith("The head of the department, Jo Berg, approves a sabbatical. [2]")


def test_what_only_announces_a_table_is_not_quoted_beside_it(place: Place) -> None:
    place.write(
        "everyone/leave.md",
        "# Leave\n\nFull-time employees have the following leave days in a calendar year.\n\n"
        "| Country | Leave days of full-time employees |\n| --- | --- |\n| Germany | 30 |\n| China | 10 |\n",
    )
    place.ingest()
    question = "How many leave days do full-time employees have in a calendar year?"
    answer = Engine(place.store).answer(question, groups=["everyone"])
    assert answer.text.startswith("| Country | Leave days of full-time employees |")
    assert "the following" not in answer.text


def test_a_list_is_answered_with_what_announces_it(place: Place) -> None:
    place.write(
        "everyone/fire.md",
        "# Fire drill\n\nThe alarm is tested on Mondays.\n\nWhen the fire alarm sounds, these are the steps to take:\n"
        "\n- Leave your desk at once.\n- Close the windows.\n- Walk to the assembly point.\n\nNobody uses the lift.\n",
    )
    place.ingest()
    text = Engine(place.store).answer("Which steps do I take when the fire alarm sounds?", groups=["everyone"]).text
    first, *items = text.split("\n\n")[0].split("\n")
    assert first == "When the fire alarm sounds, these are the steps to take: [1]"
    assert items == [
        "- Leave your desk at once. [1]",
        "- Close the windows. [1]",
        "- Walk to the assembly point. [1]",
    ]


def test_a_list_too_long_to_be_quoted_whole_is_begun_after_what_announces_it(place: Place) -> None:
    items = "".join(f"- Step {n} of the drill takes people out by the stairs of hall {n}.\n" for n in range(1, 20))
    place.write("everyone/fire.md", f"# Fire drill\n\nWhen the fire alarm sounds, these steps are to take:\n\n{items}")
    place.ingest()
    text = Engine(place.store).answer("Which steps are to take when the fire alarm sounds?", groups=["everyone"]).text
    first, *shown = text.split("\n\n")[0].split("\n")
    assert first == "When the fire alarm sounds, these steps are to take: [1]"
    assert shown[0] == "- Step 1 of the drill takes people out by the stairs of hall 1. [1]"


def test_what_announces_something_that_is_not_there_and_the_rest_of_its_sentence_are_not_quoted(place: Place) -> None:
    place.write(
        "everyone/conflicts.md",
        "# Conflicts\n\nReport to Compliance:\n\n- work for a customer;\n- a paid second job or a public office.\n\n"
        "A second job of up to eight hours is approved. For a second job the following holds.\n",
    )
    place.ingest()
    sentences = Engine(place.store).answer("Can I do a second job?", groups=["everyone"]).sentences
    assert [sentence.text for sentence in sentences] == ["A second job of up to eight hours is approved."]


def test_a_step_that_stands_alone_has_no_number(place: Place) -> None:
    steps = "1. Open the app\n2. Choose a date\n3. Record your time off in the calendar\n"
    place.write("everyone/off.md", f"# Absences\n\nThis is how it is done.\n\n{steps}")
    place.ingest()
    answer = Engine(place.store).answer("How do I record my time off in the calendar?", groups=["everyone"])
    assert answer.sentences[0].text == "Record your time off in the calendar"


def test_what_an_item_of_a_list_goes_on_with_stays_in_it(place: Place) -> None:
    place.write(
        "everyone/illness.md",
        "# Leave\n\n## Illness\n\nTell your manager by nine.\n\n- Germany: a certificate is needed. Doctors send it.\n"
        "- China: a certificate is needed.\n\nPay continues for six weeks.\n",
    )
    place.ingest()
    text = Engine(place.store).answer("What does Leave say about illness?", groups=["everyone"]).text
    assert "- Germany: a certificate is needed. [1] Doctors send it. [1]\n- China: a certificate is needed. [1]" in text
    assert text.endswith("\n\nPay continues for six weeks. [1]")


def test_what_only_supports_is_said_to_and_a_table_stands_apart_from_a_list(place: Place) -> None:
    place.write(
        "everyone/leave.md",
        "# Leave\n\nPart-time employees have a share of the paid leave days.\n\n"
        "Employees with a disability have five additional days.\n\nLeave days are entered in Absenta.\n\n"
        "| Country | Paid leave |\n| --- | --- |\n| Germany | 30 days |\n| China | 10 days |\n",
    )
    place.ingest()
    question = "Do part-time employees have a share of the paid leave days?"
    answer = Engine(place.store).answer(question, groups=["everyone"])
    lines = answer.text.split("\n")
    assert lines[:4] == ["Part-time employees have a share of the paid leave days. [1]", "", "See also:", ""]
    table = lines.index("| Country | Paid leave |")
    assert lines[table - 2].startswith("- ")
    assert lines[table - 1] == ""
    german = Engine(place.store).answer(
        "Haben die part-time employees einen share of the paid leave days?", groups=["everyone"]
    )
    assert "\n\nSiehe auch:\n\n" in german.text


def test_a_dozen_short_lines_are_no_support(place: Place) -> None:
    lines = "\n\n".join(f"The gauge of hall {n} is new." for n in range(20))
    place.write("everyone/gauges.md", f"# Gauges\n\n{lines}\n")
    place.ingest()
    answer = Engine(place.store).answer("In which hall is the gauge new?", groups=["everyone"])
    assert 1 < len(answer.sentences) <= 1 + MOST_MORE


def test_a_question_in_a_document_is_no_answer(place: Place) -> None:
    place.write(
        "everyone/faq.md", "# Questions\n\nWho repairs the coffee machine? The facility team does so on Tuesdays.\n"
    )
    place.ingest()
    answer = Engine(place.store).answer("Who repairs the coffee machine?", groups=["everyone"])
    assert answer.sentences[0].text == "The facility team does so on Tuesdays."


def test_a_sentence_right_after_a_table_is_shown_beside_it(place: Place) -> None:
    rows = "".join(f"| {name} | {rate} EUR im Monat |\n" for name, rate in (("Vertrieb", 450), ("Leitung", 620)))
    place.write(
        "everyone/dienstwagen.md",
        f"# Dienstwagen\n\n| Stufe | Leasingrate höchstens |\n| --- | --- |\n{rows}\n"
        "Die Leasingrate darf für die Leitung darüber liegen, höchstens 700 EUR.\n",
    )
    place.ingest()
    answer = Engine(place.store).answer("Wie hoch ist die Leasingrate für die Leitung höchstens?", groups=["everyone"])
    assert "| Leitung | 620 EUR im Monat [" in answer.text
    assert "Die Leasingrate darf für die Leitung darüber liegen, höchstens 700 EUR. [" in answer.text


def test_a_record_of_a_json_file_is_quoted_alone(place: Place) -> None:
    record = '{{"id": "T-{n}", "title": "Reader at gate {n} refuses cards of visitors", "status": "{state}"}}'
    records = [record.format(n=n, state="open" if n == 4 else "closed") for n in range(1, 7)]
    place.write("everyone/tickets.json", '{"tickets": [\n ' + ",\n ".join(records) + "\n]}\n")
    place.ingest()
    answer = Engine(place.store).answer("What is the status of the reader at gate 4?", groups=["everyone"])
    assert answer.sentences[0].text == "id: T-4; title: Reader at gate 4 refuses cards of visitors; status: open"


def test_a_code_stands_for_all_whose_code_begins_with_it(place: Place) -> None:
    members = "".join(f"| KX-70-{size:03} | Valve DN{size} | {size * 10} |\n" for size in (15, 20, 25, 32, 40, 50))
    others = "".join(f"| KP-{n} | Seal for the KX-70 | {n} |\n" for n in range(10, 16))
    place.write(
        "everyone/prices.md",
        f"# Prices\n\n| Article | Description | Price EUR |\n| --- | --- | --- |\n{others}{members}",
    )
    place.write("everyone/offer.md", "# Offer for KX-70-040\n\n20 percent off for 240 pieces of KX-70-040.\n")
    place.ingest()
    lines = Engine(place.store).answer("What does the KX-70 cost?", groups=["everyone"]).text.split("\n")
    assert lines[0] == "| Article | Description | Price EUR |"
    assert [line[2:11] for line in lines[2:8]] == [f"KX-70-{size:03}" for size in (15, 20, 25, 32, 40, 50)]


def test_columns_that_a_question_compares_are_shown_for_all_rows(place: Place) -> None:
    benefits = "".join(f"| Benefit {n} | {n}00 | {n}20 | {n}50 |\n" for n in range(1, 11))
    place.write(
        "everyone/plans.md",
        f"# Health plans\n\n## Plans\n\n| Benefit | Basic | Choice | Premier |\n| --- | --- | --- | --- |\n{benefits}",
    )
    place.ingest()
    answer = Engine(place.store).answer("Compare the health plans Choice and Premier", groups=["everyone"])
    lines = answer.text.split("\n")
    assert lines[0] == "| Benefit | Choice | Premier |"
    assert [line.split(" | ")[1] for line in lines[2:12]] == [f"{n}20" for n in range(1, 11)]


def test_a_row_without_a_word_of_the_question_is_no_support(place: Place) -> None:
    matrix = "| Impact | Rare | Often |\n| --- | --- | --- |\n| Major | 5 | 25 |\n| Minor | 1 | 5 |\n"
    place.write(
        "everyone/floods.md",
        "# Floods\n\n## Likelihood of floods\n\nA flood of the cellar is unlikely: one in ten years.\n\n"
        f"{matrix}\nA flood of the garage is expected each spring.\n",
    )
    place.ingest()
    engine = Engine(place.store)
    text = engine.answer("When is a flood unlikely?", groups=["everyone"]).text
    assert text.startswith("A flood of the cellar is unlikely: one in")
    assert "Minor" not in text
    assert "| Minor |" in engine.answer("Which impact has a minor flood?", groups=["everyone"]).text


def test_a_row_is_no_support_because_a_column_has_a_word_of_the_question(place: Place) -> None:
    table = "| Kind of guest | Colour |\n| --- | --- |\n| Customer | blue |\n| Authority | white |\n"
    place.write("everyone/guests.md", f"# Gate\n\nEvery guest gets a map at the gate.\n\n{table}")
    place.ingest()
    engine = Engine(place.store)
    assert "|" not in engine.answer("What does a guest get at the gate?", groups=["everyone"]).text
    assert "| Authority |" in engine.answer("Which colour has a guest of an authority?", groups=["everyone"]).text


def test_signs_of_a_cell_are_no_signs_of_a_mail(place: Place) -> None:
    rows = "| red | > 90 days |\n| amber | >= 15 days |\n"
    place.write("everyone/delays.md", f"# Delays of projects\n\n| Colour | Delay |\n| --- | --- |\n{rows}")
    place.ingest()
    text = Engine(place.store).answer("Which delay do the colours red and amber mean?", groups=["everyone"]).text
    assert "| red | > 90 days [" in text
    assert "| amber | >= 15 days [" in text
