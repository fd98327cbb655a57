"""Annual and quarterly reports as companies file them, made up and written as PDF. Knows no index.

What makes real ones hard is here too: the same headings, words and boilerplate in every report, statements that stand
on one page among eighty that speak of the same things, tables without lines, titles in the metadata that say nothing,
every company with its own words for the same line. No sentence is taken from a real report.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

LENGTH = 3  # times the sentences that a section is said to have below


@dataclass(frozen=True, kw_only=True)
class Company:
    """Who reports, and in which words."""

    name: str
    file: str  # as its files begin
    business: str
    segments: tuple[str, str, str]
    products: tuple[str, ...]
    supplies: tuple[str, ...]
    capex: str  # each company has its own words for a line
    plant: str
    payables: str
    sales: str
    income_title: str
    balance_title: str = "Consolidated Balance Sheets"
    cash_title: str = "Consolidated Statements of Cash Flows"
    capitals: bool = False  # titles of statements in capital letters, not bold
    serif: bool = False
    title: str = ""  # in the metadata
    units: str = "in millions"


COMPANIES = {
    company.file: company
    for company in (
        Company(
            name="Northwind Tools Corporation",
            file="NORTHWINDTOOLS",
            business="hand and power tools",
            segments=("Professional Tools", "Fastening Systems", "Outdoor Equipment"),
            products=("cordless drills", "rivet systems", "lawn mowers", "torque wrenches"),
            supplies=("steel", "lithium battery cells", "resin", "zinc"),
            capex="Purchases of property, plant and equipment (PP&E)",
            plant="Property, plant and equipment - net",
            payables="Accounts payable",
            sales="Net sales",
            income_title="Consolidated Statements of Income",
            title="10-K",
        ),
        Company(
            name="Borealis Semiconductor, Inc.",
            file="Borealis",
            business="analog and embedded processing chips",
            segments=("Data Center", "Client Computing", "Embedded"),
            products=("graphics processors", "controllers", "power management chips", "server processors"),
            supplies=("silicon wafers", "substrates", "foundry capacity", "packaging services"),
            capex="Purchases of property and equipment",
            plant="Property and equipment, net",
            payables="Accounts payable",
            sales="Net revenue",
            income_title="Consolidated Statements of Operations",
            capitals=True,
        ),
        Company(
            name="Helvar Foods Company",
            file="HELVARFOODS",
            business="cereals, snacks and pet food",
            segments=("North America Retail", "Pet Nutrition", "International"),
            products=("breakfast cereal", "granola bars", "dry pet food", "frozen dough"),
            supplies=("oats", "sugar", "vegetable oil", "corrugated packaging"),
            capex="Purchases of land, buildings, and equipment",
            plant="Land, buildings, and equipment",
            payables="Accounts payable",
            sales="Net sales",
            income_title="Consolidated Statements of Earnings",
            serif=True,
            title="UNITED STATES SECURITIES AND EXCHANGE COMMISSION",
        ),
        Company(
            name="Quintus Stores, Inc.",
            file="QUINTUS",
            business="consumer electronics stores and online sales",
            segments=("Domestic", "International", "Services"),
            products=("televisions", "home appliances", "mobile phones", "warranty plans"),
            supplies=("merchandise", "freight", "store leases", "seasonal labor"),
            capex="Additions to property and equipment",
            plant="Net property and equipment",
            payables="Accounts payable, trade",
            sales="Revenue",
            income_title="Consolidated Statements of Earnings",
            title="Document",
        ),
        Company(
            name="Marlowe & Hart Health Corporation",
            file="MARLOWE_HART",
            business="medicines, vaccines and medical devices",
            segments=("Innovative Medicines", "Vaccines", "Surgical Devices"),
            products=("oncology medicines", "pediatric vaccines", "stents", "biosimilars"),
            supplies=("active ingredients", "sterile vials", "clinical trial services", "cold storage"),
            capex="Additions to property, plant and equipment",
            plant="Property, plant and equipment, net",
            payables="Trade accounts payable",
            sales="Sales to customers",
            income_title="Consolidated Statements of Income",
            serif=True,
            units="dollars in millions except per share amounts",
        ),
        Company(
            name="Castellan Water Works Company, Inc.",
            file="CASTELLANWATERWORKS",
            business="regulated water and wastewater services",
            segments=("Regulated Businesses", "Homeowner Services", "Military Services"),
            products=("drinking water", "wastewater treatment", "service line protection", "fire service"),
            supplies=("electricity", "chlorine", "pipes", "meters"),
            capex="Capital expenditures",
            plant="Property, plant and equipment, net of accumulated depreciation",
            payables="Accounts payable",
            sales="Operating revenues",
            income_title="Consolidated Statements of Operations",
            title="form10-k.htm",
        ),
        Company(
            name="Peregrine Resorts International",
            file="PEREGRINERESORTS",
            business="casino resorts, hotels and online betting",
            segments=("Las Vegas Strip Resorts", "Regional Operations", "Coral Bay China"),
            products=("slot machines", "hotel rooms", "conventions", "sports betting"),
            supplies=("food and beverage", "entertainment contracts", "energy", "linen services"),
            capex="Capital expenditures, net of construction payable",
            plant="Property and equipment, net",
            payables="Accounts and construction payable",
            sales="Revenues",
            income_title="Consolidated Statements of Operations",
            capitals=True,
            units="in thousands",
        ),
        Company(
            name="Orrington Software Incorporated",
            file="ORRINGTON",
            business="creative and document software",
            segments=("Digital Media", "Digital Experience", "Publishing"),
            products=("subscriptions", "document services", "marketing analytics", "print drivers"),
            supplies=("cloud hosting", "third-party data", "network capacity", "contract engineers"),
            capex="Purchases of property and equipment",
            plant="Property and equipment, net",
            payables="Trade payables",
            sales="Total revenue",
            income_title="Consolidated Statements of Income",
            title="Annual Report",
        ),
    )
}
# the files: a company's, its year, its quarter (0: the whole year), "8K" for a press release
FILES = (
    ("NORTHWINDTOOLS", 2018, 0),
    ("NORTHWINDTOOLS", 2022, 0),
    ("NORTHWINDTOOLS", 2023, 2),
    ("Borealis", 2022, 0),
    ("Borealis", 2022, 3),
    ("HELVARFOODS", 2019, 0),
    ("HELVARFOODS", 2020, 0),
    ("QUINTUS", 2019, 0),
    ("QUINTUS", 2023, 0),
    ("MARLOWE_HART", 2022, 0),
    ("MARLOWE_HART", 2023, 1),
    ("CASTELLANWATERWORKS", 2021, 0),
    ("PEREGRINERESORTS", 2022, 0),
    ("PEREGRINERESORTS", 2018, 0),
    ("ORRINGTON", 2017, 0),
)
# How it is asked, and which pages answer. {c}: the company, {y}: "FY2018" or "Q2 of FY2023", {d}: its last day.
ASKED = {
    "cash": (
        "What is the {y} capital expenditure amount (in USD millions) for {c}? Give a response to the question by "
        "relying on the details shown in the cash flow statement.",
        "How much did {c} pay out in cash dividends to shareholders in {y}? Answer in USD millions.",
        "Assume that you are a public equities analyst. By drawing conclusions from the statement of cash flows, what "
        "was {c}'s {y} depreciation and amortization expense (in USD millions)?",
        "What is {c}'s operating cash flow for {y}? If it is not available, say so.",
        "How much money did {c} spend buying back its own shares in {y}? Please use the statement of cash flows.",
    ),
    "balance": (
        "What is {c}'s year end {y} net PP&E? Answer in USD thousands.",
        "Based on the information provided primarily in the statement of financial position, what is the {y} accounts "
        "payable amount (in USD millions) for {c}?",
        "Does {c} have a reasonably healthy liquidity profile based on its quick ratio for {y}? If the quick ratio is "
        "not relevant to measure liquidity, please state that and explain why.",
        "How much inventory did {c} have on its books at the end of {y}, in USD millions? Use the balance sheet.",
        "What was {c}'s total debt to equity ratio at {y} year end?",
    ),
    "income": (
        "What is the {y} operating income margin for {c}? Calculate what was asked by utilizing the line items clearly "
        "shown in the P&L statement.",
        "Using only the statement of income, what is {c}'s {y} unadjusted EBIT (in USD millions)?",
        "What were {c}'s diluted earnings per share in {y}?",
        "What was the effective tax rate of {c} in {y}, from its income statement?",
        "Does {c} have an improving gross margin profile as of {y}? If gross margin is not a useful metric for a "
        "company like this, then state that and explain why.",
    ),
    "cash income": (
        "What is {c}'s {y} capex as a percentage of revenue? Calculate (or extract) the answer from the statement of "
        "income and the cash flow statement.",
    ),
    "balance income": (
        "What is {c}'s {y} inventory turnover ratio? Inventory turnover ratio is defined as: {y} cost of sales divided "
        "by average inventory. Round your answer to two decimal places, from the balance sheet and the P&L statement.",
        "We need a {y} return on assets figure for {c}: net income divided by average total assets. What is it?",
        "What is {c}'s {y} fixed asset turnover: revenue divided by average net PP&E? Round to two decimal places.",
        "What is {c}'s days payable outstanding for {y}, from cost of goods sold and trade payables?",
    ),
    "cover": (
        "Which debt securities are registered to trade on a national securities exchange under {c}'s name as of {y}?",
        "What is the ticker symbol of {c}'s common stock, according to the {y} report?",
    ),
    "change": ("What drove the revenue change of {c} as of {y}?", "Why did {c}'s sales grow or shrink in {y}?"),
    "margin": (
        "What drove the gross margin change as of {y} for {c}? If gross margin is not a useful metric, say so.",
        "What drove {c}'s operating margin change as of {y}?",
    ),
    "segments": (
        "Which segment of {c} earned the most operating profit in {y}?",
        "If we exclude acquisitions, which segment dragged down {c}'s overall growth in {y}?",
    ),
    "regions": (
        "Which region had the fastest growing revenue for {c} in {y}?",
        "How much of {c}'s {y} sales came from the Asia Pacific area?",
    ),
    "legal": (
        "Has {c} reported any materially important ongoing legal battles in {y}?",
        "Who is suing {c}, and over what, as of {y}?",
    ),
    "restructuring": (
        "How much restructuring cost is outstanding at the end of {y} for {c}?",
        "What amount of employee severance did {c} book for its restructuring program in {y}?",
    ),
    "debt": ("When does {c}'s long-term debt of {y} fall due, year by year?",),
    "facility": ("How large is the revolving credit facility of {c} in {y}, and when does it expire?",),
    "tax": ("Why did the tax rate of {c} differ from the statutory rate in {y}?",),
    "people": ("How many people did {c} employ at the end of {y}?",),
    "buyback": ("How many shares did {c} repurchase in the last quarter of {y}, and at what average price?",),
    "customers": ("Was there any customer concentration at {c} in {y}: did one customer bring over 10% of sales?",),
    "acquisition": ("What companies did {c} acquire in {y}, and what did it pay for them?",),
    "outlook": ("What earnings does {c} expect for the year after {y}?",),
    "rates": ("What would a one percentage point rise in interest rates cost {c}, as of {y}?",),
    "goodwill": ("Did {c} write off any goodwill in {y}?",),
    "leases": ("What does {c} owe under its operating leases, by year, as of {y}?",),
}
ASKED_FOR_A_YEAR_ONLY = frozenset("people buyback outlook rates acquisition leases".split())


@dataclass(frozen=True, kw_only=True)
class Filing:
    """A report that was written, and where in it what stands."""

    file: str
    company: str  # as people call it
    period: str  # as people ask for it
    pages: dict[str, tuple[int, ...]]  # by the names in ASKED


@dataclass
class _Story:
    """A report while it is put together."""

    company: Company
    year: int
    quarter: int
    chance: random.Random
    parts: list[Flowable] = field(default_factory=list)
    pages: dict[str, list[int]] = field(default_factory=dict)

    @property
    def annual(self) -> bool:
        return self.quarter == 0

    @property
    def ended(self) -> str:
        day = ("December 31", "March 31", "June 30", "September 30")[self.quarter]
        return f"{day}, {self.year}"

    @property
    def span(self) -> str:
        months = ("Years", "Three months", "Six months", "Nine months")[self.quarter]
        return f"{months} ended {self.ended.partition(',')[0]}"

    def font(self, *, bold: bool = False) -> str:
        if self.company.serif:
            return "Times-Bold" if bold else "Times-Roman"
        return "Helvetica-Bold" if bold else "Helvetica"


class _Mark(Flowable):  # type: ignore[misc]  # reportlab has no types
    """Notes on which page it came to stand."""

    def __init__(self, story: _Story, name: str) -> None:
        super().__init__()
        self._story, self._name = story, name

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        return 0, 0

    def draw(self) -> None:
        pages = self._story.pages.setdefault(self._name, [])
        if self.canv.getPageNumber() not in pages:
            pages.append(self.canv.getPageNumber())


def write_filings(folder: Path) -> list[Filing]:
    """Write all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(11)  # noqa: S311 - the same reports every time
    return [_written(folder, _Story(COMPANIES[name], year, quarter, chance)) for name, year, quarter in FILES]


def _written(folder: Path, story: _Story) -> Filing:
    company = story.company
    period = f"{story.year}_10K" if story.annual else f"{story.year}Q{story.quarter}_10Q"
    file = f"{company.file}_{period}.pdf"
    _report(story)

    def frame(canvas: Canvas, _document: object) -> None:
        canvas.setFont(story.font(), 8)
        if canvas.getPageNumber() > 1:
            canvas.drawString(56, 760, "Table of Contents")
            canvas.drawCentredString(306, 30, str(canvas.getPageNumber() - 1))

    template = SimpleDocTemplate(
        str(folder / file), pagesize=LETTER, topMargin=50, bottomMargin=50, leftMargin=56, rightMargin=56
    )
    template.title = company.title or company.name
    template.build(story.parts, onFirstPage=frame, onLaterPages=frame)
    asked = f"FY{story.year}" if story.annual else f"Q{story.quarter} of {story.year}"
    short = re.sub(r",? (Inc\.|Corporation|Company|Incorporated|International)", "", company.name)
    pages = {name: tuple(sorted(found)) for name, found in story.pages.items()}
    return Filing(file=file, company=short, period=asked, pages=pages)


# --- what a report is made of --------------------------------------------------------------------------------------


def _report(story: _Story) -> None:
    _cover(story)
    _contents(story)
    if story.annual:
        _title(story, "PART I")
        _title(story, "Item 1. Business")
        for name in ("business", "products", "supply", "competition", "research"):
            _section(story, name, 14)
        _mark(story, "people")
        _section(story, "people", 9)
        _title(story, "Item 1A. Risk Factors")
        for name in RISKS:
            _section(story, name, 15)
        _title(story, "Item 1B. Unresolved Staff Comments")
        _text(story, "None.")
        _title(story, "Item 2. Properties")
        _section(story, "properties", 10)
        _title(story, "Item 3. Legal Proceedings")
        _text(story, "Information on legal matters is set forth in the note Commitments and Contingencies.")
        _title(story, "PART II")
        _title(story, "Item 5. Market for Registrant's Common Equity and Issuer Purchases of Equity Securities")
        _buyback(story)
        _title(story, "Item 6. Selected Financial Data")
        _summary(story, SELECTED, 5)
        _title(story, "Item 7. Management's Discussion and Analysis of Financial Condition and Results of Operations")
    else:
        _statements(story)
        _notes(story)
        _title(story, "Item 2. Management's Discussion and Analysis of Financial Condition and Results of Operations")
    _discussion(story)
    _title(story, f"Item {'7A' if story.annual else '3'}. Quantitative and Qualitative Disclosures about Market Risk")
    _mark(story, "rates")
    _section(story, "rates", 12)
    if story.annual:
        _title(story, "Item 8. Financial Statements and Supplementary Data")
        _index_to_statements(story)
        _auditor(story)
        _statements(story)
        _notes(story)
        _title(story, "Item 9A. Controls and Procedures")
        _section(story, "controls", 14)
        _title(story, "PART III")
        for item in ("10. Directors, Executive Officers and Corporate Governance", "11. Executive Compensation"):
            _title(story, f"Item {item}")
            _section(story, "governance", 10)
    else:
        _title(story, "PART II. OTHER INFORMATION")
        _title(story, "Item 1A. Risk Factors")
        _section(story, RISKS[0], 15)
    _exhibits(story)


def _cover(story: _Story) -> None:
    company = story.company
    form = "10-K" if story.annual else "10-Q"
    kind = "ANNUAL" if story.annual else "QUARTERLY"
    ended = f"For the {'fiscal year' if story.annual else 'quarterly period'} ended {story.ended}"
    for text, size in (
        ("UNITED STATES", 12),
        ("SECURITIES AND EXCHANGE COMMISSION", 14),
        ("Washington, D.C. 20549", 9),
        (f"FORM {form}", 18),
        (f"{kind} REPORT PURSUANT TO SECTION 13 OR 15(d) OF THE SECURITIES EXCHANGE ACT OF 1934", 9),
        (ended, 9),
        (company.name.upper(), 20),
        ("(Exact name of registrant as specified in its charter)", 8),
        ("Securities registered pursuant to Section 12(b) of the Act:", 9),
    ):
        _centred(story, text, size, bold=size > 10)
    _mark(story, "cover")
    symbol = company.file[:3].upper()
    rows = [["Title of each class", "Trading symbol", "Name of each exchange on which registered"]]
    rows += [["Common Stock, par value $.01 per share", symbol, "New York Stock Exchange, Inc."]]
    for coupon, due in (("1.500%", 2026), ("1.750%", 2030), ("1.875%", 2031))[: 1 + len(company.name) % 3]:
        rows.append([f"{coupon} Notes due {due}", f"{symbol}{due % 100}", "New York Stock Exchange, Inc."])
    _table(story, rows, widths=(230, 80, 190), header=1)
    _text(
        story,
        "Indicate by check mark whether the registrant is a well-known seasoned issuer, has filed all reports required "
        "to be filed during the preceding 12 months, and is a large accelerated filer. Shares of common stock "
        f"outstanding: {story.chance.randint(100, 900)},{story.chance.randint(100, 999)},412.",
    )
    story.parts.append(PageBreak())


def _contents(story: _Story) -> None:
    company = story.company
    _centred(story, "TABLE OF CONTENTS", 10, bold=True)
    names = [
        "Business",
        "Risk Factors",
        "Properties",
        "Legal Proceedings",
        "Market for Registrant's Common Equity",
        "Management's Discussion and Analysis of Financial Condition and Results of Operations",
        "Overview and outlook",
        "Results of operations: net sales, gross margin, operating margin",
        "Performance by segment and by geographic area",
        "Financial condition, liquidity, capital expenditures and dividends",
        "Quantitative and Qualitative Disclosures about Market Risk",
        company.income_title,
        company.balance_title,
        company.cash_title,
        "Notes to Consolidated Financial Statements",
        "Note: Restructuring",
        "Note: Income Taxes",
        "Note: Long-Term Debt",
        "Note: Commitments and Contingencies",
        "Controls and Procedures",
        "Exhibits and Financial Statement Schedules",
    ]
    _table(story, [[name, str(3 + 3 * n)] for n, name in enumerate(names)], widths=(440, 60))
    story.parts.append(PageBreak())


def _discussion(story: _Story) -> None:
    company, chance = story.company, story.chance
    _section(story, "overview", 12)
    _mark(story, "outlook")
    _heading(story, "Outlook")
    _text(
        story,
        f"For {story.year + 1} the Company expects earnings per diluted share of ${chance.uniform(2, 9):.2f} to "
        f"${chance.uniform(9, 12):.2f}, and organic growth of {chance.randint(1, 4)} percent or more.",
    )
    _section(story, "caution", 8)
    _heading(story, "Results of Operations")
    _summary(story, (company.sales, *RESULTS), 3)
    _mark(story, "change")
    _heading(story, company.sales)
    grew = chance.uniform(-9, 14)
    moved = "increased" if grew > 0 else "decreased"
    why = chance.sample(
        ["selling prices", "volume", "foreign currency translation", "the acquisition of a distributor", "product mix"],
        3,
    )
    _text(
        story,
        f"{company.sales} {moved} {abs(grew):.1f} percent from the prior period. Of that, {why[0]} brought "
        f"{chance.uniform(1, 5):.1f} percentage points, {why[1]} {chance.uniform(1, 4):.1f} and {why[2]} the rest. "
        f"Demand for {_one(chance, company.products)} was {'strong' if grew > 0 else 'weak'}, while "
        f"{_one(chance, company.products)} faced inventory corrections at customers.",
    )
    _section(story, "mix", 10, heading=False)
    _mark(story, "margin")
    _heading(story, "Cost of sales and operating margin")
    _text(
        story,
        f"Gross margin was {chance.uniform(28, 60):.1f} percent, compared with {chance.uniform(28, 60):.1f} percent. "
        f"The change came from higher {_one(chance, company.supplies)} costs, lower utilization of plants and a "
        f"less favorable mix, partly made up for by pricing. The operating margin moved by "
        f"{chance.uniform(0.2, 3):.1f} percentage points, mainly because of litigation charges and the costs of "
        "leaving some markets.",
    )
    _section(story, "expenses", 12)
    _mark(story, "segments")
    _heading(story, "Performance by Segment")
    rows = [["", str(story.year), str(story.year - 1), "% change"]]
    for segment in company.segments:
        rows += [[f"{segment}"], ["  Sales", *_figures(chance, 2), f"{chance.uniform(-9, 9):.1f}"]]
        rows += [["  Operating income", *_figures(chance, 2), f"{chance.uniform(-9, 9):.1f}"]]
        rows += [["  Organic growth", f"{chance.uniform(-4, 6):.1f}%", f"{chance.uniform(-4, 6):.1f}%", ""]]
    _table(story, rows, widths=(260, 80, 80, 80), header=1)
    _section(story, "segment discussion", 16)
    if story.annual:
        _heading(story, "Non-GAAP Financial Measures")
        _section(story, "nongaap", 10, heading=False)
        rows = [["(Millions)", str(story.year), str(story.year - 1)]]
        names = ("Net income", "Income taxes", "Interest expense", "Depreciation and amortization", "Adjusted EBITDA")
        rows += [[name, *_figures(chance, 2)] for name in names]
        _table(story, rows, widths=(300, 100, 100), header=1)
    _heading(story, "Financial Condition and Liquidity")
    _section(story, "liquidity", 26, heading=False)
    _mark(story, "facility")
    _text(
        story,
        f"The Company has a ${chance.randint(2, 6)}.0 billion five-year revolving credit facility expiring in "
        f"{story.year + chance.randint(3, 5)}; no amount was drawn at the end of the period.",
    )
    _heading(story, "Cash Flows from Operating Activities")
    _summary(story, OPERATING, 3)
    _section(story, "cash discussion", 8, heading=False)
    _heading(story, "Cash Flows from Investing Activities")
    _summary(story, (company.capex, *INVESTING), 3)
    _section(story, "cash discussion", 8, heading=False)
    _heading(story, "Cash Flows from Financing Activities")
    _summary(story, FINANCING, 3)
    _section(story, "cash discussion", 8, heading=False)
    _heading(story, "Free cash flow, working capital and net debt")
    _summary(story, (*FREE, company.plant), 3)
    _section(story, "critical", 20)


def _summary(story: _Story, lines: Sequence[str], years: int) -> None:
    """A table that shows a few lines of the statements, or what is made of them."""
    names = [str(story.year - n) for n in range(years)]
    rows = [[f"({story.company.units})", *names]]
    rows += [[line, *_figures(story.chance, years)] for line in lines]
    _table(story, rows, widths=(500 - 60 * years, *[60] * years), header=1)


def _index_to_statements(story: _Story) -> None:
    company = story.company
    _centred(story, "Index to Financial Statements", 10, bold=True)
    for name in (company.income_title, company.balance_title, company.cash_title):
        _text(story, f"{name} for the years ended {story.ended} and the two years before")
    _text(story, "Report of Independent Registered Public Accounting Firm. Notes to Consolidated Financial Statements.")
    story.parts.append(PageBreak())


def _auditor(story: _Story) -> None:
    company = story.company
    _centred(story, "Report of Independent Registered Public Accounting Firm", 10, bold=True)
    _text(story, f"To the Shareholders and the Board of Directors of {company.name}")
    _text(
        story,
        f"We have audited the accompanying consolidated balance sheets of {company.name} and its subsidiaries as of "
        f"{story.ended} and the year before, and the related {company.income_title.lower()}, of comprehensive income, "
        f"of changes in equity and of cash flows for each of the three years in the period ended {story.ended}. In our "
        "opinion they present fairly, in all material respects, the financial position of the Company and the results "
        "of its operations and its cash flows.",
    )
    _section(story, "audit", 16, heading=False)
    story.parts.append(PageBreak())


def _statements(story: _Story) -> None:
    company = story.company
    for mark, title, lines in (
        ("income", company.income_title, _income_lines(story)),
        ("", "Consolidated Statements of Comprehensive Income", COMPREHENSIVE),
        ("balance", company.balance_title, _balance_lines(story)),
        ("cash", company.cash_title, _cash_lines(story)),
        ("", "Consolidated Statements of Changes in Equity", EQUITY),
    ):
        if mark:
            _mark(story, mark)
        _statement(story, title, lines)
        if mark:
            _mark(story, mark)
        _text(story, "The accompanying notes are an integral part of these consolidated financial statements.")
        story.parts.append(PageBreak())


def _statement(story: _Story, title: str, lines: Sequence[str]) -> None:
    company, chance = story.company, story.chance
    balance = title == company.balance_title
    years = [str(story.year - n) for n in range(2 if balance or not story.annual else 3)]
    size = 10 if company.serif else 9
    _centred(story, company.name.upper() if company.capitals else f"{company.name} and Subsidiaries", size, bold=True)
    _centred(story, title.upper() if company.capitals else title, size, bold=not company.capitals)
    _centred(story, f"({company.units})", 8)
    rows = [["", *(cell for year in years for cell in ("", year))]]
    if not balance:
        rows.insert(0, ["", story.span])
    for number, line in enumerate(lines):
        if line.endswith(":"):
            rows.append([line])
            continue
        low = line.startswith("Earnings per") or "per share" in line
        cells: list[str] = []
        for _ in years:
            value = f"{chance.uniform(1, 9):.2f}" if low else _figure(chance)
            cells += ["$" if number < 2 or line.startswith("Total") else "", value]
        rows.append([line, *cells])
    wide = 500 - 90 * len(years)
    _table(story, rows, widths=(wide, *(20, 70) * len(years)), header=len(rows) - len(lines), right=True)


def _income_lines(story: _Story) -> list[str]:
    company = story.company
    return [
        company.sales,
        "Operating expenses:",
        "Cost of sales",
        "Selling, general and administrative expenses",
        "Research, development and related expenses",
        "Restructuring and other charges",
        "Total operating expenses",
        "Operating income",
        "Other expense (income), net",
        "Income before income taxes",
        "Provision for income taxes",
        "Net income including noncontrolling interest",
        "Less: Net income attributable to noncontrolling interest",
        f"Net income attributable to {company.name}",
        "Earnings per share - basic",
        "Earnings per share - diluted",
        "Weighted average common shares outstanding - basic",
        "Weighted average common shares outstanding - diluted",
    ]


def _balance_lines(story: _Story) -> list[str]:
    company = story.company
    return [
        "Assets",
        "Current assets:",
        "Cash and cash equivalents",
        "Marketable securities - current",
        "Accounts receivable, net of allowances",
        "Inventories:",
        "Finished goods",
        "Work in process",
        "Raw materials and supplies",
        "Total inventories",
        "Prepaids",
        "Other current assets",
        "Total current assets",
        company.plant,
        "Operating lease right of use assets",
        "Goodwill",
        "Intangible assets - net",
        "Other assets",
        "Total assets",
        "Liabilities",
        "Current liabilities:",
        "Short-term borrowings and current portion of long-term debt",
        company.payables,
        "Accrued payroll",
        "Accrued income taxes",
        "Other current liabilities",
        "Total current liabilities",
        "Long-term debt",
        "Pension and postretirement benefits",
        "Operating lease liabilities",
        "Other liabilities",
        "Total liabilities",
        "Equity:",
        "Common stock, par value $.01 per share",
        "Additional paid-in capital",
        "Retained earnings",
        "Treasury stock, at cost",
        "Accumulated other comprehensive income (loss)",
        "Total equity",
        "Total liabilities and equity",
    ]


def _cash_lines(story: _Story) -> list[str]:
    company = story.company
    return [
        "Cash Flows from Operating Activities:",
        "Net income including noncontrolling interest",
        "Adjustments to reconcile net income to net cash provided by operating activities:",
        "Depreciation and amortization",
        "Company pension and postretirement contributions",
        "Stock-based compensation expense",
        "Deferred income taxes",
        "Changes in assets and liabilities:",
        "Accounts receivable",
        "Inventories",
        "Accounts payable",
        "Accrued income taxes (current and long-term)",
        "Other - net",
        "Net cash provided by (used in) operating activities",
        "Cash Flows from Investing Activities:",
        company.capex,
        "Proceeds from sale of assets",
        "Acquisitions, net of cash acquired",
        "Purchases of marketable securities and investments",
        "Proceeds from maturities and sale of marketable securities",
        "Net cash provided by (used in) investing activities",
        "Cash Flows from Financing Activities:",
        "Change in short-term debt - net",
        "Repayment of debt (maturities greater than 90 days)",
        "Proceeds from debt (maturities greater than 90 days)",
        "Purchases of treasury stock",
        "Proceeds from issuance of treasury stock under stock option plans",
        "Dividends paid to shareholders",
        "Other - net",
        "Net cash provided by (used in) financing activities",
        "Effect of exchange rate changes on cash and cash equivalents",
        "Net increase (decrease) in cash and cash equivalents",
        "Cash and cash equivalents at beginning of year",
        "Cash and cash equivalents at end of period",
    ]


COMPREHENSIVE = (
    "Net income including noncontrolling interest",
    "Other comprehensive income (loss), net of tax:",
    "Cumulative translation adjustment",
    "Defined benefit pension and postretirement plans adjustment",
    "Cash flow hedging instruments",
    "Total other comprehensive income (loss), net of tax",
    "Comprehensive income (loss) including noncontrolling interest",
)
EQUITY = (
    "Balance at beginning of period",
    "Net income",
    "Other comprehensive income (loss), net of tax",
    "Dividends declared",
    "Stock-based compensation",
    "Reacquired stock",
    "Issuances pursuant to stock option and benefit plans",
    "Balance at end of period",
)
# the notes: name, heading, sentences of it, its table's lines, and what of it is asked for
NOTES: tuple[tuple[str, str, int, tuple[str, ...]], ...] = (
    ("", "Significant Accounting Policies", 60, ()),
    ("regions", "Revenue", 12, ("Americas", "Asia Pacific", "Europe, Middle East and Africa", "Other", "Worldwide")),
    ("acquisition", "Acquisitions and Divestitures", 12, ("Inventory", "Intangible assets", "Purchased goodwill")),
    ("goodwill", "Goodwill and Intangible Assets", 14, ("Balance, beginning", "Impairment", "Translation", "Balance")),
    (
        "restructuring",
        "Restructuring Actions",
        10,
        ("Accrued, beginning of year", "Employee severance", "Asset write-downs", "Cash payments", "Accrued, ending"),
    ),
    ("", "Supplemental Balance Sheet Information", 8, ("Land", "Buildings", "Machinery", "Gross", "Depreciation")),
    ("tax", "Income Taxes", 18, ("Statutory U.S. tax rate", "State taxes", "Foreign rates", "Effective tax rate")),
    ("", "Marketable Securities", 10, ("Commercial paper", "Certificates of deposit", "U.S. treasury securities")),
    ("debt", "Long-Term Debt and Short-Term Borrowings", 14, ("2024", "2025", "2026", "2027", "After 2027", "Total")),
    ("", "Pension and Postretirement Benefit Plans", 22, ("Service cost", "Interest cost", "Expected return", "Total")),
    ("", "Derivatives", 16, ("Foreign currency contracts", "Commodity contracts", "Interest rate swaps")),
    ("", "Fair Value Measurements", 14, ("Level 1", "Level 2", "Level 3", "Total")),
    ("legal", "Commitments and Contingencies", 16, ()),
    ("leases", "Leases", 12, ("One year out", "Two years out", "Three years out", "Thereafter", "Less: interest")),
    ("", "Stock-Based Compensation", 14, ("Options granted", "Options exercised", "Options outstanding")),
    (
        "customers",
        "Business Segments",
        10,
        ("Net sales", "Operating income", "Depreciation and amortization", "Assets", "Capital expenditures"),
    ),
    ("", "Quarterly Data (Unaudited)", 3, ("Net sales", "Cost of sales", "Net income", "Earnings per share - diluted")),
)
# what the discussion shows of the statements once more, as real ones do
SELECTED = (
    "Net sales",
    "Net income",
    "Earnings per share - diluted",
    "Dividends declared per share",
    "Total assets",
    "Long-term debt",
    "Capital expenditures",
    "Number of employees",
)
RESULTS = (
    "Cost of sales",
    "Gross profit",
    "Selling, general and administrative expenses",
    "Operating income",
    "Operating income margin",
    "Effective tax rate",
    "Net income",
    "Earnings per share - diluted",
)
OPERATING = (
    "Net income",
    "Depreciation and amortization",
    "Accounts receivable",
    "Inventories",
    "Accounts payable",
    "Other - net",
    "Net cash provided by operating activities",
)
INVESTING = ("Acquisitions, net of cash acquired", "Other - net", "Net cash used in investing activities")
FINANCING = (
    "Change in debt",
    "Purchases of treasury stock",
    "Dividends paid to shareholders",
    "Net cash used in financing activities",
)
FREE = (
    "Net cash provided by operating activities",
    "Capital expenditures",
    "Free cash flow",
    "Total current assets",
    "Total inventories",
    "Total current liabilities",
    "Total debt",
    "Net debt",
)


def _notes(story: _Story) -> None:
    company, chance = story.company, story.chance
    _centred(story, "Notes to Consolidated Financial Statements", 10, bold=True)
    for number, (mark, heading, length, lines) in enumerate(NOTES, 1):
        if not story.annual and mark in ASKED_FOR_A_YEAR_ONLY:
            continue
        _heading(story, f"NOTE {number}. {heading}")
        if mark:
            _mark(story, mark)
        if special := _special(story, mark):
            _text(story, special)
        if lines:
            rows = [["(Millions)", str(story.year), str(story.year - 1)]]
            rows += [[line, *_figures(chance, 2)] for line in lines]
            if heading.startswith("Supplemental"):
                rows += [
                    [line, *_figures(chance, 2)] for line in (company.plant, "Total inventories", company.payables)
                ]
            if mark == "customers":
                rows = rows[:1] + [
                    [f"{segment}: {line.lower()}", *_figures(chance, 2)]
                    for segment in company.segments
                    for line in lines
                ]
            _table(story, rows, widths=(300, 100, 100), header=1)
        if mark == "customers":
            _mark(story, "segments")
        _section(story, f"note {heading}", length if story.annual else max(5, length // 2), heading=False)


def _special(story: _Story, mark: str) -> str:
    """What only this report says."""
    company, chance = story.company, story.chance
    return {
        "acquisition": f"In March {story.year} the Company bought {_one(chance, PLACES)} Works, a maker of "
        f"{_one(chance, company.products)}, for ${chance.randint(60, 900)} million in cash.",
        "goodwill": f"The annual test {_one(chance, ('showed no impairment', 'led to a charge of $271 million'))} "
        f"for the reporting units of {_one(chance, company.segments)}.",
        "restructuring": f"In {story.year} management approved a program that ends {chance.randint(300, 4000)} "
        "positions. What is accrued, by kind of charge, is as follows.",
        "tax": f"The rate was {chance.uniform(11, 31):.1f} percent, above the prior period because of a measurement "
        "period adjustment and remitted foreign earnings, less research credits.",
        "legal": f"As of {story.ended} the Company is a named defendant in {chance.randint(900, 4000)} lawsuits of "
        f"{_one(chance, PLACES)} plaintiffs about {_one(chance, company.products)}; a class action alleges that "
        "statements to investors were misleading. Accrued for these matters: "
        f"${chance.randint(40, 900)} million.",
        "customers": f"No single customer accounted for more than 10% of sales, except one that buys "
        f"{_one(chance, company.products)} and brought {chance.randint(11, 29)}%.",
    }.get(mark, "")


def _buyback(story: _Story) -> None:
    chance = story.chance
    _mark(story, "buyback")
    rows = [["Period", "Shares bought", "Average price", "Under the program", "Value left"]]
    for month in ("October", "November", "December", "Total"):
        rows.append([f"{month} {story.year}", *_figures(chance, 4)])
    _section(story, "equity market", 6, heading=False)
    _table(story, rows, widths=(120, 95, 95, 95, 95), header=1)
    _section(story, "equity market", 6, heading=False)


def _exhibits(story: _Story) -> None:
    company = story.company
    _title(story, f"Item {'15' if story.annual else '6'}. Exhibits and Financial Statement Schedules")
    _text(
        story,
        f"The following are filed as part of this report: {company.income_title}, {company.balance_title}, "
        f"{company.cash_title}, Notes to Consolidated Financial Statements.",
    )
    for number in range(1, 26 if story.annual else 8):
        kind = _one(story.chance, ("Indenture", "Amended by-laws", "Stock plan", "Credit agreement", "Certification"))
        _text(story, f"({10 + number / 10:.1f}) {kind} of {company.name}, incorporated by reference to Form 8-K.")
    _centred(story, "SIGNATURES", 10, bold=True)
    _text(story, f"{company.name}, by its Executive Vice President and Chief Financial Officer, {story.ended}.")


# --- prose ---------------------------------------------------------------------------------------------------------

PLACES = ("Ohio", "Texas", "Bavaria", "Ontario", "Queensland", "Osaka", "Brittany", "Jalisco")
RISKS = (
    "risk economy",
    "risk supply",
    "risk law",
    "risk cyber",
    "risk currency",
    "risk debt",
    "risk competition",
    "risk people",
    "risk tax",
    "risk acquisitions",
)
HEADINGS = {
    "business": "General",
    "products": "Products",
    "supply": "Raw Materials and Suppliers",
    "competition": "Distribution and Competition",
    "research": "Research and Patents",
    "people": "Human Capital",
    "risk economy": "Our results are affected by economic, political and other conditions in many countries.",
    "risk supply": "Shortages and price increases of what we buy could reduce our margins and cash flows.",
    "risk law": "We are party to lawsuits and government inquiries that could have a material adverse effect.",
    "risk cyber": "Failures of information technology and attacks on it may disrupt our business.",
    "risk currency": "Changes in exchange rates and interest rates affect our sales and earnings.",
    "risk debt": "Our indebtedness and a lower credit rating could limit dividends, buybacks and investments.",
    "risk competition": "We may not be able to compete on price, innovation and service.",
    "risk people": "We depend on key people and on good relations with our workforce.",
    "risk tax": "Changes in tax laws or our effective tax rate could reduce net income.",
    "risk acquisitions": "Acquisitions, divestitures and restructurings may not bring what we expect.",
    "properties": "Plants and Offices",
    "rates": "Interest rates, currencies and commodities",
    "overview": "Overview",
    "caution": "Cautionary Note on Forward-Looking Statements",
    "expenses": "Selling, general, research and interest expenses",
    "segment discussion": "Discussion by segment",
    "cash discussion": "Cash Flows",
    "critical": "Critical Accounting Estimates",
    "controls": "Evaluation of disclosure controls",
    "governance": "Proxy statement",
}
# A line: the sections it fits, and a sentence; {a|b} is one of them; <product>, <place>, <n> … are filled in.
SENTENCES = Path(__file__).with_suffix(".txt")


def _bank() -> dict[str, list[str]]:
    bank: dict[str, list[str]] = {}
    for line in SENTENCES.read_text(encoding="utf-8").splitlines():
        names, _, sentence = line.partition(": ")
        for name in names.split():
            bank.setdefault(name.replace("_", " "), []).append(sentence)
    return bank


_BANK = _bank()


def _sentences(story: _Story, name: str, count: int) -> Iterator[str]:
    """Of the bank: those of the section; its name's first words tell which."""
    words = name.split()
    found = _BANK.get(name) or _BANK.get(" ".join(words[:2])) or _BANK[words[0]]
    order: list[str] = []
    for _ in range(count):
        if not order:
            order = story.chance.sample(found, len(found))
        yield _filled(story, order.pop())


def _filled(story: _Story, sentence: str) -> str:
    company, chance = story.company, story.chance
    sentence = re.sub(r"\{([^{}]+)\}", lambda found: _one(chance, found.group(1).split("|")), sentence)
    for name, values in (
        ("product", company.products),
        ("supply", company.supplies),
        ("segment", company.segments),
        ("place", PLACES),
    ):
        sentence = re.sub(f"<{name}>", lambda _, values=values: _one(chance, values), sentence)  # type: ignore[misc]
    sentence = re.sub("<p>", lambda _: str(chance.randint(2, 40)), sentence)
    return re.sub("<n>", lambda _: str(chance.randint(11, 190)), sentence)


def _section(story: _Story, name: str, count: int, *, heading: bool = True) -> None:
    if heading:
        _heading(story, HEADINGS[name])
    paragraph: list[str] = []
    for sentence in _sentences(story, name, LENGTH * count):
        paragraph.append(sentence[:1].upper() + sentence[1:])
        if len(paragraph) == 4:
            _text(story, " ".join(paragraph))
            paragraph = []
    if paragraph:
        _text(story, " ".join(paragraph))


# --- drawing -------------------------------------------------------------------------------------------------------


def _one(chance: random.Random, values: Sequence[str]) -> str:
    return chance.choice(values)


def _figure(chance: random.Random) -> str:
    value = f"{chance.randint(11, 39_999):,}"
    return f"({value})" if chance.random() < 0.2 else value


def _figures(chance: random.Random, count: int) -> list[str]:
    return [_figure(chance) for _ in range(count)]


def _style(
    story: _Story, size: float, *, bold: bool = False, centred: bool = False, after: float = 6
) -> ParagraphStyle:
    style = ParagraphStyle("made", fontName=story.font(bold=bold), fontSize=size, leading=1.22 * size, spaceAfter=after)
    if centred:
        style.alignment = TA_CENTER
    return style


def _put(story: _Story, text: str, style: ParagraphStyle) -> None:
    story.parts.append(Paragraph(text.replace("&", "&amp;"), style))


def _title(story: _Story, text: str) -> None:
    _put(story, text, _style(story, 11, bold=True))


def _heading(story: _Story, text: str) -> None:
    _put(story, text, _style(story, 9.5, bold=True))


def _centred(story: _Story, text: str, size: float, *, bold: bool = False) -> None:
    _put(story, text, _style(story, size, bold=bold, centred=True, after=2))


def _text(story: _Story, text: str) -> None:
    _put(story, text, _style(story, 9.5))


def _mark(story: _Story, name: str) -> None:
    story.parts.append(_Mark(story, name))


def _table(
    story: _Story, rows: Sequence[Sequence[str]], *, widths: Sequence[float], header: int = 0, right: bool = False
) -> None:
    full = [[*row, *[""] * (len(widths) - len(row))] for row in rows]
    style = [
        ("FONT", (0, 0), (-1, -1), story.font(), 8.5),
        ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
        ("TOPPADDING", (0, 0), (-1, -1), 1.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.2),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2),
    ]
    if header:
        style.append(("FONT", (0, 0), (-1, header - 1), story.font(bold=True), 8.5))
    if right and header > 1:
        style.append(("SPAN", (1, 0), (-1, 0)))
    table = Table(full, colWidths=list(widths), repeatRows=0)
    table.setStyle(TableStyle(style))
    story.parts += [table, Spacer(1, 8)]
