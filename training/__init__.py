"""How the numbers and weights that ship with Footnote came about."""
