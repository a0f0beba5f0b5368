"""Files in and out: the only place that touches codecs, containers and tags."""

from masterify_core.files.opening import sha256_of
from masterify_core.files.reading import Source, read

__all__ = ["Source", "read", "sha256_of"]
