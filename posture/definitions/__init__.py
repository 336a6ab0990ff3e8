"""YAML files turned into checked, compiled checks. Reads files; touches nothing else."""
