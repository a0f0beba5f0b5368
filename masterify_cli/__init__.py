"""The command line of masterify."""
