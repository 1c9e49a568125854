"""The public data sets that measurements read, from a folder outside the project; nothing of them is kept here.

A loader returns the documents of a set and its questions as `Example`s. Evidence has offsets where the data give them
and the characters are there in the normalised text; else it names the document alone. Sources are unique in a set.
"""

from eval.data.articles import multihoprag, realtimeqa
from eval.data.cases import fitz_gov, mtrag, mtrag_follow_ups, mtrag_rewrites
from eval.data.claims import scifact, wice
from eval.data.files import Loaded, arguments, choose, data_folder
from eval.data.paragraphs import expmrc, squad, xquad_across

__all__ = [
    "Loaded",
    "arguments",
    "choose",
    "data_folder",
    "expmrc",
    "fitz_gov",
    "mtrag",
    "mtrag_follow_ups",
    "mtrag_rewrites",
    "multihoprag",
    "realtimeqa",
    "scifact",
    "squad",
    "wice",
    "xquad_across",
]
