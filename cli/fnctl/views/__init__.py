"""All that knows a screen, and the machine forms."""
