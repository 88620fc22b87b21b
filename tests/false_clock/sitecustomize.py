"""Python imports this at its start when this folder is on PYTHONPATH: its clock is then shifted.

`FALSE_CLOCK` holds the shift in seconds. Every Python process inherits it, so that a test and the
commands that it starts live at the same moment. libfaketime cannot do this: under it Python 3.11
either never wakes from a timed wait, or cannot sleep.
"""

import os
import time

shift = os.environ.get("FALSE_CLOCK")
if shift:
    import time_machine

    time_machine.travel(time.time() + float(shift), tick=True).start()
