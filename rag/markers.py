"""What a chat model writes, as a stream, in; its sentences and the passages that each names out.

    "Wages rose in 20" + "24 [1" + "]. He" ─► Draft("Wages rose in 2024.", numbers=(1,), unknown=0)

`Markers` goes through the text once, character by character, so how it was cut on the way changes nothing. It finds
markers and code; `_Sentences` finds where sentences end. This module knows of passages only how many there are.
"""

# long: one machine whose two halves share the character that stands for a marker
from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from rag.text import normalise, sentences

if TYPE_CHECKING:
    from collections.abc import Callable

# Stands where a marker stood until the sentence is complete. It is dropped from what comes in, so nobody can forge it.
_MARK = "\0"
_OPEN, _CLOSE = "[【［", "]】］"
_STOPS, _WIDE_STOPS = ".!?…。！？", "。！？"
_QUOTES_END = "”’」』）)]"
_CLOSERS = _QUOTES_END + "\"'*_"
_PAIRS = (("“", "”"), ("(", ")"), ("（", "）"), ("「", "」"), ("『", "』"))
# Longer brackets hold no marker, and longer stretches between backticks are no inline code.
_LONGEST_BRACKET = 80
_LONGEST_CODE = 200
_FENCE = 3
# How far back a sentence end is judged: abbreviations need a few words, an open quotation some more.
_LOOK_BACK = 120
_LOOK_BACK_QUOTES = 400

_PART = re.compile(r"(?:passages?|sources?|段落|来源)?\s*\^?(\d{1,9})(?:\s*[-–—~～]\s*(\d{1,9}))?", re.IGNORECASE)
_BETWEEN = re.compile(r"[,，、;；]")
_WORD = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
_YEAR = re.compile(r"\d{4}")
_NUMBERED = re.compile(r"\s*[(（]?\d{1,3}[.)）、]\s*")
_BULLET = re.compile(r"\s*(?:[-*+•·–—]\s+|#{1,6}\s+|[(（]?\d{1,3}(?:[.)]\s+|[）、]\s*))")
_WRAPPED = re.compile(rf"[(（\[]\s?{_MARK}[{_MARK}\s,，、;；]*+[)）\]]")
_SEVERAL = re.compile(rf"{_MARK}(?:[\s,，、;；]*+(?:and|和)?+\s?{_MARK})++")
_NAMED = re.compile(rf"(?:[Aa]ccording to|[Aa]s (?:stated|reported) in|根据)(?: passages?)? ?{_MARK} ?[,，] ?(\w)")
_STOP_AFTER_STOP = re.compile(rf"([.!?。！？]) ?{_MARK} ?[.。]")
_SPACE_BEFORE = re.compile(r"[,，]? ?\0 ?(?=[.!?。！？]|\Z)| ?\0 ?(?=[,;:…，；：、”’」』）)])| (?=[.,](?:\s|\Z))")


@dataclass(frozen=True, slots=True)
class Draft:
    """One sentence or one list item as a model wrote it, not yet checked.

    `numbers` are the passages (from 1) that its markers name, each once, in the order of the markers; `unknown` counts
    the numbers that no passage has. A fenced block of code is one draft, as it stands.
    """

    text: str
    numbers: tuple[int, ...] = ()
    unknown: int = 0


class _Found(NamedTuple):
    """What the brackets of one marker hold."""

    numbers: tuple[int, ...]
    unknown: int


class Markers:
    """A streaming parser of text with markers: `[1]`, `[1, 2]`, `[1-3]`, `[1][2]`, 【1】, ［1］.

    A marker belongs to the sentence before it, also after its full stop; one at the start of a line belongs to what
    follows on that line, and one that is alone on its line to the line above. Code, links, indices (`a[1]`), years in
    brackets and other brackets stay in the text. Time grows with the length of the text, whatever stands in it.

    >>> markers = Markers(n_passages=2)
    >>> markers.feed("Wages rose. [2") + markers.feed("] Prices ")
    [Draft(text='Wages rose.', numbers=(2,), unknown=0)]
    >>> markers.feed("fell [1][7].") + markers.end()
    [Draft(text='Prices fell.', numbers=(1,), unknown=1)]
    """

    def __init__(self, n_passages: int) -> None:
        self._n_passages = n_passages
        self._sentences = _Sentences()
        self._mode: Callable[[str], None] = self._plain
        self._held: list[str] = []
        self._run: list[tuple[str, _Found]] = []  # markers side by side, until it is known what follows them
        self._block: list[str] = []

    def feed(self, delta: str) -> list[Draft]:
        """Take the next piece of text and return the sentences that are complete by it, often none."""
        for char in delta:
            if char not in "\r\0":
                self._mode(char)
        return self._sentences.take()

    def end(self) -> list[Draft]:
        """Return what is left. Nothing is fed after this."""
        self._mode("\n")
        if self._mode == self._fenced:
            self._sentences.block("".join([*self._block, *self._held]).strip())
        self._sentences.newline()
        self._sentences.release()
        return self._sentences.take()

    def _plain(self, char: str) -> None:
        if char in _OPEN:
            self._held, self._mode = [char], self._bracket
        elif char == "`":
            self._held, self._mode = [char], self._code
        elif char == "\n":
            self._sentences.newline()
        else:
            self._sentences.text(char)

    def _bracket(self, char: str) -> None:
        """Inside brackets that may be a marker; whatever cannot stand in one ends the hope."""
        if char in _OPEN or char in "`\n" or len(self._held) > _LONGEST_BRACKET:
            self._give_up_bracket()
            self._plain(char)
            return
        self._held.append(char)
        if char in _CLOSE:
            raw = "".join(self._held)
            found = _parse(raw[1:-1], self._n_passages)
            if found:
                self._run.append((raw, found))
                self._mode = self._after
            else:
                self._give_up_bracket()

    def _give_up_bracket(self) -> None:
        self._settle("[")
        for char in self._held:
            self._sentences.text(char)
        self._mode = self._plain

    def _after(self, char: str) -> None:
        """Behind a marker: another one, or what tells a marker from a link and from an index."""
        if char in _OPEN:
            self._held, self._mode = [char], self._bracket
        else:
            self._settle(char)
            self._mode = self._plain
            self._plain(char)

    def _settle(self, following: str) -> None:
        run, self._run = self._run, []
        if run and (following == "(" or (run[0][0][0] == "[" and self._is_index(run, following))):
            for char in "".join(raw for raw, _ in run):
                self._sentences.text(char)
        else:
            for _, found in run:
                self._sentences.mark(found)

    def _is_index(self, run: list[tuple[str, _Found]], following: str) -> bool:
        """Tell `items[1]` from "the workers[1].": the latter ends a sentence or a clause, and names a passage."""
        word = _WORD.search(self._sentences.tail())
        if not word:
            return False
        like_prose = len(word[0]) > 1 and (word[0].isalpha() or word[0][0].isupper())
        at_end = following == "\n" or following in ",;:，；：" or following in _STOPS
        return not (like_prose and at_end and any(found.numbers for _, found in run))

    def _code(self, char: str) -> None:
        """Behind backticks: inline code up to the next ones on the line, or a fence, or neither."""
        ticks = len(self._held) - len("".join(self._held).lstrip("`")) if char in "`\n" else 0
        fits = len(self._held) <= _LONGEST_CODE
        if char == "`" and fits:
            self._held.append(char)
            if ticks < len(self._held) - 1:
                self._sentences.code("".join(self._held))
                self._mode = self._behind_code
        elif char == "\n" and ticks >= _FENCE and self._sentences.at_line_start:
            self._block, self._held, self._mode = [*self._held, char], [], self._fenced
        elif char == "\n" or not fits:
            held, self._held, self._mode = self._held, [], self._plain
            for one in held:  # no code after all: the backticks are characters, and markers count
                (self._sentences.text if one == "`" else self._mode)(one)
            self._mode(char)
        else:
            self._held.append(char)

    def _behind_code(self, char: str) -> None:
        if char == "`":
            self._sentences.code(char)
        else:
            self._mode = self._plain
            self._plain(char)

    def _fenced(self, char: str) -> None:
        self._held.append(char)
        if char == "\n":
            self._block += self._held
            row = "".join(self._held).strip()
            self._held = []
            if len(row) >= _FENCE and not row.strip("`"):
                self._sentences.block("".join(self._block).strip())
                self._mode = self._plain


class _Sentences:
    """Characters and markers in, drafts out: each as soon as its end is certain."""

    def __init__(self) -> None:
        self.at_line_start = True
        self._done: list[Draft] = []
        self._held: Draft | None = None  # the last line, until it is known that no marker follows on a line of its own
        self._first = True  # the stretch is the first of its line: a bullet may stand there
        self._clear()

    def _clear(self) -> None:
        self._chars: list[str] = []
        self._marks: list[_Found] = []
        self._has_word = False
        self._stop = 0  # behind the last full stop, if nothing but markers and space has followed
        self._gap = self._near = self._marked = self._wide = False

    def take(self) -> list[Draft]:
        done, self._done = self._done, []
        return done

    def tail(self) -> str:
        return "".join(self._chars[-_LOOK_BACK:])

    def text(self, char: str) -> None:
        if char.isspace():
            if self._chars and self._chars[-1] != " ":
                self._chars.append(" ")
                self._gap = True
            return
        if self._stop and self._begins(char):
            self._cut()
        self._chars.append(char)
        self.at_line_start = False
        if char in _STOPS:
            self._marked = self._near or (self._marked and self._stop > 0)
            self._stop, self._wide, self._gap = len(self._chars), char in _WIDE_STOPS, False
        elif char in _CLOSERS and self._stop:
            self._stop, self._gap = len(self._chars), False
        else:
            self._stop = 0
        self._near = False
        if char.isalnum():
            self._has_word = True
            self.release()

    def code(self, text: str) -> None:
        if self._stop and self._begins("`"):
            self._cut()
        self._chars += list(" ".join(text.split()))
        self._has_word, self._stop, self._near, self.at_line_start = True, 0, False, False
        self.release()

    def mark(self, found: _Found) -> None:
        self._chars.append(_MARK)
        self._marks.append(found)
        self._near = self._gap = True
        self._marked = self._stop > 0

    def newline(self) -> None:
        if self._has_word:
            draft = self._draft()
            self.release()
            self._held = draft
        elif self._held:
            self._held = _with(self._held, self._marks)
            self._clear()
        elif not self._marks:
            self._clear()
        self._first = self.at_line_start = True

    def block(self, text: str) -> None:
        self.newline()
        self.release()
        self._held = Draft(text)

    def release(self) -> None:
        if self._held:
            self._done.append(self._held)
            self._held = None

    def _cut(self) -> None:
        draft = self._draft()
        self.release()
        self._done.append(draft)

    def _draft(self) -> Draft:
        text = "".join(self._chars)
        bullet = _BULLET.match(text) if self._first else None
        if bullet and any(char.isalnum() for char in islice(text, bullet.end(), None)):
            text = text[bullet.end() :]
        draft = _with(Draft(_tidy(text)), self._marks)
        self._first = False
        self._clear()
        return draft

    def _begins(self, char: str) -> bool:
        """Tell whether a character behind a full stop begins the next sentence."""
        if char in _STOPS or char in _QUOTES_END or not self._has_word or not (self._gap or self._wide):
            return False
        before = "".join(self._chars[max(0, self._stop - _LOOK_BACK_QUOTES) : self._stop])
        if any(before.count(a) > before.count(b) for a, b in _PAIRS) or before.count('"') % 2:
            return False
        if self._first and _NUMBERED.fullmatch(before):
            return False
        if self._marked and not char.islower():  # a marker at the full stop says more than an abbreviation before it
            return True
        text = before.replace(_MARK, "")[-_LOOK_BACK:].strip()
        # An opening quotation mark would hide the end from sentencex, since the quotation is not closed yet.
        after = char if char.isalnum() else "A"
        return any(span.end == len(text) for span in sentences(f"{text} {after}" if self._gap else text + after))


def _parse(body: str, n_passages: int) -> _Found | None:
    """Read what stands between brackets: the numbers, or None where it is no marker."""
    parts = [_PART.fullmatch(part.strip()) for part in _BETWEEN.split(body)]
    ends = [sorted((int(part[1]), int(part[2] or part[1]))) for part in parts if part]
    if len(ends) < len(parts):
        return None
    if all(_YEAR.fullmatch(str(end)) and end > n_passages for pair in ends for end in pair):
        return None
    numbers = [n for low, high in ends for n in range(max(low, 1), min(high, n_passages) + 1)]
    written = sum(high - low + 1 for low, high in ends)
    return _Found(tuple(dict.fromkeys(numbers)), written - len(numbers))


def _with(draft: Draft, marks: list[_Found]) -> Draft:
    numbers = dict.fromkeys([*draft.numbers, *(number for found in marks for number in found.numbers)])
    return replace(draft, numbers=tuple(numbers), unknown=draft.unknown + sum(found.unknown for found in marks))


def _tidy(text: str) -> str:
    """Take the markers out of a sentence, and what was there only for them."""
    for pattern in (_WRAPPED, _SEVERAL):
        text = pattern.sub(_MARK, text)
    text = text.lstrip(f"{_MARK} :：.。") if text.startswith(_MARK) else text
    if named := _NAMED.match(text):
        text = named[1].upper() + text[named.end() :]
    text = _STOP_AFTER_STOP.sub(r"\1", text)
    text = _SPACE_BEFORE.sub("", text)
    return normalise(re.sub(r" ?\0 ?", _joint, text)).strip()


def _joint(mark: re.Match[str]) -> str:
    around = mark.string[mark.start() - 1 : mark.start()] + mark.string[mark.end() : mark.end() + 1]
    return " " if " " in mark[0] or (around.isascii() and around.isalnum()) else ""
