"""Every numba loop of the engine, and nothing else."""
