"""Reports: what was measured, decided and delivered, as values and as a page that shows and plays it.

Nothing is imported here: the web takes words and the player from this package, and needs no numpy for them.
"""
