"""The addresses of the service, one file for those that belong together."""
