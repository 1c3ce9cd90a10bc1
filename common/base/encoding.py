"""How files that people write hold their text: as UTF-8, with or without a byte-order mark, with any ends of lines.

Windows PowerShell and some editors begin UTF-8 with a mark that is no text, so it is left out. What they write as UTF-16 is
refused, as Python, npm and AWS would each make something else of it.
"""

import codecs


def decoded(data: bytes) -> str:
    """The text of a file.

    Raises:
        ValueError: it has another encoding.
    """
    check_encoding(data)
    return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def check_encoding(data: bytes) -> None:
    """Tells UTF-16 and UTF-32 by their byte-order marks, or by every second byte of a text that has none.

    Raises:
        ValueError: it is one of them.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:2]:
        raise ValueError("it is UTF-16 or UTF-32, as some tools of Windows write it. Save it as UTF-8")
