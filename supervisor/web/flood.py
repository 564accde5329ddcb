"""How many requests one address may make: a bucket that fills again. Pure but for what it remembers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from supervisor.web.accounts.attempts import network

BURST = 400.0
"""Ten pages that are opened at once, with all their files, several times over."""
PER_S = 40.0
ADDRESSES_MAX = 10_000


class Flood:
    """Buckets by address; ``now_s`` is monotonic."""

    def __init__(self, now_s: Callable[[], float], burst: float = BURST, per_s: float = PER_S) -> None:
        self._now_s, self._burst, self._per_s = now_s, burst, per_s
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def passes(self, address: str) -> bool:
        """Take one request of ``address`` out of its bucket; False where it is empty."""
        key, now_s = network(address), self._now_s()
        left, at_s = self._left.pop(key, (self._burst, now_s))
        left = min(left + max(now_s - at_s, 0.0) * self._per_s, self._burst)
        self._left[key] = (left - 1.0 if left >= 1.0 else left, now_s)
        if len(self._left) > ADDRESSES_MAX:
            self._left.popitem(last=False)
        return left >= 1.0
