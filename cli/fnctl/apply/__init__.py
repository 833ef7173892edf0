"""The only room that writes: changes on a thread pool, in three phases."""
