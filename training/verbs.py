"""What is a verb, and what its forms are: tables of the irregular ones, and counts of the texts for the others."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

IRREGULAR = dict(
    pair.split(":")
    for pair in """arise:arose be:was bear:bore become:became begin:began bid:bid bind:bound break:broke bring:brought
    broadcast:broadcast build:built burn:burned buy:bought catch:caught choose:chose come:came cost:cost cut:cut
    deal:dealt do:did draw:drew drive:drove eat:ate fall:fell feel:felt fight:fought find:found flee:fled fly:flew
    forbid:forbade forget:forgot get:got give:gave go:went grow:grew have:had hear:heard hit:hit hold:held keep:kept
    know:knew lay:laid lead:led learn:learned leave:left lend:lent let:let lie:lay lose:lost make:made mean:meant
    meet:met overcome:overcame overthrow:overthrew pay:paid put:put read:read ride:rode rise:rose run:ran say:said
    see:saw seek:sought sell:sold send:sent set:set shoot:shot sing:sang sink:sank sit:sat sleep:slept speak:spoke
    spend:spent split:split spread:spread stand:stood steal:stole strike:struck swear:swore take:took teach:taught
    tell:told think:thought throw:threw undergo:underwent understand:understood wear:wore win:won withdraw:withdrew
    write:wrote""".split()
)
PARTICIPLES = set(
    """begun born bought broadcast broken brought built chosen cut drawn driven fought found given grown held hit kept
    known laid led left lost made meant met overthrown paid put read run seen sent set shot sold spent split spread
    stolen struck sung sunk taken taught thrown told torn understood withdrawn won written""".split()
)
BE = frozenset("is are was were".split())
AUXILIARIES = BE | frozenset("has have had can could will would may might must should".split())
# Verbs with two objects: "What was the city named?" asks for the second, which looks like "What was the city?".
NAMING = re.compile(
    r"\b(?:(?:re)?named|called|considered|given|granted|awarded|known|nicknamed|titled|entitled|said|believed|thought|"
    r"dubbed|fined|asked|told|forced|able|used|made|termed|labeled|supposed|referred|allowed|required|able|described|"
    r"compared|based|\w+ed to|being)\b"
)
MIN_SEEN = 3  # times that a form stands where verbs stand


class Lexicon:
    """What the words of some texts are: how often each stands as a verb, and what its past is."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = texts

    @cached_property
    def _counts(self) -> tuple[Counter[str], Counter[str], Counter[str]]:
        """Count all words, those after "to" and the like, and those after articles and the like."""
        seen: Counter[str] = Counter()
        verbs: Counter[str] = Counter()
        nouns: Counter[str] = Counter()
        for text in self._texts:
            words = re.findall(r"[A-Za-z]+|[.,;]", text)
            seen.update(words)
            for before, word in pairwise(words):
                if before in {"to", "can", "could", "did", "would", "not", "may"}:
                    verbs[word] += 1
                elif before in {"the", "a", "an", "of", "in", "his", "and", "for"}:
                    nouns[word] += 1
        return seen, verbs, nouns

    def is_verb(self, word: str) -> bool:
        """Tell whether a bare form stands mostly where verbs stand; "is" and its kin do not count."""
        _, verbs, nouns = self._counts
        sure = word in IRREGULAR and verbs[word] > nouns[word] / 2
        return word.islower() and (sure or (verbs[word] >= MIN_SEEN and verbs[word] > nouns[word]))

    def past(self, verb: str) -> str:
        """Return the past of a verb, the regular form that is seen most often; empty if none is seen."""
        if verb in IRREGULAR:
            return IRREGULAR[verb]
        seen = self._counts[0]
        forms = [verb + "ed", verb + "d", verb[:-1] + "ied", verb + verb[-1] + "ed"]
        best = max(forms, key=lambda form: seen[form])
        return best if seen[best] else ""

    def present(self, verb: str) -> str:
        """Return the third person singular of a verb."""
        if verb == "have":
            return "has"
        if re.search(r"[^aeiou]y$", verb):
            return verb[:-1] + "ies"
        return verb + ("es" if re.search(r"(?:s|x|z|ch|sh|o)$", verb) else "s")

    def is_past(self, word: str) -> bool:
        """Tell whether a word is the past of a verb that the texts hold."""
        if word in self._pasts:
            return True
        bases = (word[:-2], word[:-1], word[:-3], word[:-3] + "y")
        return word.islower() and word.endswith("ed") and any(self.is_verb(base) for base in bases if base)

    @cached_property
    def _pasts(self) -> set[str]:
        return set(IRREGULAR.values()) - {"was", "did", "had", "set", "put", "cut", "left", "lay"}

    def is_participle(self, word: str) -> bool:
        """Tell whether a word can follow "was" as a verb."""
        return word in PARTICIPLES or (word.endswith("ed") and self.is_past(word))
