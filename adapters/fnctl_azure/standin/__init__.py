"""Azure's control plane on this machine: the resource manager, the publish endpoint, the data planes' entries, as strict as the real ones."""
