"""What a page of HTML repeats on every page of its site, taken out: banners, menus, footers, notices about cookies.

Told by what tags, roles and classes say they are for, never by words alone; and not when it would take most of a page.
The names that WordPress, MediaWiki, Confluence, SharePoint and Sphinx give such parts are known; of other sites, a part
is left out that a word of its name says leads elsewhere and that is next to nothing but links. Knows a tree of lxml;
knows no elements.
"""

from __future__ import annotations

import re

from lxml import html as lxml_html  # type: ignore[import-untyped]

from ingest.parse.html_text import SKIPPED

_MAIN_SHARE = 0.25  # of a page's words, at least, in what calls itself its main part
_MOST_SHARE = 0.5  # of the words, at most, that boilerplate may be
_LONGEST_BANNER = 1500  # characters of a notice about cookies
_PARTS = ("article", "main", "section", "blockquote")  # whose header, footer and aside are theirs, not the page's
_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary", "menubar"})
_TAGS = frozenset({"header", "footer", "aside"})
_COOKIES = re.compile(r"cookie|consent|gdpr", re.IGNORECASE)
_NAMES = frozenset(
    (
        "footer site-footer page-footer global-footer breadcrumb breadcrumbs navbar site-header page-header topbar "
        "sidebar skip-link skiplink skip-nav pagination pager social-share share-buttons site-nav main-nav toc-sidebar "
        "noprint no-print d-print-none hidden-print "
        "sharedaddy jp-relatedposts comment-respond post-navigation "
        "mw-jump-link mw-editsection printfooter navbox "
        "suitebartop s4-ribbonrow sidenavbox ms-core-navigation expand-control"
    ).split()
)
_CONTAINERS = frozenset(
    {"div", "section", "aside", "form", "dialog", "ul", "ol", "p", "span", "header", "footer", "a", "table"}
)
_LEADING = frozenset(  # words of names of parts that lead elsewhere
    (
        "nav navigation navbar menu breadcrumb breadcrumbs topbar sidebar toc contents footer skip share sharing "
        "social related recommended teaser teasers pagination pager"
    ).split()
)
_LINKED_SHARE = 0.8  # of the words of such a part, at least, that are links
_NAME_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_WORD = re.compile(r"\w+")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def without_boilerplate(root: lxml_html.HtmlElement) -> None:
    """Take it out of the tree of a whole page."""
    for link in [link for tag in (*_HEADINGS, "dt") for held in root.iter(tag) for link in held.iter("a")]:
        if link.get("href", "").startswith("#") and not re.search(r"\w", link.text_content()):
            link.drop_tree()  # "¶": the address of the heading
    words = _words(root)
    mains = [node for node in root.iter() if node.tag == "main" or _role(node) == "main"]
    kept = mains[0] if len(mains) == 1 and _words(mains[0]) >= _MAIN_SHARE * words else None
    above = set(kept.iterancestors()) if kept is not None else set()
    left = [(node, kept is not None) for node in root.iterchildren("body")]
    while left:
        node, outside = left.pop()
        outside = outside and node is not kept
        drop = node.tag != "body" and ((outside and node not in above) or _is_boilerplate(node))
        if drop and _words(node) <= _MOST_SHARE * words:
            node.drop_tree()
        else:
            left += [(child, outside) for child in node if isinstance(child.tag, str)]


def _is_boilerplate(node: lxml_html.HtmlElement) -> bool:
    role = _role(node)
    if node.tag in _TAGS or role in _ROLES:
        page_wide = not any(around.tag in _PARTS for around in node.iterancestors())
        if next(node.iter("h1"), None) is not None:
            return False
        if page_wide or role in ("navigation", "search", "menubar"):
            return True
    if node.tag not in _CONTAINERS:
        return False
    said = f"{node.get('class') or ''} {node.get('id') or ''}"
    names = set(said.lower().split())
    if not names or next(node.iter("h1", "main", "article"), None) is not None:
        return False
    if names & _NAMES or (_LEADING.intersection(map(str.lower, _NAME_WORDS.findall(said))) and _only_links(node)):
        return True
    return any(map(_COOKIES.search, names)) and len(node.text_content()) <= _LONGEST_BANNER


def _only_links(node: lxml_html.HtmlElement) -> bool:
    """Whether next to all of its words are links, those of its headings aside."""
    linked = sum(len(_WORD.findall(link.text_content())) for link in node.iter("a"))
    titles = [title for title in node.iter(*_HEADINGS) if next(title.iter("a"), None) is None]
    besides = sum(len(_WORD.findall(t.text_content())) for t in titles if all(a.tag != "a" for a in t.iterancestors()))
    return 0 < linked >= _LINKED_SHARE * (len(_WORD.findall(node.text_content())) - besides)


def _role(node: lxml_html.HtmlElement) -> str:
    return (node.get("role") or "").lower() if isinstance(node.tag, str) else ""


def _words(node: lxml_html.HtmlElement) -> int:
    """How many words stand in it; what is no text of the page aside."""
    held = sum(len(text.split()) for text in node.itertext())
    return held - sum(len(inner.text_content().split()) for inner in node.iter(*SKIPPED))
