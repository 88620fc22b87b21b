"""Makes the site: checks what writers wrote, runs Pelican with our plugins, imports other sites."""
