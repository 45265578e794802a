"""Lists all companies and contacts as the synchronizers of django-connectwise do, without their database:
`SANDBOX=… python django_connectwise_read.py documented|best [SINCE]`, with SINCE only what has changed.

What its api module imports of Django and Pillow is replaced by as little as it touches.
"""

import json
import os
import sys
import types
from unittest import mock

for name in ("core", "core.cache", "core.files", "core.files.base", "core.files.storage", "db"):
    sys.modules[f"django.{name}"] = mock.MagicMock(name=name)
sys.modules["django"] = sys.modules["PIL"] = mock.MagicMock()
sys.modules["django.conf"] = types.SimpleNamespace(settings=types.SimpleNamespace())

from djconnectwise import api  # noqa: E402

access = json.loads(os.environ["SANDBOX"])["connectwise"]
size = 50 if sys.argv[1] == "documented" else 1000
conditions = [f"lastUpdated>[{since}]" for since in sys.argv[2:]]


def count(call):
    """Pages by number until one is short; each is let go, as the synchronizers do once they have stored it."""
    rows, page = 0, 1
    while True:
        more = call(page=page, page_size=size, conditions=conditions)
        rows += len(more)
        if len(more) < size:
            return rows
        page += 1


client = api.CompanyAPIClient(
    company_id=access["companyId"],
    server_url=access["url"],
    client_id=access["clientId"],
    api_public_key=access["publicKey"],
    api_private_key=access["privateKey"],
)
print(count(client.get_companies) + count(client.get_contacts))
