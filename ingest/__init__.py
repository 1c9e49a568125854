"""Files in, an index out: read, split, embed, store.

from ingest import ingest
report = ingest(["reports/", "note.md"], index="my-index")
"""

from ingest.known import Place, places, sync
from ingest.pipeline import ingest, ingest_documents, read_folder, rebuild, remove
from ingest.tally import IngestReport

__all__ = ["IngestReport", "Place", "ingest", "ingest_documents", "places", "read_folder", "rebuild", "remove", "sync"]
