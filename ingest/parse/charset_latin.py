"""Which of the old encodings of European languages a text is in, by the letters that each language has.

Statistics over bytes take "Müller" in the Windows encoding for "M¸ller" in that of the Macintosh; no language has "¸"
inside a word. Knows letters; says nothing of other scripts.
"""

from __future__ import annotations

# Likeliest first: it is taken where two fit alike.
_ENCODINGS = ("cp1252", "cp1250", "cp1254", "cp1257", "mac_roman", "cp850")
_LETTERS = [
    frozenset(letters + letters.upper())
    for letters in (
        "äöüßéèà",  # German, with the names of its neighbours
        "éèêëàâçùûüîïôœæÿ",
        "áéíóúüñçª",
        "áâãàçéêíóôõúüº",
        "àèéìòùíóú",
        "åäöéæøüè",  # of the north
        "áðéíóúýþæö",
        "éëïèöüóáç",
        "àéèíïóòúüç·",
        "ąćęłńóśźż",
        "áčďéěíňóřšťúůýžäľĺŕô",
        "áéíóöőúüű",
        "ăâîșțşţ",
        "čćžšđ",
        "çğıİöşüâî",
        "āčēģīķļņšūž",
        "ąčęėįšųūž",
        "äõöüšž",
    )
]
_SIGNS = frozenset("€£¥§°®©™…–—‘’‚“”„‹›«»•·±²³¼½¾µ¿¡ºª№†‡‰\u00a0\u00ad")
_ENOUGH = 0.95  # of what is no ASCII has to be some language's


def latin_encoding(data: bytes) -> str | None:
    """The encoding; None where nothing fits, as with other scripts."""
    best, most = None, _ENOUGH
    for encoding in _ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        share = _share(text)
        if share > most or (best is None and share == most):
            best, most = encoding, share
    return best


def _share(text: str) -> float:
    """How much of what is no ASCII one language explains."""
    places = [place for place, character in enumerate(text) if character > "\x7f"]
    if not places:
        return 0.0
    signs = sum(text[place] in _SIGNS and not _inside_word(text, place) for place in places)
    letters = [text[place] for place in places]
    return (max(sum(letter in own for letter in letters) for own in _LETTERS) + signs) / len(places)


def _inside_word(text: str, place: int) -> bool:
    around = text[place - 1 : place] + text[place + 1 : place + 2]
    return text[place] not in "’·\u00ad" and len(around) == 2 and around.isalpha()
