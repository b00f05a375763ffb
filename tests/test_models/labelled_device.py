"""A device that only pretends: tensors say that they lie on it, and live in the host's memory.

What a GPU would refuse or wait for can so be seen without one. Limits: kernels are the CPU's (so
are their numbers and their data types), the code of a real GPU alone (compiled ops, GradScaler)
is not run, and calls that hand raw memory to other libraries are not seen.
"""

from collections import Counter

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils import backend_registration
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

NAME = 'labelled'
DEVICE = f'{NAME}:0'

#: Ops whose result, or its shape, depends on values: a GPU makes the host wait for them.
_READS = {f'aten.{name}' for name in (
    '_local_scalar_dense', 'is_nonzero', 'equal', 'nonzero', 'masked_select', '_unique', '_unique2',
    'unique_dim', 'unique_consecutive', 'bincount', 'repeat_interleave')}
_INDEXING = {'aten.index', 'aten.index_put', 'aten.index_put_', 'aten._unsafe_index'}
_COPIES = {'aten._to_copy', 'aten.copy_', 'aten.to'}


class LabelledTensor(Tensor):
    """A tensor of the host, ``value``, that says it lies on the pretended device."""

    value: Tensor

    @staticmethod
    def __new__(cls, value: Tensor):
        tensor = Tensor._make_wrapper_subclass(
            cls, value.shape, strides=value.stride(), storage_offset=value.storage_offset(),
            dtype=value.dtype, device=DEVICE, requires_grad=value.requires_grad)
        tensor.value = value
        return tensor

    @classmethod
    def __torch_dispatch__(cls, op, types, args=(), kwargs=None):
        raise RuntimeError(f'{op} on {DEVICE} outside DeviceWatch')

    def tolist(self):
        return self.cpu().tolist()

    def __repr__(self) -> str:
        return f'LabelledTensor({self.value})'


class _FromLists(TorchFunctionMode):
    """What torch makes from Python lists on a device, it makes on the host and copies."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func in (torch.tensor, torch.as_tensor) and kwargs.get('device') is not None:
            device = kwargs.pop('device')
            return func(*args, **kwargs).to(device)
        if func is Tensor.new_tensor:
            like, values = args
            return torch.tensor(values, dtype=kwargs.get('dtype', like.dtype)).to(like.device)
        if func is Tensor.__getitem__:
            index = args[1] if isinstance(args[1], tuple) else (args[1],)
            args = args[0], tuple(torch.tensor(part, dtype=None if part else torch.long)
                                  if isinstance(part, list) else part for part in index)
        return func(*args, **kwargs)


class DeviceWatch(TorchDispatchMode):
    """Runs ops on labelled tensors, refuses mixed devices and counts what the host waits for.

    Attributes:
        reads: Values that the host reads from the device, by op.
        uploads: Copies to the device that the host waits for, by op.
    """

    def __init__(self):
        super().__init__()
        self.reads: Counter[str] = Counter()
        self.uploads: Counter[str] = Counter()
        self._lists = _FromLists()

    def __enter__(self):
        self._lists.__enter__()
        return super().__enter__()

    def __exit__(self, *reason):
        super().__exit__(*reason)
        self._lists.__exit__(*reason)

    def __torch_dispatch__(self, op, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        name = str(op.overloadpacket)
        tensors = [x for x in tree_flatten((args, kwargs))[0] if isinstance(x, Tensor)]
        labelled = [x for x in tensors if isinstance(x, LabelledTensor)]
        target = torch.device(kwargs['device']).type if kwargs.get('device') is not None else None
        self._check(op, name, args, tensors, labelled)
        self._count(name, args, kwargs, labelled, target)
        if target == NAME:
            kwargs['device'] = torch.device('cpu')
        there = target == NAME if target else bool(labelled)
        if name == 'aten.copy_':
            there = isinstance(args[0], LabelledTensor)
        if name == 'aten._local_scalar_dense':
            there = False
        result = op(*tree_map(_value, args), **tree_map(_value, kwargs))
        return _label(result, args, op) if there else result

    def _check(self, op, name, args, tensors, labelled) -> None:
        if not labelled or name in _COPIES:
            return
        others = [x for x in tensors if not isinstance(x, LabelledTensor) and x.dim()]
        if name in _INDEXING and isinstance(args[0], LabelledTensor):
            others = [x for x in others if not any(x is index for index in args[1])]
        if others:
            raise RuntimeError(f'Expected all tensors to be on the same device, but {op} got '
                               f'tensors on {DEVICE} and a {tuple(others[0].shape)} tensor on cpu')

    def _count(self, name, args, kwargs, labelled, target) -> None:
        if name in _READS and labelled:
            self.reads[name] += 1
        elif name in _INDEXING and labelled:
            indices = [x for x in args[1] if x is not None]
            if any(not isinstance(x, LabelledTensor) for x in indices):
                self.uploads[name] += 1
            elif any(x.dtype in (torch.bool, torch.uint8) for x in indices):
                fill = len(args) > 2 and args[2].numel() == 1  # becomes masked_fill
                self.reads[f'{name} (bool)'] += not fill
        elif name in _COPIES:
            source = args[1] if name == 'aten.copy_' else args[0]
            there = isinstance(args[0], LabelledTensor) if name == 'aten.copy_' else (
                target == NAME if target else isinstance(source, LabelledTensor))
            waits = not (kwargs.get('non_blocking') or (name == 'aten.copy_' and len(args) > 2
                                                        and args[2]))
            if isinstance(source, LabelledTensor) and not there:
                self.reads[name] += 1
            elif there and not isinstance(source, LabelledTensor):
                self.uploads[name] += waits


def _value(x):
    return x.value if isinstance(x, LabelledTensor) else x


def _label(result, args, op):
    """Give results their label; what was changed in place is the argument itself."""
    known = {id(x.value): x for x in tree_flatten(args)[0] if isinstance(x, LabelledTensor)}

    def one(x):
        if not isinstance(x, Tensor):
            return x
        return known[id(x)] if id(x) in known else LabelledTensor(x)

    return tree_map(one, result)


def can_pretend_device() -> bool:
    """Whether this torch can."""
    return hasattr(backend_registration, '_setup_privateuseone_for_python_backend')


def pretend_device() -> None:
    """Make the device known to torch, for the rest of the process.

    No backward pass may have run before, for autograd counts devices once; and forked children
    cannot run one afterwards. So what needs the device runs in a process of its own.
    """

    class Backend(backend_registration._DummyBackendModule):
        def get_amp_supported_dtype(self):
            return [torch.float16, torch.bfloat16]

    backend_registration._setup_privateuseone_for_python_backend(NAME, Backend())
