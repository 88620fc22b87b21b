"""What the agency hands out: agreement, statement, notes, monthly report, evidence, exports."""
