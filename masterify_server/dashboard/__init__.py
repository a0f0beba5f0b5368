"""The dashboard: pages for people, under ``/dashboard``; plain forms, sessions in the store, no script needed."""
