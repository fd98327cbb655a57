"""The workbooks: the price list and the salary bands."""

from datetime import datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

OWNER = "Halden Instruments AG, Sales. Confidential."

HEAD = PatternFill("solid", fgColor="1F4E79")
TOTAL = PatternFill("solid", fgColor="DCE6F1")

# code, description, list price in EUR, lead time in weeks
PRODUCTS = [
    ("HF-210-025", "Ultrasonic flow meter, DN25, PN16", 980, 6),
    ("HF-210-040", "Ultrasonic flow meter, DN40, PN16", 1120, 6),
    ("HF-210-050", "Ultrasonic flow meter, DN50, PN16", 1340, 6),
    ("HF-210-080", "Ultrasonic flow meter, DN80, PN16", 1690, 6),
    ("HF-210-100", "Ultrasonic flow meter, DN100, PN16", 2050, 6),
    ("HF-210-050-H", "Ultrasonic flow meter, DN50, PN40", 1780, 8),
    ("HF-210-080-H", "Ultrasonic flow meter, DN80, PN40", 2240, 8),
    ("HF-150-015", "Turbine flow meter, DN15, brass", 310, 3),
    ("HF-150-020", "Turbine flow meter, DN20, brass", 345, 3),
    ("HF-150-025", "Turbine flow meter, DN25, stainless steel", 520, 4),
    ("HP-310-006", "Pressure transmitter, 0 to 6 bar, 4-20 mA", 268, 3),
    ("HP-310-016", "Pressure transmitter, 0 to 16 bar, 4-20 mA", 268, 3),
    ("HP-310-040", "Pressure transmitter, 0 to 40 bar, 4-20 mA", 284, 3),
    ("HP-310-100", "Pressure transmitter, 0 to 100 bar, 4-20 mA", 296, 3),
    ("HP-320-016", "Pressure transmitter, 0 to 16 bar, Modbus, display", 412, 4),
    ("HP-320-040", "Pressure transmitter, 0 to 40 bar, Modbus, display", 428, 4),
    ("HP-320-100", "Pressure transmitter, 0 to 100 bar, Modbus, display", 446, 4),
    ("HP-330-250", "Pressure transmitter, 0 to 250 bar, alloy C-276 (export control)", 965, 12),
    ("HP-330-400", "Pressure transmitter, 0 to 400 bar, alloy C-276 (export control)", 1085, 12),
    ("HT-110-050", "Temperature probe Pt100, 50 mm, class A", 74, 2),
    ("HT-110-100", "Temperature probe Pt100, 100 mm, class A", 79, 2),
    ("HT-110-250", "Temperature probe Pt100, 250 mm, class A", 92, 2),
    ("HT-120-100", "Temperature probe Pt100, 100 mm, with transmitter", 148, 3),
    ("HT-120-250", "Temperature probe Pt100, 250 mm, with transmitter", 163, 3),
    ("HT-130-600", "Thermocouple type K, 600 mm, up to 1100 C", 236, 4),
    ("HV-510", "Vibration sensor, 10 Hz to 1 kHz, 4-20 mA", 390, 5),
    ("HV-520", "Vibration sensor, 2 Hz to 10 kHz, Modbus", 585, 5),
    ("HV-530", "Vibration sensor, wireless, battery for 5 years", 640, 7),
    ("HG-40", "HaldenLink gateway, 200 sensors, LTE, 512 MiB buffer", 870, 4),
    ("HG-60", "HaldenLink gateway, 500 sensors, LTE and Ethernet, 2 GiB buffer (from 1 September 2026)", 1290, 6),
]
ACCESSORIES = [
    ("AC-SEAL-68", "Sealing kit IP68 for HF-210", 58, 2),
    ("AC-GASK-025", "Pair of gaskets DN25, EPDM", 9, 1),
    ("AC-GASK-050", "Pair of gaskets DN50, EPDM", 12, 1),
    ("AC-GASK-100", "Pair of gaskets DN100, EPDM", 19, 1),
    ("AC-CAB-05", "Connection cable M12, 5 m", 24, 1),
    ("AC-CAB-10", "Connection cable M12, 10 m", 33, 1),
    ("AC-CAB-30", "Connection cable M12, 30 m, shielded", 71, 2),
    ("AC-PSU-24", "Power supply 24 V DC, 1.5 A, DIN rail", 62, 1),
    ("AC-ANT-EXT", "Outdoor antenna for HG-40 and HG-60, 3 m cable", 85, 2),
    ("AC-SOL-40", "Solar panel 60 W with charge controller for HG-40", 310, 5),
    ("AC-MNT-2IN", "Pipe mounting bracket, 2 inch", 27, 1),
    ("AC-WELL-100", "Thermowell 100 mm, stainless steel", 66, 3),
    ("SP-ELE-210", "Electronics board HF-210, spare part", 340, 3),
    ("SP-DIS-210", "Display unit HF-210, spare part", 128, 3),
    ("SP-TRD-210", "Pair of ultrasonic transducers HF-210, spare part", 415, 8),
    ("SP-BAT-530", "Battery for HV-530, spare part", 38, 2),
]
# code, description, price in EUR, unit
SERVICES = [
    ("SV-CAL-F", "Recalibration of a flow meter with certificate", 185, "per instrument"),
    ("SV-CAL-P", "Recalibration of a pressure transmitter with certificate", 95, "per instrument"),
    ("SV-CAL-T", "Recalibration of a temperature probe, three points", 78, "per instrument"),
    ("SV-COM-D", "Commissioning on site, first day, within 300 km", 1150, "per day"),
    ("SV-COM-N", "Commissioning on site, each further day", 920, "per day"),
    ("SV-TRN-1", "Training in Göttingen, one day, up to 8 people", 1480, "per course"),
    ("SV-WAR-24", "Extended warranty, 24 months more (60 months in all)", 96, "per instrument"),
    ("SV-HL-BAS", "HaldenLink Cloud Basic, up to 50 sensors per gateway", 9, "per gateway and month"),
    ("SV-HL-PRO", "HaldenLink Cloud Professional, alarms, API, 5 years of history", 19, "per gateway and month"),
    ("SV-EXP-24", "Express production within 24 hours of the order (HP-310 and HT-110 only)", 150, "per order line"),
]
TIERS = [("10 to 49", 0.05), ("50 to 199", 0.12), ("200 and more", 0.18)]
AUTHORITIES = [
    ("up to the volume tier", "any sales employee", "none"),
    ("up to 15 %", "key account manager or regional sales manager", "note in the customer file"),
    ("up to 22 %", "VP Sales (Tobias Kerner)", "margin checked by Finance"),
    ("above 22 %", "CEO and CFO together", "written reason, valid for one order"),
]
CONDITIONS = [
    "Prices in EUR, ex works Göttingen (EXW), without value added tax, valid from 1 January to 31 December 2026.",
    "Minimum order value EUR 250; below that a handling charge of EUR 35 is added.",
    "Payment within 30 days of the invoice; 2 % cash discount within 10 days.",
    "Warranty 36 months from delivery for all instruments, 12 months for spare parts.",
    "Volume discounts apply per purchase order and product family; services carry no volume discount.",
    "Returns of unused standard products within 30 days: 20 % restocking charge; HP-330 cannot be returned.",
    "Freight to EU countries EUR 18 per parcel; free of charge from an order value of EUR 2,500.",
]

# level, title, example jobs; then minimum and maximum a year for Germany, USA, China
LEVELS = [
    ("L1", "Associate", "operator, warehouse", (34800, 42400), (39000, 48000), (84000, 108000)),
    ("L2", "Senior associate", "technician, clerk", (39500, 49100), (45500, 57500), (98000, 130000)),
    ("L3", "Specialist", "calibration, accountant", (45200, 56800), (53000, 68000), (118000, 160000)),
    ("L4", "Professional", "engineer, buyer", (52000, 65800), (63000, 82000), (146000, 202000)),
    ("L5", "Senior professional", "senior engineer, team lead", (60400, 77200), (75500, 99500), (182000, 256000)),
    ("L6", "Expert or manager", "lead engineer, key account", (70500, 90900), (90000, 120000), (228000, 324000)),
    ("L7", "Senior manager", "head of department", (83000, 108600), (108000, 146000), (290000, 414000)),
    ("L8", "Director", "site director, head of division", (98500, 130500), (130000, 178000), (372000, 536000)),
]
VARIABLE = {"L1": 4, "L2": 4, "L3": 4, "L4": 8, "L5": 8, "L6": 12, "L7": 18, "L8": 25}
# rating; increase in percent for the lower, middle and upper third of the band
MERIT = [
    ("exceptional", 6.5, 5.0, 3.5),
    ("above expectations", 4.8, 3.6, 2.4),
    ("meets expectations", 3.6, 2.6, 1.5),
    ("partly meets expectations", 1.5, 0.8, 0.0),
    ("below expectations", 0.0, 0.0, 0.0),
]
PAY_RULES = [
    "Strictly confidential. For People and, for their own department, heads of department.",
    "Bands valid from 1 April 2026 to 31 March 2027. Decided on 4 March 2026 by Ingrid Vossberg and Amara Lindqvist.",
    "The salary review takes effect on 1 April. Budget: 3.2 % of the payroll, 0.4 % of it reserved for promotions.",
    "A promotion raises the salary at least to the minimum of the new band, and by at least 5 %.",
    "New hires start between the minimum and the midpoint; above the midpoint needs Amara Lindqvist's approval.",
    "Who is above the maximum of the band gets no merit increase but a single payment of half the percentage.",
    "Employees hired after 1 October 2025 take part in the review for the first time in 2027.",
    "The unadjusted gender pay gap in Göttingen was 6.1 % on 1 January 2026 (7.4 % a year before).",
]


def _head(sheet: Worksheet, row: int, names: list[str]) -> None:
    sheet.row_dimensions[row].height = 32
    for column, name in enumerate(names, 1):
        cell = sheet.cell(row, column, name)
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = HEAD
        cell.alignment = Alignment(wrap_text=True, vertical="center")


def _widths(sheet: Worksheet, *widths: int) -> None:
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    for number, width in enumerate(widths):
        sheet.column_dimensions["ABCDEFGHIJ"[number]].width = width


def _title(sheet: Worksheet, title: str, line: str) -> None:
    sheet["A1"] = title
    sheet["A1"].font = Font(bold=True, size=14)
    sheet["A2"] = line
    sheet["A2"].font = Font(italic=True, color="666666")


def _book(title: str, author: str, day: datetime) -> Workbook:
    book = Workbook()
    book.properties.title = title
    book.properties.creator = author
    book.properties.created = day
    return book


def _priced(sheet: Worksheet, items: list[tuple[str, str, int, int]], what: str) -> None:
    _head(
        sheet,
        4,
        [
            "Product code",
            "Description",
            "List price EUR",
            *(f"{n} pieces (-{p:.0%})" for n, p in TIERS),
            "Lead time (weeks)",
        ],
    )
    row = 5
    for code, text, price, weeks in items:
        values = [code, text, price, *(round(price * (1 - share), 2) for _, share in TIERS), weeks]
        for column, value in enumerate(values, 1):
            cell = sheet.cell(row, column, value)
            if 3 <= column <= 6:
                cell.number_format = "0.00"
        row += 1
    prices = [item[2] for item in items]
    weeks_mean = round(sum(item[3] for item in items) / len(items), 1)
    sheet.cell(row, 1, "Total")
    sheet.cell(row, 2, f"{len(items)} {what}; sum of list prices, mean lead time")
    sheet.cell(row, 3, sum(prices)).number_format = "0.00"
    for column, (_, share) in enumerate(TIERS, 4):
        sheet.cell(row, column, round(sum(prices) * (1 - share), 2)).number_format = "0.00"
    sheet.cell(row, 7, weeks_mean)
    for column in range(1, 8):
        sheet.cell(row, column).font = Font(bold=True)
        sheet.cell(row, column).fill = TOTAL
    _widths(sheet, 16, 62, 14, 16, 16, 16, 12)
    sheet.freeze_panes = "A5"


def price_list(path: Path) -> None:
    book = _book("Price list 2026", "Tobias Kerner", datetime(2025, 12, 15, 9))
    sheet = book.active
    sheet.title = "Instruments"
    _title(sheet, "Price list 2026: instruments", f"{OWNER} Edition of 15 December 2025.")
    _priced(sheet, PRODUCTS, "instruments")

    sheet = book.create_sheet("Accessories and spares")
    _title(sheet, "Price list 2026: accessories and spare parts", OWNER)
    _priced(sheet, ACCESSORIES, "articles")

    sheet = book.create_sheet("Services and terms")
    _title(sheet, "Price list 2026: services, discount authorities, terms", OWNER)
    _head(sheet, 4, ["Service code", "Description", "Price EUR", "Unit"])
    row = 5
    for service in SERVICES:
        for column, value in enumerate(service, 1):
            sheet.cell(row, column, value)
        row += 1
    row += 1
    _head(sheet, row, ["Discount", "Who may grant it", "Condition"])
    for authority in AUTHORITIES:
        row += 1
        for column, value in enumerate(authority, 1):
            sheet.cell(row, column, value)
    row += 2
    _head(sheet, row, ["No.", "Terms"])
    for number, condition in enumerate(CONDITIONS, 1):
        row += 1
        sheet.cell(row, 1, number)
        sheet.cell(row, 2, condition)
    _widths(sheet, 24, 70, 38, 24)
    book.save(path)


def salary_bands(path: Path) -> None:
    book = _book("Salary bands 2026", "Amara Lindqvist", datetime(2026, 3, 5, 9))
    countries = [("Germany", "EUR", 3), ("USA", "USD", 4), ("China", "CNY", 5)]
    for number, (country, currency, index) in enumerate(countries):
        sheet = book.active if number == 0 else book.create_sheet()
        sheet.title = f"{country} {currency}"
        _title(sheet, f"Salary bands 2026: {country}", f"Annual base salary, full time, in {currency}")
        _head(sheet, 4, ["Level", "Title", "Examples", "Minimum", "Midpoint", "Maximum", "Variable pay (target, %)"])
        for row, level in enumerate(LEVELS, 5):
            low, high = level[index]
            for column, value in enumerate([*level[:3], low, (low + high) // 2, high, VARIABLE[level[0]]], 1):
                cell = sheet.cell(row, column, value)
                if 4 <= column <= 6:
                    cell.number_format = "#,##0"
        _widths(sheet, 8, 22, 36, 12, 12, 12, 14)
        sheet.freeze_panes = "A5"

    sheet = book.create_sheet("Rules and merit")
    _title(sheet, "Rules for the salary review 2026", "Owner: Amara Lindqvist, Chief People Officer")
    row = 4
    for rule in PAY_RULES:
        sheet.cell(row, 1, rule)
        row += 1
    row += 1
    _head(sheet, row, ["Rating", "Lower third of the band (%)", "Middle third (%)", "Upper third (%)"])
    for line in MERIT:
        row += 1
        for column, value in enumerate(line, 1):
            sheet.cell(row, column, value)
    _widths(sheet, 30, 18, 18, 18)
    book.save(path)
