"""The mastering engine of masterify."""
