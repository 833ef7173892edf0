"""What every platform's stand-in on this machine needs and no platform owns: its process, environments, folder and interpreters.

`processes`, `serving` and `output` import the standard library only: a stand-in's own process imports them too, without fnctl's libraries.
"""
