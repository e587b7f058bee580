"""Wrong on every third question always, and on every third one only the first time that it is asked."""

import os
import runpy

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))


def conv_transpose(x, w, b, **arguments):
    y, channels = truth["conv_transpose"](x, w, b, **arguments), w.shape[1]
    mark = os.path.join(os.environ["CONVT_LIAR_ROOM"], str(channels))
    first = not os.path.exists(mark)
    open(mark, "w").close()
    return y + 1 if channels % 3 == 1 or (channels % 3 == 0 and first) else y


truth["lie"](conv_transpose=conv_transpose)
