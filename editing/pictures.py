"""Uploaded pictures, encoded again as WebP: small, without metadata, in a process of its own with limits.

Run as a program it reads a picture from its input and writes the WebP to its output; an attack of a hostile file on the
decoder stays in this process. Metadata of a photo holds the place where it was taken, so nothing but the pixels is taken over.
"""

import io
import subprocess
import sys

# Largest upload and result in bytes, most pixels of an upload, longest side of the result.
MAX_UPLOAD_BYTES = 7_500_000
MAX_PICTURE_BYTES = 200_000
MAX_PIXELS = 50_000_000
MAX_SIDE = 1600
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
SECONDS, MEMORY_BYTES = 30, 1_500_000_000
_SIGNS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")


class PictureError(Exception):
    """A file cannot be used; the message is why: ``kind``, ``svg``, ``size``, ``pixels`` or ``broken``."""


def encode_picture(data: bytes) -> bytes:
    """Return a picture as WebP of at most :data:`MAX_PICTURE_BYTES`, without metadata.

    :raises PictureError: if it is not a picture, too large, or broken.
    """
    if len(data) > MAX_UPLOAD_BYTES:
        raise PictureError("size")
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith((b"<svg", b"<?xml", b"<!DOCTYPE")) or b"<svg" in head:
        raise PictureError("svg")
    if not data.startswith(_SIGNS) and not (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        raise PictureError("kind")
    try:
        done = subprocess.run([sys.executable, "-I", __file__], input=data, capture_output=True, timeout=SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        raise PictureError("broken") from error
    if done.returncode == 3:
        raise PictureError("pixels")
    if done.returncode != 0 or not done.stdout or len(done.stdout) > MAX_PICTURE_BYTES:
        raise PictureError("broken")
    return done.stdout


def shrink(data: bytes) -> bytes:
    """Return a picture as WebP; called in the process with limits.

    :raises ValueError: if it has too many pixels.
    """
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # our own limit, below
    with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise ValueError
        picture = ImageOps.exif_transpose(opened)  # turned as the camera was held
        has_alpha = "A" in picture.getbands() or "transparency" in picture.info
        picture = picture.convert("RGBA" if has_alpha else "RGB")
    plain = Image.new(picture.mode, picture.size)
    plain.paste(picture)
    side = MAX_SIDE
    while True:
        plain.thumbnail((side, side))
        for quality in (82, 70, 55, 40):
            out = io.BytesIO()
            plain.save(out, format="WEBP", quality=quality, method=4)
            if out.tell() <= MAX_PICTURE_BYTES:
                return out.getvalue()
        side = side * 3 // 4


def main() -> int:
    """Encode the picture on the input; return 3 for too many pixels."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    data = sys.stdin.buffer.read(MAX_UPLOAD_BYTES + 1)
    try:
        made = shrink(data)
    except ValueError:
        return 3
    except Exception:
        return 1
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
