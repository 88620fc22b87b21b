"""Makes the form of a campaign: the same class draws the page and checks what was posted."""

from capture.form.campaign_form import HONEYPOT, CampaignForm, form_class
from capture.form.touches import TOUCH_KEYS, Touch, touch_of_page
from capture.form.typed import Checked, as_typed, check_typed

__all__ = [
    "HONEYPOT",
    "TOUCH_KEYS",
    "CampaignForm",
    "Checked",
    "Touch",
    "as_typed",
    "check_typed",
    "form_class",
    "touch_of_page",
]
