"""How an operand is stored in memory: the same values and the same shape, behind other strides.

Part of the worker's half: standard library and NumPy only, Python 3.7 or newer.
"""

import numpy as np

#: Words without gaps in memory, so that a copy to another device keeps them.
DENSE = ("contiguous", "transposed", "channels_last")


def stored(array, word):
    """`array`, its shape and its values, with its memory as `word` says.

    contiguous     one element after the other, the last axis fastest
    transposed     the first axis fastest
    channels_last  the second axis fastest
    reversed       backwards along every axis: negative strides
    sliced         every second element of something twice as long on every axis, whose other bytes are 0x7F: no float
                   of such bytes is a small number
    expanded       the first entry of the first axis, which is read again for the others: a stride of 0. The entries
                   must be equal
    readonly       as contiguous, and not to be written to
    misaligned     as contiguous, beginning at an odd address
    """
    array = np.ascontiguousarray(array)
    if word == "transposed":
        return np.asfortranarray(array)
    if word == "channels_last":
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1)
    if word == "expanded":
        return np.lib.stride_tricks.as_strided(array, array.shape, (0,) + array.strides[1:])
    backwards = (slice(None, None, -1),) * array.ndim
    if word == "reversed":
        return np.ascontiguousarray(array[backwards])[backwards]
    if word == "sliced":
        wide = [2 * length + 1 for length in array.shape]
        around = np.full(int(np.prod(wide)) * array.itemsize, 0x7F, np.uint8).view(array.dtype).reshape(wide)
        view = around[(slice(1, None, 2),) * array.ndim]
    elif word == "misaligned":
        view = np.ndarray(array.shape, array.dtype, bytearray(array.nbytes + 1), 1)
    else:
        view = array.copy()
    view[...] = array
    view.flags.writeable = word != "readonly"
    return view
