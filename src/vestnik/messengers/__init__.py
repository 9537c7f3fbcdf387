"""One folder per messenger and a registry; a messenger is its wire, its gateway and its emulator, and nothing else."""
