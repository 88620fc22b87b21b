"""WordPress's export, WXR."""
