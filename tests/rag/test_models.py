"""The encoders: what they give, and what they say when they cannot."""

import numpy as np
import pytest

from rag.errors import ModelMissing
from rag.export import export_minilm
from rag.models import OnnxEmbedder, TorchEmbedder, embedding_fingerprint, load_embedder, minilm_file, minilm_folder
from tests.fakes import FakeEmbedder

TEXTS = ["The harbour opened.", "They opened the port.", "Cats sleep all day.", "", "word " * 2000]


@pytest.fixture(scope="module", params=["onnx", pytest.param("torch", marks=pytest.mark.slow), "fake"])
def embedder(request):
    if request.param == "fake":
        return FakeEmbedder()
    return load_embedder("all-MiniLM-L6-v2") if request.param == "onnx" else TorchEmbedder(str(minilm_folder()))


def test_an_encoder_gives_a_unit_vector_for_each_text(embedder):
    vectors = embedder.embed(TEXTS)
    assert vectors.shape[0] == len(TEXTS)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-4)


def test_a_vector_depends_on_its_text_alone(embedder):
    together = embedder.embed(TEXTS)
    singly = np.concatenate([embedder.embed([text]) for text in TEXTS])
    assert together == pytest.approx(singly, abs=1e-5)


def test_an_encoder_embeds_nothing_to_nothing(embedder):
    assert len(embedder.embed([])) == 0


def test_int8_agrees_with_float32():
    small = load_embedder("all-MiniLM-L6-v2").embed(TEXTS[:3])
    full = TorchEmbedder(str(minilm_folder())).embed(TEXTS[:3])
    assert (small * full).sum(axis=1).min() > 0.98
    assert small[0] @ small[1] > small[0] @ small[2]


def test_a_model_that_is_not_here_is_named_and_not_fetched():
    with pytest.raises(ModelMissing, match=r"nobody/nothing.*HF_HUB_OFFLINE=0"):
        load_embedder("nobody/nothing")


def test_weights_of_another_release_are_refused(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(ModelMissing, match="should have the sha256 555"):
        export_minilm(tmp_path, tmp_path / "out.onnx", sha256="5" * 64)
    assert not (tmp_path / "out.onnx").exists()


def test_a_damaged_file_is_named_with_what_to_do(tmp_path):
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(ModelMissing, match="Delete it"):
        OnnxEmbedder(tmp_path / "broken.onnx", minilm_folder() / "tokenizer.json")


def test_the_fingerprint_names_model_and_precision():
    assert embedding_fingerprint("all-MiniLM-L6-v2") == load_embedder("all-MiniLM-L6-v2").fingerprint
    assert "int8" in embedding_fingerprint("all-MiniLM-L6-v2")
    assert embedding_fingerprint("my/model") != embedding_fingerprint("all-MiniLM-L6-v2")
    assert minilm_file().is_file()
