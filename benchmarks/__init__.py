"""How much time this package takes, beside the published `openai-chatkit`: `python -m benchmarks`."""
