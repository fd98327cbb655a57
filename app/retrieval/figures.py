"""What people call a figure of a company, what its statements call it, and in which of them it stands.

No document defines these: an annual report never says "capex", and a quick ratio is asked for where only its parts are
printed. A short list of what accounting calls the same everywhere; knows no index and no company.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

_CASH = "statement of cash flows"
_BALANCE = "balance sheet statement of financial position"
_INCOME = "statement of income operations earnings"
# where a sum is meant, not what somebody does with it: "who looks after revenue recognition?"
_FIGURES = (
    r"(?:\b(?:19|20)\d\d\b|\bfy|\bq[1-4]\b|\b(?:quarter|fiscal|annual|year|how much|total|growth|gr[eo]w|increased?|"
    r"decreased?|decline[ds]?|margin|percent(?:age)?|highest|lowest|segment|reported)\b)"
)
_KNOWN = tuple(
    (re.compile(rf"\b(?:{asked})(?!\w)", re.IGNORECASE), says)
    for asked, says in (
        (r"cash ?flow statements?|statements? of cash ?flows?", _CASH),
        (r"balance sheets?|statements? of financial position", _BALANCE),
        (r"p ?& ?l|profit (?:and|&) loss|income statements?|statements? of (?:income|operations|earnings)", _INCOME),
        (
            r"cap ?ex|capital (?:expenditures?|spending|investments?)",
            f"purchases of property plant and equipment {_CASH}",
        ),
        (r"capital[- ]intensive|capital intensity", f"purchases of property plant and equipment {_CASH} {_BALANCE}"),
        (r"pp ?& ?e|fixed assets?", f"property plant and equipment {_BALANCE}"),
        (r"d ?& ?a", f"depreciation and amortization {_CASH}"),
        (r"ebitda", f"operating income depreciation and amortization {_INCOME} {_CASH}"),
        (r"ebit|operating (?:income|profit)? ?margins?|operating profit", f"operating income {_INCOME}"),
        (r"cogs|cost of goods sold", f"cost of sales {_INCOME}"),
        (r"gross (?:profit )?margins?|gross profit", f"cost of sales gross profit {_INCOME}"),
        (r"sg ?& ?a", f"selling general and administrative expenses {_INCOME}"),
        (r"r ?& ?d", "research and development expenses"),
        (r"eps", f"earnings per share {_INCOME}"),
        (rf"top line|(?:{_FIGURES}.*?)revenues?|revenues?(?=.*{_FIGURES})", "net sales"),
        (r"bottom line|net (?:profit|earnings)", f"net income {_INCOME}"),
        (r"operating cash ?flows?|cash from operations", f"net cash provided by operating activities {_CASH}"),
        (r"free cash ?flows?", f"net cash provided by operating activities purchases of property {_CASH}"),
        (
            r"(?:share|stock) ?(?:buy-?backs?|repurchases?)|b(?:uying|ought|uy) back",
            "purchases of treasury stock repurchase of shares",
        ),
        (
            r"(?:quick|current|acid[- ]test|working capital) ratios?|working capital|liquidity profile",
            f"total current assets inventories total current liabilities {_BALANCE}",
        ),
        (r"inventory turnover|days (?:of )?inventory|dio", f"total inventories cost of sales {_BALANCE} {_INCOME}"),
        (r"days payables?(?: outstanding)?|dpo", f"accounts payable cost of sales {_BALANCE} {_INCOME}"),
        (r"days sales outstanding|dso", f"accounts receivable net sales {_BALANCE} {_INCOME}"),
        (r"asset turnover", f"total assets net sales {_BALANCE} {_INCOME}"),
        (r"return on (?:total )?assets|roa", f"net income total assets {_BALANCE} {_INCOME}"),
        (r"return on equity|roe", f"net income total equity {_BALANCE} {_INCOME}"),
        (r"(?:debt|leverage)[- ](?:to[- ]equity )?ratios?|debt[- ]to[- ]equity", f"total debt total equity {_BALANCE}"),
        (r"(?:dividend )?pay-?out ratios?|retention ratios?", f"dividends paid net income {_CASH} {_INCOME}"),
        (r"interest coverage", f"operating income interest expense {_INCOME}"),
        (r"effective tax rates?", "provision for income taxes income before income taxes"),
        (r"head ?counts?", "number of employees"),
        (
            r"legal (?:battles?|disputes?|proceedings?)|lawsuits?|suing|sued",
            "legal proceedings litigation commitments and contingencies",
        ),
        (r"(?:what|how much) (?:do|does|did|will|would) (?:[\w.-]+ ){1,6}cost", "price"),
        (r"writ(?:e|ten|ing)[- ]?(?:off|down)s?", "impairment"),
    )
)

_TITLES = {  # of the statements, as index terms: all of one of them stand in the title
    _CASH: (frozenset({"statement", "cash", "flow"}),),
    _BALANCE: (frozenset({"balanc", "sheet"}), frozenset({"statement", "financi", "posit"})),
    _INCOME: tuple(frozenset({"statement", word}) for word in ("incom", "oper", "earn", "loss")),
}
_OTHER = frozenset({"comprehens", "note", "index"})  # in the titles of others


def also_called(question: str) -> list[str]:
    """What statements say for the figures and statements that a question names.

    >>> also_called("What did Acme pay for R&D?")
    ['research and development expenses']
    """
    return [says for asked, says in _KNOWN if asked.search(question)]


def statements(question: str) -> list[str]:
    """The statements that hold what a question asks for, to be recognised by `is_titled`."""
    says = " ".join(also_called(question))
    return [name for name in _TITLES if name in says]


def is_titled(title: Collection[str], names: Sequence[str]) -> bool:
    """Whether these terms of a title are of one of the statements."""
    return _OTHER.isdisjoint(title) and any(words.issubset(title) for name in names for words in _TITLES[name])
