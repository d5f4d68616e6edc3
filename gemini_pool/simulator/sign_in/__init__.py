"""The sign-in site of the service: its pages, what they ask of the server, and the letters with codes."""
