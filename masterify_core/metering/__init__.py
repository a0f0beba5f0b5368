"""Meters: sound in, numbers out; they never change audio."""
