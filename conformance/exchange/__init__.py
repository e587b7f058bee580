"""Other people's files and calls: what comes in becomes a family of cases, what goes out needs nothing of ours.

from_onnx, from_benchdnn    models and problem lines → families
calls                       a framework's own call, with its arguments → numbers (used by conformance.capture)
writing                     numbers → a family file
to_onnx, export             cases → ONNX backend tests, NumPy archives, safetensors
"""
