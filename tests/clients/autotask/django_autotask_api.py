"""The api module of django-autotask 1.16.0: zone lookup, GET queries in the URL, and both flavours of next pages.

Only the module that talks to Autotask is driven. What it imports of Django is replaced by as little as it touches,
because the models behind it want a PostgreSQL database.
"""

import logging
import sys
import types
from unittest import mock

from held import Checks, Held

held, checks = Held(), Checks("django-autotask")
access = held.access


class Cache(dict):
    def set(self, key, value, timeout):
        self[key] = value


cache = Cache()
settings = types.SimpleNamespace(
    AUTOTASK_SERVER_URL=f"{held.origin}/atservicesrest/",
    AUTOTASK_CREDENTIALS={
        "username": access["username"],
        "password": access["secret"],
        "integration_code": access["integrationCode"],
        "rest_api_version": "1.0",
        "server_url": "",
    },
)
for name in ("django", "django.apps", "django.db", "django.core", "django.utils"):
    sys.modules[name] = mock.MagicMock(name=name)
sys.modules["django.core.cache"] = types.SimpleNamespace(cache=cache)
sys.modules["django.conf"] = types.SimpleNamespace(settings=settings)

from djautotask import api  # noqa: E402

logging.disable(logging.CRITICAL)


class PostedContacts(api.ConfigurationItemsAPIClient):
    """Its clients for long lists of ids POST their queries; none of them is for an entity of the simulator."""

    API = "Contacts"


class CountedCompanies(api.TicketsAPIClient):
    """Its only client that counts is for tickets."""

    API = "Companies"


def paged(client, *conditions, **arguments):
    """As its synchronizers page: from URL to URL until there is none."""
    for op, field, value in conditions:
        client.add_condition(api.ApiCondition(op=op, field=field, value=value))
    found, url = [], None
    while True:
        answer = client.get(url, **arguments)
        found += answer["items"]
        url = answer["pageDetails"]["nextPageUrl"]
        if not url:
            return found


companies, contacts = held.all("Companies"), held.all("Contacts")
active = [company for company in companies if company["isActive"]]
checks.same("active companies", paged(api.AccountsAPIClient(), ("eq", "isActive", True)), active)
checks.same("the zone is remembered", cache["zone_url"], f"{held.origin}/ATServicesRest/")
expected = [contact for contact in contacts if contact["isActive"] == 1]
checks.same("active contacts", paged(api.ContactsAPIClient(), ("eq", "isActive", "true")), expected)
# Small pages, but not so many that the tenant's hourly limit is reached.
size = min(500, max(7, len(contacts) // 50))
for flavour in (api.ContactsAPIClient, PostedContacts):
    listed = paged(flavour(), ("exist", "id", None), page_size=size)
    checks.same(f"contacts by {size}, {flavour.__name__}", listed, contacts)

wanted = [company["id"] for company in companies[1:]][:400]
expected = [contact for contact in contacts if contact["companyID"] in wanted]
checks.same("contacts of 400 companies", paged(PostedContacts(), ("in", "companyID", wanted)), expected)
since = "2024-06-01T10:00:00.000000Z"
expected = [company for company in active if company["lastActivityDate"] > since]
conditions = [("eq", "isActive", True), ("gt", "lastActivityDate", since)]
checks.same("companies changed", paged(api.AccountsAPIClient(), *conditions), expected)

counting = CountedCompanies()
counting.add_condition(api.ApiCondition(op="exist", field="id"))
checks.same("companies counted", counting.count(None, record_count=True), {"queryCount": len(companies)})
checks.same("company types", api.AccountTypesAPIClient().get(None), held.get("Companies/entityInformation/fields"))
checks.same("the MSP itself", api.AccountsAPIClient().get_single(0), {"item": companies[0]})
checks.same("one contact", api.ContactsAPIClient().get_single(contacts[-1]["id"]), {"item": contacts[-1]})

missing = lambda: api.AccountsAPIClient().get_single(1)  # noqa: E731
checks.raises("no such company", api.AutotaskRecordNotFoundError, "Resource not found", missing)
unknown = lambda: paged(api.ContactsAPIClient(), ("eq", "Active", True))  # noqa: E731
text = "Unable to find Active in the Contact Entity"
checks.raises("a field that is none", api.AutotaskAPIServerError, text, unknown)
dropped = lambda: paged(api.AccountsAPIClient(), ("gte", "id", 0))  # noqa: E731
checks.raises("a value it drops", api.AutotaskAPIServerError, "Value cannot be null.", dropped)
wrong = lambda: paged(api.AccountsAPIClient(password="wrong"), ("exist", "id", None))  # noqa: E731
checks.raises("a wrong password", api.AutotaskAPIClientError, "Unauthorized request", wrong)
nobody = lambda: api.get_zone_info("nobody@nowhere.example")  # noqa: E731
checks.raises("nobody's zone", api.AutotaskAPIError, "Zone information could not be determined", nobody)
checks.finish()
