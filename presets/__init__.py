"""The presets that come with masterify, as data: platforms, genres, AI sources, tiers."""
