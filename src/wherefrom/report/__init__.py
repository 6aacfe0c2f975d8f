"""Figures and pages for people, and the numbers on them. No torch."""
