"""What the service says to people outside the dashboard: the Template Hub and the documentation, in Korean and English."""
