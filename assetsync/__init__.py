"""Declarative directory sync for Twilio Serverless Assets."""

__version__ = "0.1.0"
