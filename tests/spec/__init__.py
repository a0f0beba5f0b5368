"""Tests that repeat what the standards ask."""
