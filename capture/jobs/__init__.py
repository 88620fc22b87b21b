"""Long work for users of the desk: large exports, backtests, closes of many months.

The desk requests it, a process of its own does it, and the user comes back for the result. A piece
of work is called a job.
"""
