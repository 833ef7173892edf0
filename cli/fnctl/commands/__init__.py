"""One file a verb: parse options, call the pipeline, hand the answer to a view."""
