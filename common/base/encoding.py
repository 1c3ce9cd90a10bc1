"""Decodes files that people write: UTF-8, with or without a byte-order mark, with any line ends.

Windows PowerShell and some editors begin UTF-8 with a byte-order mark, which is skipped. UTF-16 is refused, because Python, npm
and AWS would read it differently.
"""

import codecs


def decode_text(data: bytes) -> str:
    """Returns the text of a file's bytes.

    Raises:
        ValueError: the bytes have another encoding.
    """
    check_encoding(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line} is not UTF-8: it has the byte 0x{data[error.start]:02x}. Save the file as UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def check_encoding(data: bytes) -> None:
    """Refuses UTF-16 and UTF-32, which are recognized by the byte-order mark or by a null byte at the start.

    Raises:
        ValueError: the bytes are UTF-16 or UTF-32.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:2]:
        raise ValueError("it is UTF-16 or UTF-32, as some tools of Windows write it. Save it as UTF-8")
