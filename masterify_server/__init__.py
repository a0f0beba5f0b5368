"""The REST service of masterify: a thin wrapper of the core."""
