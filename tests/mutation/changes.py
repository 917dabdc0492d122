"""Changes to the bytes of a file, as disks, mail programs and people make them."""

from __future__ import annotations

import io
import zipfile
from random import Random

#: What readers stumble over, in text and in binary formats.
_PIECES = (
    *(b'"', b'""', b"'", b",", b";", b"\t", b"|", b"\r", b"\n", b"\r\n", b"\\", b"=", b"sep=;\n"),
    *(b"\0", b"\xff", b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\xe9", b"\xc3", b"\xed\xa0\x80"),
    *(b"{", b"}", b"[", b"]", b":", b"null", b"NaN", b"1e999", b"\\ud800", b"\\u0000", b"-1", b"0"),
    *(b"<", b">", b"/>", b"&", b"&lt;", b"&#0;", b"]]>", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;"),
    *(b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"9" * 400, b"A" * 5000),
    *("\u2028".encode(), "\u202e".encode(), "😀".encode(), b"[" * 3000, b'{"a":' * 3000),
)


def changed(content: bytes, random: Random) -> bytes:
    """The content with one to eight changes."""
    data = bytearray(content)
    for _ in range(random.randint(1, 8)):
        at = random.randint(0, len(data))
        end = min(len(data), at + random.choice((1, 1, 2, 5, 40, 400)))
        match random.randrange(7):
            case 0 if data:  # a bit
                data[at - 1] ^= 1 << random.randrange(8)
            case 1:  # a few bytes of anything
                data[at:end] = random.randbytes(random.randint(1, 4))
            case 2:
                del data[at:end]
            case 3:
                data[at:at] = random.choice(_PIECES)
            case 4:  # twice
                data[at:at] = data[at:end]
            case 5:  # somewhere else
                piece = bytes(data[at:end])
                del data[at:end]
                to = random.randint(0, len(data))
                data[to:to] = piece
            case _ if random.random() < 0.3:  # cut off
                del data[at:]
    return bytes(data)


def changed_archive(content: bytes, random: Random) -> bytes:
    """The zip with changes in one of its parts, so that they get past its checksums."""
    if random.random() < 0.25:
        return changed(content, random)
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(made, "w") as copy:
        names = archive.namelist()
        victim = random.choice(names)
        for name in names:
            part = archive.read(name)
            if name == victim:
                if random.random() < 0.05:
                    continue
                part = changed(part, random)
            copy.writestr(name, part)
    return made.getvalue()
