"""What Gatepost is measured beside: eight fields by Flask and WTForms, three rows, one commit.

No duplicate rules, caps, criteria, hash chain or rate limit.
"""

import json
import os
import secrets
import sqlite3
from datetime import UTC, datetime

from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue
from wtforms import Form, SelectField, StringField
from wtforms.validators import DataRequired, Email, Length, Optional


class LeadForm(Form):
    """The fields of acme-cloud-guide, by hand."""

    full_name = StringField(validators=[DataRequired(), Length(max=200)])
    email = StringField(validators=[DataRequired(), Email(), Length(max=254)])
    company = StringField(validators=[DataRequired(), Length(max=200)])
    job_title = StringField(validators=[DataRequired(), Length(max=200)])
    industry = SelectField(choices=["Healthcare", "Manufacturing", "Retail", "Other"])
    company_size = SelectField(choices=["1-50", "51-100", "101-500", "501-1000", "1001+"])
    country = SelectField(choices=["DE", "FR", "GB", "US"])
    phone = StringField(validators=[Optional(), Length(max=60)])


def make_app() -> Flask:
    """For gunicorn; BARE_DATABASE is the path of a database in WAL with its tables made."""
    app = Flask(__name__)
    db = sqlite3.connect(os.environ["BARE_DATABASE"], timeout=10, isolation_level=None)
    db.execute("PRAGMA synchronous = FULL")

    @app.post("/lead")
    def lead() -> ResponseReturnValue:
        form = LeadForm(request.form)
        if not form.validate():
            return form.errors, 422
        lead_id, now = secrets.token_hex(6), datetime.now(UTC).isoformat()
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO leads VALUES (?, ?, ?)", (lead_id, now, json.dumps(form.data)))
        db.execute("INSERT INTO events VALUES (NULL, ?, ?, ?)", (lead_id, "received", now))
        db.execute("INSERT INTO outbox VALUES (NULL, ?, ?, ?)", (lead_id, "new_lead", now))
        db.execute("COMMIT")
        return redirect(f"/thanks?lead={lead_id}", 303)

    return app
