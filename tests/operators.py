"""Functions that a person might write: a right transposed convolution in NumPy, and what is made of it."""

from __future__ import annotations

import itertools

import numpy as np


def conv_transpose(x, w, b=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """x [N, C, I…], w [C, M/g, K…]; each tap of the kernel is added where it lands, then what padding crops is cut."""
    rank = x.ndim - 2
    stride, padding, output_padding, dilation = (
        (value,) * rank if isinstance(value, int) else tuple(value)
        for value in (stride, padding, output_padding, dilation)
    )
    batch, filters, kernel = len(x), w.shape[1], w.shape[2:]
    ends = [
        (i - 1) * s + (k - 1) * e + 1 + op if i else op
        for i, s, k, e, op in zip(x.shape[2:], stride, kernel, dilation, output_padding, strict=True)
    ]
    full = np.zeros((batch, groups * filters, *ends), x.dtype)
    images = x.reshape(batch, groups, len(w) // groups, *x.shape[2:])
    kernels = w.reshape(groups, len(w) // groups, *w.shape[1:])
    for tap in itertools.product(*map(range, kernel)):
        here = tuple(
            slice(k * e, k * e + (i - 1) * s + 1, s)
            for k, e, i, s in zip(tap, dilation, x.shape[2:], stride, strict=True)
        )
        if x.size:
            landed = np.einsum("ngc...,gcm->ngm...", images, kernels[(slice(None), slice(None), slice(None), *tap)])
            full[(slice(None), slice(None), *here)] += landed.reshape(batch, groups * filters, *x.shape[2:])
    cut = tuple(slice(p, end - p) for p, end in zip(padding, ends, strict=True))
    y = full[(slice(None), slice(None), *cut)]
    return y if b is None else y + b.reshape(-1, *[1] * rank)


def flipped_groups(x, w, b=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """Wrong: the kernel is flipped where there are groups and a stride of 3."""
    if groups > 1 and 3 in stride:
        w = w[(slice(None), slice(None), *(slice(None, None, -1),) * (x.ndim - 2))]
    return conv_transpose(x, w, b, stride, padding, output_padding, groups, dilation)


def channels_last(x, w, b, c):
    """x [N, I…, C], w [K…, M/g, C]; everything else is read off the case, whose crop may be different at each end."""
    x = np.moveaxis(x, -1, 1)
    w = np.moveaxis(np.moveaxis(w, -1, 0), -1, 1)
    full = conv_transpose(x, w, None, c.stride, 0, 0, c.groups, c.dilation)
    ends = [(max(-begin, 0), max(-end, 0)) for begin, end in c.crop]
    full = np.pad(full, [(0, 0), (0, 0), *ends])
    cut = (
        slice(max(begin, 0), length - max(end, 0)) for (begin, end), length in zip(c.crop, full.shape[2:], strict=True)
    )
    y = full[(slice(None), slice(None), *cut)]
    return np.moveaxis(y if b is None else y + b.reshape(-1, *[1] * c.rank), 1, -1)
