"""The stand-in for AWS: what runs in the sandbox's own environment, and the pins it is made from."""
