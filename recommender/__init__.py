"""Formulas behind a table of measurements: proposed, fitted, ranked by evidence, explained."""
