"""Somebody in front of the dashboard: a person of an account, and a browser as far as forms and cookies go."""

import re

from masterify_server import passwords
from masterify_server.store import users

PASSWORD = "correct horse battery"
_hashes = {}


def person(store, account_id, email="ann@example.com", password=PASSWORD):
    """A user of an account; each password is hashed once a run."""
    if password not in _hashes:
        _hashes[password] = passwords.hash_password(password)
    store.do(users.put_user(email, account_id, _hashes[password], "test"))
    return email


class Visitor:
    """Fills in forms of pages and sends them as browsers do."""

    def __init__(self, web, language="en"):
        self.client = web.client
        self.client.cookies.clear()
        self.language = language
        self.page = None

    def open(self, path, follow=False, **headers):
        headers = {"Accept-Language": self.language, **headers}
        self.page = self.client.get(path, headers=headers, follow_redirects=follow)
        return self.page

    def post(self, path, fields=(), origin="http://testserver", token=None, **headers):
        """Send a form with the token of the last page, or another (None: that of the page)."""
        known = {"Accept-Language": self.language, **({"Origin": origin} if origin else {}), **headers}
        pairs = dict(fields)
        csrf = self.token() if token is None else token
        if csrf:
            pairs.setdefault("csrf", csrf)
        return self.client.post(path, data=pairs, headers=known, follow_redirects=False)

    def token(self):
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.page.text) if self.page else None
        return found[1] if found else ""

    def log_in(self, email="ann@example.com", password=PASSWORD):
        answer = self.post("/dashboard/login", {"email": email, "password": password}, token="")
        assert answer.status_code == 303, answer.text
        self.open("/dashboard")
        return answer
