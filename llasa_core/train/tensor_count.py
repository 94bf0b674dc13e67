"""Count the bytes of tensors that are alive, exactly, while something is computed."""

from __future__ import annotations

import weakref
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class TensorCount(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Knows every tensor's memory that an operation returns inside of it, from then until it is freed.

    Memory that several tensors share counts once. What a kernel takes and gives back inside one operation is not seen.
    Tensors on the meta device have no memory; fake tensors count as what they stand for.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kind = "other"
        """What tensors are from now on."""
        self.alive: Counter[str] = Counter()
        """Bytes of each kind."""
        self.peak = 0
        """Most bytes that were alive at once."""
        self.at_peak: dict[str, int] = {}
        """Bytes of each kind at that moment."""
        self._known: dict[int, tuple[int, str]] = {}

    @property
    def n_bytes(self) -> int:
        """Bytes that are alive."""
        return self.alive.total()

    def begin(self) -> None:
        """Forget the peak so far."""
        self.peak, self.at_peak = self.n_bytes, dict(self.alive)

    @contextmanager
    def counting_as(self, kind: str) -> Iterator[None]:
        """Give what is made inside another kind."""
        before, self.kind = self.kind, kind
        try:
            yield
        finally:
            self.kind = before

    def add(self, tensors: Iterable[torch.Tensor], kind: str) -> None:
        """Count tensors that were there before, or give them another kind."""
        for tensor in tensors:
            known = self._known.get(tensor.untyped_storage()._cdata)  # noqa: SLF001 - what names a storage
            if known:
                self.alive[known[1]] -= known[0]
                self.alive[kind] += known[0]
                self._known[tensor.untyped_storage()._cdata] = (known[0], kind)  # noqa: SLF001
            else:
                with self.counting_as(kind):
                    self._see(tensor)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Do an operation and look at what it returns."""
        del types
        returned = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(returned):
            if isinstance(tensor, torch.Tensor):
                self._see(tensor)
        return returned

    def _see(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        key = storage._cdata  # noqa: SLF001
        if key in self._known or tensor.device.type == "meta":
            return
        size = storage.nbytes()
        self._known[key] = (size, self.kind)
        self.alive[self.kind] += size
        weakref.finalize(storage, self._forget, key)
        if self.n_bytes > self.peak:
            self.begin()

    def _forget(self, key: int) -> None:
        size, kind = self._known.pop(key)
        self.alive[kind] -= size
