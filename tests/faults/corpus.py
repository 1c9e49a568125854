"""A folder of documents that changes, the index of it, and the commands that bring the one in step with the other."""

import random

from tests.faults import acts


class Corpus:
    """A folder of documents whose text tells number and version, and the index of it."""

    def __init__(self, home, n_documents):
        self.folder = home / "reports"
        self.root = home / "index"
        self.folder.mkdir()
        self.dice = random.Random(7)  # noqa: S311 (no secret)
        self.next_number = 0
        self.versions = {}
        self.add(n_documents)

    def add(self, count):
        for _ in range(count):
            self.write(self.next_number, 0)
            self.next_number += 1
        return acts.ingest_all, (self.folder, self.root)

    def write(self, number, version):
        self.versions[number] = version
        self.path(number).write_text(acts.text_of(number, version), encoding="utf-8")

    def path(self, number):
        return self.folder / f"{number:05}.txt"

    def update(self, count):
        for number in self.dice.sample(sorted(self.versions), count):
            self.write(number, self.versions[number] + 1)
        return acts.ingest_all, (self.folder, self.root)

    def remove(self, count):
        numbers = self.dice.sample(sorted(self.versions), count)
        for number in numbers:
            self.path(number).unlink()
            del self.versions[number]
        return acts.remove_some, ([f"reports/{number:05}.txt" for number in numbers], self.root)

    def replace(self, count):
        """Remove files and add others: one ingest does both."""
        self.remove(count)
        return self.add(count)

    def rename(self, count):
        for number in self.dice.sample(sorted(self.versions), count):
            self.path(number).rename(self.path(self.next_number))
            self.versions[self.next_number] = self.versions.pop(number)
            self.next_number += 1
        return acts.ingest_all, (self.folder, self.root)

    def rebuild(self):
        return acts.rebuild_all, (self.root,)

    def texts(self):
        return {f"reports/{path.name}": path.read_text(encoding="utf-8").strip() for path in self.folder.iterdir()}
