"""robots.txt as RFC 9309 has it: what a site asks programs to leave alone.

The standard library's urllib.robotparser knows neither `*` nor `$` in a path, and takes the first rule that fits, not
the longest: it would fetch what many sites forbid, and leave what they allow.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote

# The RFC asks for at least 500 KiB; what is further down is not read.
MAX_BYTES = 512 * 1024


class Rule(NamedTuple):
    """One line: may what fits this pattern be fetched?"""

    allows: bool
    pattern: str


def rules_for(agent: str, text: str) -> list[Rule]:
    r"""Return the rules for a program: those of its own groups, else those for all (`*`).

    >>> rules_for("Footnote", "User-agent: *\nDisallow: /\n\nUser-agent: footnote\nDisallow: /drafts/")
    [Rule(allows=False, pattern='/drafts/')]
    """
    groups: dict[str, list[Rule]] = {}
    agents: list[str] = []
    naming = False  # lines of agents that follow each other share what comes after them
    for line in text.removeprefix("\ufeff").splitlines():
        key, colon, value = (part.strip() for part in line.partition("#")[0].partition(":"))
        match key.lower() if colon else "":
            case "user-agent":
                agents = [*agents, _product(value)] if naming else [_product(value)]
                groups.setdefault(agents[-1], [])
                naming = True
            case "allow" | "disallow" as verb:
                naming = False
                for name in agents if value else ():  # an empty line forbids nothing
                    groups[name].append(Rule(verb == "allow", value))
    return groups.get(agent.lower(), groups.get("*", []))


def is_allowed(target: str, rules: list[Rule]) -> bool:
    """Tell whether a path, its query included, may be fetched: the longest rule that fits decides, of two the milder.

    >>> rules = [Rule(False, "/"), Rule(True, "/news/*.html$")]
    >>> is_allowed("/news/a.html", rules), is_allowed("/news/a.html?print", rules), is_allowed("/robots.txt", rules)
    (True, False, True)
    """
    if target == "/robots.txt":
        return True
    fitting = [(len(rule.pattern), rule.allows) for rule in rules if _fits(rule.pattern, target)]
    return max(fitting, default=(0, True))[1]


def _fits(pattern: str, target: str) -> bool:
    """Hold a pattern against a path, in time that grows with their lengths only: each piece where it comes first."""
    target = _plain(target)
    is_whole = pattern.endswith("$")
    first, *pieces = map(_plain, pattern.removesuffix("$").split("*"))
    if not target.startswith(first):
        return False
    at = len(first)
    last = pieces.pop() if is_whole and pieces else None
    for piece in pieces:
        found = target.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    if last is None:
        return not is_whole or at == len(target)
    return target.endswith(last) and len(target) - len(last) >= at


def _plain(text: str) -> str:
    """Decode escapes, so that "%7E" and "~" are the same; an escaped slash stays, since it separates nothing."""
    return unquote(text.replace("%2f", "%252F").replace("%2F", "%252F"))


def _product(value: str) -> str:
    """Return the name of a program without its version."""
    return value.partition("/")[0].strip().lower()
