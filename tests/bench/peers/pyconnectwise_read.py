"""Reads all companies and contacts with pyconnectwise: `SANDBOX=… python pyconnectwise_read.py documented|best`."""

import json
import os
import sys

from pyconnectwise import ConnectWiseManageAPIClient

access = json.loads(os.environ["SANDBOX"])["connectwise"]
COMPANY_FIELDS = "id,identifier,name,status,types,deletedFlag,website"
CONTACT_FIELDS = "id,firstName,lastName,company,inactiveFlag,types,communicationItems"


class OverHttp(ConnectWiseManageAPIClient):
    """The library insists on https; a simulator on this machine has none."""

    def _get_url(self):
        return super()._get_url().replace("https://", "http://", 1)

    def _try_get_codebase_from_api(self, manage_url, company_name, headers):
        url = f"http://{manage_url}/login/companyinfo/{company_name}"
        return self._make_request("GET", url, headers=headers).json()["Codebase"]


def documented(endpoint):
    """The pages of the README, as a list."""
    return len(list(endpoint.paginated(1, 100).all()))


def best(endpoint, fields):
    """The largest pages, only what an import reads, and no row kept."""
    return sum(1 for _ in endpoint.paginated(1, 1000, {"fields": fields}).all())


host = access["url"].removeprefix("http://")
client = OverHttp(access["companyId"], host, access["clientId"], access["publicKey"], access["privateKey"])
companies, contacts = client.company.companies, client.company.contacts
if sys.argv[1] == "documented":
    rows = documented(companies) + documented(contacts)
else:
    rows = best(companies, COMPANY_FIELDS) + best(contacts, CONTACT_FIELDS)
print(rows)
