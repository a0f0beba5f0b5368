"""Measures the REST service as its users meet it."""
