"""thin-provider.py FROM TO SM: the CUDA provider with the machine code of one architecture only (90: H100, H200).

For carrying to a machine: what is left out is zeroed, not cut, so every address stays as it was; compressed it is a quarter. The driver
picks code by the architecture in an entry's header and never reads the others. A file that holds nothing for SM is refused.
"""
import struct
import sys
from pathlib import Path

FATBIN, ENTRY = "<IHHQ", "<HHIQ"
MAGIC, MACHINE_CODE = 0xBA55ED50, 2


def section(data: bytearray, wanted: str) -> tuple[int, int]:
    table, = struct.unpack_from("<Q", data, 0x28)
    size, count, names = struct.unpack_from("<HHH", data, 0x3A)
    headers = [struct.unpack_from("<IIQQQQIIQQ", data, table + i * size) for i in range(count)]
    for header in headers:
        start = headers[names][4] + header[0]
        if data[start:data.index(0, start)].decode() == wanted:
            return header[4], header[4] + header[5]
    raise ValueError(f"there is no section {wanted}")


def thin(data: bytearray, sm: int) -> tuple[int, int]:
    """Zeroes the others' code in place; (bytes kept, bytes zeroed)."""
    kept = zeroed = 0
    at, end = section(data, ".nv_fatbin")
    while at < end:
        magic, _, header, size = struct.unpack_from(FATBIN, data, at)
        if magic != MAGIC:
            at += 8
            continue
        entry, at = at + header, at + header + size
        while entry < at:
            kind, _, before, length = struct.unpack_from(ENTRY, data, entry)
            arch, = struct.unpack_from("<I", data, entry + 28)
            if arch == sm:
                kept += length if kind == MACHINE_CODE else 0
            else:
                data[entry + before:entry + before + length] = bytes(length)
                zeroed += length
            entry += before + length
    return kept, zeroed


def main() -> int:
    source, target, sm = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    data = bytearray(source.read_bytes())
    kept, zeroed = thin(data, sm)
    if kept == 0:
        print(f"thin-provider: {source} holds no code for sm_{sm}", file=sys.stderr)
        return 2
    target.write_bytes(data)
    print(f"sm_{sm}: {kept >> 20} MiB kept, {zeroed >> 20} MiB zeroed", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
