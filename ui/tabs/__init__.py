"""The tabs of the page, one module each; what they share of work without Gradio stands beside them."""
