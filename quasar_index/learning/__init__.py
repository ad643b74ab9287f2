"""Training of encoders without ratings: GRepQ's low and high level (Srinath et al. 2024)."""
