"""Floor 7: figures and pages. No torch."""
