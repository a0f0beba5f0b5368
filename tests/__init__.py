"""Tests of masterify; a package so that they can share strategies and slow twins."""
