"""What a formula is, and the ones we know. Imports nobody else in this project."""
