"""The adapter for vercel."""
