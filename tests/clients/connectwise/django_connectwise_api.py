"""The api module of django-connectwise 1.25.3: pages by number until one is short, conditions in parentheses.

Only the module that talks to ConnectWise is driven. What it imports of Django and Pillow is replaced by as little as it
touches, because the models behind it want a PostgreSQL database.
"""

import json
import sys
import types
from unittest import mock

from held import Checks, Held

held, checks = Held(), Checks("django-connectwise")
settings = types.SimpleNamespace()
for name in ("core", "core.cache", "core.files", "core.files.base", "core.files.storage", "db"):
    sys.modules[f"django.{name}"] = mock.MagicMock(name=name)
sys.modules["django"] = sys.modules["PIL"] = mock.MagicMock()
sys.modules["django.conf"] = types.SimpleNamespace(settings=settings)

from djconnectwise import api  # noqa: E402

access = held.access


def opened(**changes):
    given = {
        "company_id": access["companyId"],
        "server_url": held.origin,
        "client_id": access["clientId"],
        "api_public_key": access["publicKey"],
        "api_private_key": access["privateKey"],
    }
    return api.CompanyAPIClient(**given | changes)


def paged(call, **arguments):
    """As its synchronizers page."""
    found, page = [], 1
    while True:
        more = call(page=page, page_size=50, **arguments)
        found += more
        if len(more) < 50:
            return found
        page += 1


def relocated(records):
    """The links name the codebase that was asked: on premises, as the host is not one of the cloud's."""
    return json.loads(json.dumps(records).replace(held.base, f"{held.origin}/v4_6_release/apis/3.0"))


client = opened()
companies, contacts = held.all("company/companies"), held.all("company/contacts")
checks.same("companies", paged(client.get_companies), relocated(companies))
checks.same("contacts", paged(client.get_contacts), relocated(contacts))

conditions = ["deletedFlag=False", "status/id not in (2,3)", "lastUpdated>[2024-06-01T00:00:00.000000]"]
expected = [
    company
    for company in companies
    if not company["deletedFlag"]
    and company["status"]["id"] not in (2, 3)
    and company["_info"]["lastUpdated"] > "2024-06-01T00:00:00Z"
]
checks.same("companies changed", paged(client.get_companies, conditions=conditions), relocated(expected))
active = [contact for contact in contacts if not contact["inactiveFlag"]]
checks.same("active contacts", paged(client.get_contacts, conditions=["inactiveFlag=False"]), relocated(active))

checks.same("statuses", client.get_company_statuses(), held.all("company/companies/statuses"))
checks.same("types", client.get_company_types(), held.all("company/companies/types"))
checks.same("contact types", client.get_contact_types(), held.all("company/contacts/types"))
checks.same("one company", client.by_id(companies[-1]["id"]), relocated(companies[-1]))
checks.same("one contact", client.get_single_contact(contacts[-1]["id"]), relocated(contacts[-1]))
items = client.get_contact_communications(contacts[0]["id"])
expected = sorted(item["id"] for item in contacts[0].get("communicationItems", []))
checks.same("communications", [item["id"] for item in items], expected)
checks.same("communication types", client.get_communication_types(), held.all("company/communicationTypes"))

checks.raises("a wrong key", api.ConnectWiseAPIClientError, opened(api_private_key="wrong").get_companies)
checks.raises("a wrong client", api.ConnectWiseSecurityPermissionsException, opened(client_id="wrong").get_companies)
checks.raises("no such company", api.ConnectWiseRecordNotFoundError, lambda: opened().by_id(1))
info = api.CompanyInfoManager()
checks.same("codebase", info.get_company_info(held.origin, access["companyId"])["Codebase"] in held.base, True)
checks.raises("no such login", api.ConnectWiseAPIError, lambda: info.get_company_info(held.origin, "nobody"))
checks.finish()
