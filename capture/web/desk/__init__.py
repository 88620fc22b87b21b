"""Templates and views for people who work with leads: agency and client."""
