"""Shifts the clock of every Python process that starts with this folder on PYTHONPATH.

`FALSE_CLOCK` is the shift in seconds. Child processes inherit it, so a test and the commands that
it starts have the same time. libfaketime cannot do this: under it, Python 3.11 either never wakes
from a timed wait or cannot sleep.
"""

import os
import time

shift = os.environ.get("FALSE_CLOCK")
if shift:
    import time_machine

    time_machine.travel(time.time() + float(shift), tick=True).start()
