"""fnctl: one manifest, deployed to many serverless platforms."""

__version__ = "0.1.0"
