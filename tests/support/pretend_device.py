"""A device that is not there: tensors that claim to live elsewhere, computed on the CPU all the same.

It finds what a machine without a GPU never shows: an operation on tensors of two devices, and those operations whose
floating-point result a GPU may change from one run to the next.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map_only

PRETENDED = torch.device("meta")
"""The one kind of device that any build of torch knows and none computes on."""

UNORDERED = ("cumsum", "cumprod", "logcumsumexp", "index_add", "scatter_add", "put_", "histc", "bincount", "kthvalue")
"""Operations that a GPU may carry out in another order every time."""


class Elsewhere(torch.Tensor):
    """A tensor on the pretended device."""

    inner: torch.Tensor

    @staticmethod
    def __new__(cls, inner: torch.Tensor) -> "Elsewhere":
        """Wrap a tensor of the CPU."""
        return torch.Tensor._make_wrapper_subclass(  # type: ignore[attr-defined, no-any-return]
            cls, inner.shape, strides=inner.stride(), dtype=inner.dtype, device=PRETENDED
        )

    def __init__(self, inner: torch.Tensor) -> None:
        self.inner = inner

    @classmethod
    def __torch_dispatch__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Outside :class:`PretendedDevice` nothing is known of this device."""
        raise RuntimeError(f"{function} was called on the pretended device, after all was over")


class PretendedDevice(TorchDispatchMode):
    """While active, `PRETENDED` is a device; `operations` are those carried out there, with the types they met."""

    def __init__(self) -> None:
        super().__init__()
        self.operations: set[tuple[str, torch.dtype]] = set()

    def __enter__(self) -> "PretendedDevice":
        """Have the two functions moved that put numbers on a device without an operation."""
        self._plain = torch.tensor, torch.as_tensor
        for function in self._plain:
            setattr(torch, function.__name__, _moving(function))
        return super().__enter__()  # type: ignore[no-any-return]

    def __exit__(self, *error: Any) -> None:
        """Put them back."""
        for function in self._plain:
            setattr(torch, function.__name__, function)
        super().__exit__(*error)

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Carry an operation out on the CPU and wrap what comes of it."""
        kwargs = kwargs or {}
        name = str(function).removeprefix("aten.").split(".")[0]
        tensors = [x for x in tree_flatten((args, kwargs))[0] if isinstance(x, torch.Tensor)]
        far = [x for x in tensors if isinstance(x, Elsewhere)]
        self.operations |= {(name, x.dtype) for x in far}
        moves = name in ("_to_copy", "copy_")
        near = [x for x in tensors if not isinstance(x, Elsewhere) and (x.dim() > 0 or name.startswith("index"))]
        if far and near and not moves:
            raise RuntimeError(f"{name} of tensors on two devices: one on the CPU has the shape {tuple(near[0].shape)}")
        target = kwargs.get("device")
        args, kwargs = tree_map_only(Elsewhere, lambda x: x.inner, (args, kwargs))
        result = function(*args, **{**kwargs, **({"device": torch.device("cpu")} if target is not None else {})})
        if target is not None and torch.device(target) != PRETENDED or target is None and not far:
            return result
        return tree_map_only(torch.Tensor, lambda x: _wrapped(x, far), result)


def _moving(plain: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    def make(data: Any, device: Any = None, **options: Any) -> torch.Tensor:
        made = plain(data, **options)
        return made if device is None else made.to(device)

    return make


def _wrapped(result: torch.Tensor, far: list[Elsewhere]) -> Elsewhere:
    """Wrap a result, or return the tensor that was changed in place."""
    for tensor in far:
        if tensor.inner is result:
            return tensor
    return Elsewhere(result)
