"""A file is never taken for something else, whatever it is called."""

from ingest import ingest
from ingest.fetch import Fetcher
from rag.config import Config
from tests.fakes import FakeEmbedder


class NoFetcher(Fetcher):
    def fetch(self, address):
        raise AssertionError(f"{address} was fetched")


def test_a_folder_that_is_called_like_an_address_makes_nobody_fetch_it(tmp_path):
    place = tmp_path / "https:" / "a.example"
    place.mkdir(parents=True)
    (place / "story.txt").write_text("The town of Marn bought forty robots.", encoding="utf-8")
    (tmp_path / "good.txt").write_text("Nobody was dismissed for them.", encoding="utf-8")
    report = ingest([tmp_path], tmp_path / "index", config=Config(), embedder=FakeEmbedder(), fetcher=NoFetcher())
    assert report.added == ("good.txt",)
    assert report.failed == (("https:/a.example/story.txt", "its name reads like an address; rename its folder"),)
