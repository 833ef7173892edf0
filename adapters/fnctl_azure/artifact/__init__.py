"""What is uploaded: which apps, which functions in them, their settings, and a look at it before anybody uploads."""
