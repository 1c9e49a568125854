"""Settings: file, environment, caller, in this order of weight; mistakes are named."""

import pytest

from rag.config import Config, keys
from rag.errors import ConfigError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "footnote.toml").write_text('index = "here"\n[search]\nlimit = 7\nmode = "lexical"\n', encoding="utf-8")
    return tmp_path


def test_the_caller_outweighs_the_environment_and_that_the_file(folder):
    environment = {"FOOTNOTE_SEARCH_LIMIT": "8", "FOOTNOTE_SEARCH_CANDIDATES": "30", "OTHER": "x"}
    config = Config.load({"search.candidates": 40}, start=folder, environment=environment)
    assert (config.search.mode, config.search.limit, config.search.candidates) == ("lexical", 8, 40)


def test_the_file_is_found_upward_and_places_the_index_beside_itself(folder):
    (folder / "a" / "b").mkdir(parents=True)
    assert Config.load(start=folder / "a" / "b", environment={}).index == str(folder.resolve() / "here")


def test_without_a_file_the_defaults_hold(tmp_path):
    assert Config.load(start=tmp_path, environment={"FOOTNOTE_BENCH_DATA": "x"}) == Config()


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"FOOTNOTE_SERCH_LIMIT": "2"}, r"FOOTNOTE_SERCH_LIMIT.*did you mean 'search.limit'"),
        ({"FOOTNOTE_SEARCH_LIMIT": "many"}, r"search.limit .*'many'.* must be"),
        ({"FOOTNOTE_SEARCH_LIMIT": "0"}, "1 or more"),
        ({"FOOTNOTE_SEARCH_LIMIT": "true"}, "must be"),
        ({"FOOTNOTE_SEARCH_MODE": "fuzzy"}, "hybrid, lexical, dense"),
        ({"FOOTNOTE_ANSWER_MAX_WRONG": "2"}, "between 0 and 1"),
        ({"FOOTNOTE_READER_MODEL": "large"}, "default, none"),
    ],
)
def test_a_mistake_is_named_with_what_would_do(environment, message, tmp_path):
    with pytest.raises(ConfigError, match=message):
        Config.load(start=tmp_path, environment=environment)


def test_an_unknown_key_in_the_file_names_the_file(folder):
    (folder / "footnote.toml").write_text("[serch]\nlimit = 3\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"serch.limit.*footnote.toml.*search.limit"):
        Config.load(start=folder, environment={})


def test_a_broken_file_is_named(folder):
    (folder / "footnote.toml").write_text("[search\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be read"):
        Config.load(start=folder, environment={})


def test_every_setting_can_be_given_in_the_environment(tmp_path):
    for key, default in keys().items():
        variable = "FOOTNOTE_" + key.upper().replace(".", "_")
        assert Config.load(start=tmp_path, environment={variable: str(default)}) == Config()


def test_the_digest_moves_with_settings_and_not_with_the_place(tmp_path):
    one = Config.load({"index": "a"}, start=tmp_path, environment={})
    assert one.digest() == Config().digest()
    assert Config.load({"search.limit": 3}, start=tmp_path, environment={}).digest() != one.digest()


@pytest.mark.parametrize("url", ["http://me:secret@host:8000", "http://me:secret@host:99999", "me:secret@host"])
def test_the_password_in_an_address_of_a_server_is_refused_and_not_shown(url, tmp_path):
    with pytest.raises(ConfigError, match="secrets are taken from the environment") as refused:
        Config.load({"vectors.url": url}, start=tmp_path, environment={})
    assert "secret@" not in str(refused.value)
