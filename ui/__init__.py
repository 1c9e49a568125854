"""What a person sees: the terminal (`cli.py`), the chat page (`web.py`), and how answers are written for both."""
