"""Makes the form of a campaign: the same class draws the page and checks what was posted."""

from capture.form.campaign_form import HONEYPOT, CampaignForm, form_class
from capture.form.touches import TOUCH_KEYS, Touch, touch_of_page

__all__ = ["HONEYPOT", "TOUCH_KEYS", "CampaignForm", "Touch", "form_class", "touch_of_page"]
