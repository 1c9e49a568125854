"""The reader as torch sees it: the MiniLM encoder, a head for spans and one for judgements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoModel

if TYPE_CHECKING:
    from pathlib import Path


class ReaderModel(torch.nn.Module):
    """Rows of tokens in; for each token how well an answer begins and ends there, for each row six judgements out."""

    def __init__(self, encoder: Path) -> None:
        super().__init__()
        # eager: on a CPU the fused attention is slower in bfloat16 (13 rows a second against 22).
        self.bert: Any = AutoModel.from_pretrained(str(encoder), attn_implementation="eager", local_files_only=True)
        # One pass over the data does not overfit, and dropout's random numbers cost half of the time.
        for module in self.bert.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        self.bert.embeddings.word_embeddings.weight.requires_grad_(False)
        width = self.bert.config.hidden_size
        self.spans = torch.nn.Linear(width, 2)
        self.judgements = torch.nn.Linear(width, 6)

    # wide: torch calls it so, and the exporter counts on the order
    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits of shapes (rows, tokens, 2) and (rows, 6). Position 0 of the spans stands for "no answer"."""
        hidden = self.bert(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        return self.spans(hidden), self.judgements(hidden[:, 0])
