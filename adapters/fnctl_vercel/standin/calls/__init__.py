"""The endpoints of the REST API, one file for each kind of object."""
