"""The resources of the API, one file each; every file ends in its routes."""
