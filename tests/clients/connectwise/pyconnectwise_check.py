"""pyconnectwise 0.6.1.2: follows Link headers by number, strict models."""

from pyconnectwise import ConnectWiseManageAPIClient
from pyconnectwise.exceptions import AuthenticationFailedException, MalformedRequestException, NotFoundException

from held import Checks, Held

held, checks = Held(), Checks("pyconnectwise")


class OverHttp(ConnectWiseManageAPIClient):
    """The library insists on https; a simulator on this machine has none."""

    def _get_url(self):
        return super()._get_url().replace("https://", "http://", 1)

    def _try_get_codebase_from_api(self, manage_url, company_name, headers):
        url = f"http://{manage_url}/login/companyinfo/{company_name}"
        return self._make_request("GET", url, headers=headers).json()["Codebase"]


def opened(private_key=held.access["privateKey"]):
    access = held.access
    host = held.origin.removeprefix("http://")
    return OverHttp(access["companyId"], host, access["clientId"], access["publicKey"], private_key)


def company_row(company):
    return (company.id, company.identifier, company.name, company.deleted_flag, [kind.id for kind in company.types])


def contact_row(contact):
    items = [(item.id, item.value, item.communication_type, item.default_flag) for item in contact.communication_items or []]
    return (contact.id, contact.last_name, contact.company and contact.company.id, contact.inactive_flag, items)


def held_company(company):
    kinds = [kind["id"] for kind in company["types"]]
    return (company["id"], company["identifier"], company["name"], company["deletedFlag"], kinds)


def held_contact(contact):
    items = [
        (item["id"], item["value"], item.get("communicationType"), item["defaultFlag"])
        for item in contact.get("communicationItems", [])
    ]
    return (contact["id"], contact.get("lastName"), contact.get("company", {}).get("id"), contact["inactiveFlag"], items)


client = opened()
checks.same("codebase", client._get_url(), held.base)
companies, contacts = held.all("company/companies"), held.all("company/contacts")

for size in (100, 1000):
    listed = [company_row(company) for company in client.company.companies.paginated(1, size).all()]
    checks.same(f"companies by {size}", listed, [held_company(company) for company in companies])
    listed = [contact_row(contact) for contact in client.company.contacts.paginated(1, size).all()]
    checks.same(f"contacts by {size}", listed, [held_contact(contact) for contact in contacts])

checks.same("companies counted", client.company.companies.count.get().count, len(companies))
kinds = [kind.id for kind in client.company.companies.types.get()]
checks.same("types", kinds, [row["id"] for row in held.all("company/companies/types")])
statuses = [(status.id, status.inactive_flag) for status in client.company.companies.statuses.get()]
checks.same("statuses", statuses, [(row["id"], row["inactiveFlag"]) for row in held.all("company/companies/statuses")])

conditions = {"conditions": "inactiveFlag = false and company/id != null"}
listed = [contact.id for contact in client.company.contacts.paginated(1, 50, conditions).all()]
expected = [contact["id"] for contact in contacts if not contact["inactiveFlag"] and "company" in contact]
checks.same("conditions on every page", listed, expected)

someone = contacts[0]
items = client.company.contacts.id(someone["id"]).communications.get()
checks.same("communications", [item.id for item in items], sorted(item["id"] for item in someone.get("communicationItems", [])))
checks.same("server", client.system.info.get().version[:1], "v")
checks.raises("a wrong key", AuthenticationFailedException, opened("wrong").company.companies.get)
checks.raises("no such company", NotFoundException, lambda: client.company.companies.id(1).get())
typeids = {"conditions": "typeids = 1"}
checks.raises("no such name", MalformedRequestException, lambda: client.company.companies.get(params=typeids))
checks.finish()
