"""What travels inside an artifact: the request, the event and the task context that handlers meet. Standard library only."""
