"""Measuring Footnote: on public data, and beside the pipeline that a tutorial builds."""
