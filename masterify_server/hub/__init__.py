"""The Template Hub: flows for n8n and make.com that use the API, ready to import, with their guides."""
