"""Two small articles that tests ask about."""

from datetime import date

from rag.types import Document

HARBOUR = Document.of(
    "The new harbour of Lund opened on 2 May 2021. Ada Holm, the mayor of Lund, cut the ribbon. "
    "The harbour cost 40 million crowns. It has room for 300 boats.",
    title="A harbour for Lund", source="harbour.txt", publisher="Coast Post", published=date(2021, 5, 3),
)  # fmt: skip
BRIDGE = Document.of(
    "The old bridge of Marn has been closed since January. Ole Berg, an engineer, found a crack in its eastern pier. "
    "Repairs will take eight months.",
    title="Bridge of Marn closed", source="bridge.txt", publisher="Inland News", published=date(2023, 1, 9),
)  # fmt: skip
