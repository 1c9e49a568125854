"""The pipelines that a user would build instead, given the same documents and questions. Needs `make bench`.

    python -m eval.peers --data DIR [--dataset squad|scifact|realtimeqa] [--documents N] [--questions N] [--json]

Nothing of ours is imported here: a peer's cold start pays for its own libraries only.
"""
