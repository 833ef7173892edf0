"""A platform that is a folder: functions are archives in it, and one small file a function says which archive is live."""
