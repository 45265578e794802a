"""connectpyse 0.8.1: one page a call, a slash at the end, parameter names in lower case, junk parameters."""

import json

from connectpyse.company.companies_api import CompaniesAPI
from connectpyse.company.company_statuses_api import CompanyStatusAPI
from connectpyse.company.company_types_api import CompanyTypeAPI
from connectpyse.company.contact_communications_api import ContactCommunicationsAPI
from connectpyse.company.contacts_api import ContactsAPI

from held import Checks, Held

held, checks = Held(), Checks("connectpyse")


def opened(api, *arguments, **settings):
    controller = api(*arguments, url=f"{held.origin}/v4_6_release/apis/3.0", auth=held.headers)
    for name, value in settings.items():
        setattr(controller, name, value)
    return controller


def rows(objects):
    # The library gives its models fields of its own, empty where the answer had none.
    return [{name: value for name, value in thing.__dict__.items() if value is not None} for thing in objects]


def paged(api, listing, **settings):
    found, page = [], 1
    while True:
        more = rows(getattr(opened(api, page=page, pageSize=1000, orderBy="id asc", **settings), listing)())
        found += more
        if len(more) < 1000:
            return found
        page += 1


def relocated(records):
    """The links name the codebase that was asked."""
    return json.loads(json.dumps(records).replace(held.base, f"{held.origin}/v4_6_release/apis/3.0"))


companies, contacts = held.all("company/companies"), held.all("company/contacts")
checks.same("companies", paged(CompaniesAPI, "get_companies"), relocated(companies))
checks.same("contacts", paged(ContactsAPI, "get_contacts"), relocated(contacts))
checks.same("companies counted", opened(CompaniesAPI).get_companies_count(), len(companies))
checks.same("contacts counted", opened(ContactsAPI).get_contacts_count(), len(contacts))
checks.same("types", rows(opened(CompanyTypeAPI).get_company_types()), held.all("company/companies/types"))
checks.same("statuses", rows(opened(CompanyStatusAPI).get_company_statuses()), held.all("company/companies/statuses"))

conditions = 'deletedFlag = false and status/name = "Active"'
found = paged(CompaniesAPI, "get_companies", conditions=conditions, childconditions='types/name="Client"')
expected = [
    company
    for company in companies
    if not company["deletedFlag"]
    and company["status"]["name"] == "Active"
    and any(kind["name"] == "Client" for kind in company["types"])
]
checks.same("active clients", found, relocated(expected))

someone = contacts[len(contacts) // 2]
items = rows(opened(ContactCommunicationsAPI, someone["id"]).get_contact_communications())
checks.same(
    "communications of a contact",
    sorted(item["id"] for item in items),
    sorted(item["id"] for item in someone.get("communicationItems", [])),
)
checks.same("a page without a size", len(rows(opened(ContactsAPI).get_contacts())), 25)
checks.finish()
