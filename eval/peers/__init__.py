"""The pipelines that a user would build instead, run beside Footnote on one machine. Needs `make bench`."""
