"""What Lambda runs: a zip of `bootstrap` and the agent's binary, the same bytes for the same binary on every machine.

Usage: package.py BINARY ZIP

Order, times and modes are fixed. Nothing is compressed: the bytes that a compressor makes depend on its version.
"""

import pathlib
import sys
import zipfile


def package(binary, target):
    """Writes the zip of this binary."""
    parts = {"bootstrap": pathlib.Path(__file__).with_name("bootstrap"), "mecris-agent": pathlib.Path(binary)}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, path in parts.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, or the mode below means nothing
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, path.read_bytes())


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    package(*sys.argv[1:])
