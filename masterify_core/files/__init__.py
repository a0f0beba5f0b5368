"""Files in and out: the only place that touches codecs, containers and tags."""

from masterify_core.files.opening import sha256_of
from masterify_core.files.reading import Source, read
from masterify_core.files.text_writing import write_text
from masterify_core.files.writing import Writer, create

__all__ = ["Source", "Writer", "create", "read", "sha256_of", "write_text"]
