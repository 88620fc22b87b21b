"""How Pelican makes the site for production: absolute addresses, from GATEPOST_SITE_URL."""

import os
import sys
from pathlib import Path

from werkzeug.urls import iri_to_uri

sys.path.insert(0, str(Path(__file__).parent))  # Pelican loads this file by its path alone

from pelicanconf import *  # noqa: F403 - Pelican's own way to stand one file on another

SITEURL = iri_to_uri(os.environ.get("GATEPOST_SITE_URL", "").rstrip("/"))
if not SITEURL.startswith(("https://", "http://")):
    sys.exit(
        "publishconf.py: GATEPOST_SITE_URL must say where the site will be published, "
        "such as https://www.example.com; `pelicanconf.py` builds without it"
    )
FEED_DOMAIN = SITEURL
