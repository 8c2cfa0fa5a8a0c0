"""The endpoints, one file a resource; `client.py` puts them together."""
