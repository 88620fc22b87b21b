"""Sets the clock of every Python process that starts with this folder on PYTHONPATH.

`FALSE_CLOCK` shifts it by so many seconds. `STOPPED_CLOCK` stops it at so many seconds after 1970,
so that a time limit of ten seconds cannot end on a slow machine. Child processes inherit it, so a
test and the commands that it starts have the same time. libfaketime cannot do this: under it,
Python 3.11 either never wakes from a timed wait or cannot sleep.
"""

import os
import time

shift, stopped_at = os.environ.get("FALSE_CLOCK"), os.environ.get("STOPPED_CLOCK")
if shift or stopped_at:
    import time_machine

    if stopped_at:
        time_machine.travel(float(stopped_at), tick=False).start()
    elif shift:
        time_machine.travel(time.time() + float(shift), tick=True).start()
