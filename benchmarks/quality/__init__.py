"""How good masters are, beside those of other programs."""
