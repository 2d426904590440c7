import time


class Task:
    """What a contender holds, in miniature; in a module of its own, as a worker imports it, and quickly."""

    def __init__(self, greedy=False):
        self.calls, self.greedy = 0, greedy

    def work(self):
        self.calls += 1
        kept = []
        while self.greedy:
            kept.append(b"x" * 50_000_000)
            time.sleep(0.01)

    def count(self):
        return self.calls

    def fail(self):
        raise RuntimeError("a peer's own fault")

    def allocate_100_mb(self):
        return len(b"x" * 100_000_000)
