"""What a question is about, without what only says how it should be answered. Regular expressions; knows no index.

"Answer in USD millions", "Round to two decimal places", "If it is not available, say so": people write such things to a
model, and to a search they are noise that stands in no passage, or in the wrong ones.
"""

from __future__ import annotations

import re

# up to what may name a place
_REST = r"(?:(?!,|;| from | using | by | based on )[^.?!。？！]|\.(?=\d))*[.?!。？！,;]*"
_ALL = r"(?:[^.?!。？！]|\.(?=\d))*[.?!。？！]*"
_SAID = (
    r"(?:please |then |just |you should |bitte |dann )*(?:say|state|tell me|answer|respond|reply|explain|indicate|note|"
    r"mention|write|sag|sagen sie|schreib|antworte|erkläre)\w*\b"
)
_SENTENCES = (  # those that say nothing else
    rf"(?:please )?(?:round|express|format|report|quote|present) (?:off |your |the |this |it |all ){_REST}",
    rf"(?:please )?(?:answer|respond|reply)(?: (?:to )?the question)? (?:in|with|as|only|briefly|shortly)\b{_REST}",
    r"(?:please )?(?:give|provide|state|write)(?: me)? (?:your |the |an? )?(?:\w+ )?(?:answer|response|reply)s? "
    rf"(?:in|as|with|rounded)\b{_REST}",
    rf"(?:if|falls|wenn)\b[^.?!,]*\b(?:not|no|cannot|isn't|unclear|nicht|kein)\b[^.?!,]*,? {_SAID}{_ALL}",
    rf"(?:bitte )?(?:antworten? (?:sie )?(?:in|mit|auf|nur)\b|runden? (?:sie )?(?:die|das|auf)\b){_REST}",
    rf"(?:veuillez )?(?:réponds|répondez|répondre|arrondissez|arrondir) (?:en|à|avec|la|le|par)\b{_REST}",
)
_PARTS = (  # those that go on with where it stands: "… in the statement of cash flows"
    r"(?:please )?(?:give|provide) (?:me )?(?:an? |your )?(?:answer|response|reply)(?: to (?:the|this) question)?\b",
    r"(?:please )?(?:answer|respond to|reply to|address) (?:the|this) question\b",
    r"(?:please )?(?:calculate|compute|derive|extract) (?:\(or \w+\) )?(?:what was asked|the answer)\b",
    r"(?:by )?(?:relying on|utili[sz]ing|drawing (?:any )?conclusions from|basing your \w+ (?:off of|off|on))\b",
    r"(?:the |all |any )?(?:line items|details|information|data|figures|numbers) "
    r"(?:that (?:are|is) |which (?:are|is) )?(?:clearly )?(?:shown|provided|given|stated|found|listed|presented)"
    r"(?: primarily| within)?(?: in| by)?\b",
    r"(?:assume|imagine|suppose|pretend) (?:that )?(?:you are|you're|you only have|you have)\b[^.?!,]*[,.]",
    r"(?:you are|act as|acting as) an? (?:\w+ ){0,4}(?:analyst|expert|assistant|accountant|investor|banker)\b[,.]?",
    r"\(?,? ?\bin (?:us\$|usd|u\.s\. dollars|us dollars|eur|gbp)(?: (?:thousand|million|billion)s?)?\)?",
)
_HOW = re.compile(
    rf"(?:(?<=[.?!。？！] )|^)(?:{'|'.join(_SENTENCES)})|(?:\b|(?=\())(?:{'|'.join(_PARTS)})", re.IGNORECASE
)
LEAST = 2  # words that have to be left, else the question was about answers


def subject(question: str) -> str:
    """The question without them; as it is where nothing else is left.

    >>> subject("What was the capex of Acme in 2019 (in USD millions)? Answer in one word.")
    'What was the capex of Acme in 2019?'
    """
    cut, times = _HOW.subn(" ", question)
    left = re.sub(r" (?=[,.?!])", "", " ".join(cut.split()))
    return left if times and len(re.findall(r"\w+", left)) >= LEAST else question
