"""Appointments, sales and revenue of delivered leads: recorded singly, or imported as a table."""
