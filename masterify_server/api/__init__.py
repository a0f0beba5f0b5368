"""The resources of the API, one file each: request to answer, no logic."""
