"""Reads all companies and contacts with py-autotask: `SANDBOX=… python py_autotask_read.py documented|best`."""

import json
import os
import sys
import warnings

warnings.filterwarnings("ignore", category=UserWarning, module="pydantic")

from py_autotask import AutotaskClient  # noqa: E402
from py_autotask.auth import AutotaskAuth  # noqa: E402

access = json.loads(os.environ["SANDBOX"])["autotask"]
# The library knows one address to find the zone and no way to give it another.
AutotaskAuth.ZONE_INFO_URL = f"{access['url']}/atservicesrest/v1.0/zoneInformation"
COMPANY_FIELDS = "id companyName companyType companyCategoryID classification marketSegmentID isActive webAddress".split()
CONTACT_FIELDS = "id companyID firstName lastName emailAddress emailAddress2 emailAddress3 isActive".split()
PAGE = 500


def documented(entity):
    """Its own paging, which ends after the first page."""
    return len(entity.query_all())


def best(entity, fields):
    """By id in the largest pages, only what an import reads, and no row kept."""
    rows, after, page = 0, -1, None
    while page is None or len(page) == PAGE:
        above = {"op": "gt", "field": "id", "value": after}
        page = entity.query(above, include_fields=fields, max_records=PAGE).items
        rows += len(page)
        after = page[-1]["id"] if page else after
    return rows


client = AutotaskClient.create(
    username=access["username"], integration_code=access["integrationCode"], secret=access["secret"]
)
if sys.argv[1] == "documented":
    rows = documented(client.companies) + documented(client.contacts)
else:
    rows = best(client.companies, COMPANY_FIELDS) + best(client.contacts, CONTACT_FIELDS)
print(rows)
