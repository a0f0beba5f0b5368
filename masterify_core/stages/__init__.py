"""The stages of a chain: frozen values that turn sound into sound."""
