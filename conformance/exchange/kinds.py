"""What kind of file it is that is to be imported, by what is in it: names say little, `.ONNX` is a model too."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from conformance.corpus.yaml_file import FileError

#: How the files of other formats begin, what they are, and what to do with them.
OTHERS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x03\x04", "a zip archive, as .keras, .pt and .pt2 files are"),
    (4, b"TFL3", "a TensorFlow Lite model"),
    (0, b"\x89HDF\r\n", "an HDF5 file, as Keras' .h5 files are"),
    (0, b"\x80", "a pickle"),
)


def kind(path: Path) -> Literal["onnx", "benchdnn"]:
    """An ONNX model (protobuf) or a text of benchdnn problems. Raises FileError for anything that is neither."""
    if path.is_dir():
        raise FileError(path, None, "is a folder: name an ONNX model or a file of benchdnn problems")
    content = path.read_bytes()
    for begin, word, what in OTHERS:
        if content[begin : begin + len(word)] == word and path.suffix.lower() != ".onnx":
            raise FileError(path, None, f"is {what}: export it to ONNX, or record it with conformance.capture")
    if path.suffix.lower() == ".onnx":
        return "onnx"
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return "onnx"
    return "benchdnn" if all(letter.isprintable() or letter in "\n\r\t\f" for letter in text) else "onnx"
