"""What programmes ask of a twin, answered from what runs: every claim names its evidence, every gap its next step."""
