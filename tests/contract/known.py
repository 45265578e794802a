"""Chooses a directory, starts an import, waits until it is in review, and prints one id for each variable of the API's paths.

Usage: SANDBOX=… known.py builtIn|lastpass
"""

import json
import os
import sys
import time

import requests

FACE = json.loads(os.environ["SANDBOX"])


def call(method, path, **more):
    headers = {"Authorization": f"Bearer {FACE['tokens']['ana']}"}
    answer = requests.request(method, FACE["api"] + path, headers=headers, timeout=30, **more)
    answer.raise_for_status()
    return answer.json()


def first(path, fits=lambda _: True):
    return next(item["id"] for item in call("GET", path)["items"] if fits(item))


def cancel_imports(integration):
    for item in call("GET", f"/integrations/{integration}/imports")["items"]:
        if item["state"] in ("fetching", "review"):
            call("DELETE", f"/imports/{item['id']}")


integration = first("/integrations", lambda item: item["kind"] == "connectwise")
for each in call("GET", "/integrations")["items"]:
    cancel_imports(each["id"])
if sys.argv[1] == "lastpass":
    call("PUT", "/directory", json={"kind": "lastpass", "apiKey": FACE["lastpass"]["apiKey"]})
else:
    # Where there is nothing yet: the sandbox has furnished LastPass.
    call("PUT", "/directory", json={"kind": "builtIn"})
    made = call("POST", "/managed-companies", json={"name": "Contract"})["id"]
    call("POST", f"/managed-companies/{made}/users", json={"address": "an@contract.example", "name": "An"})
running = call("POST", f"/integrations/{integration}/imports", json={})["id"]
for _ in range(600):
    state = call("GET", f"/imports/{running}")["state"]
    if state != "fetching":
        break
    time.sleep(0.1)
if state != "review":
    sys.exit(f"the import is {state}")
managed = first("/managed-companies", lambda item: call("GET", f"/managed-companies/{item['id']}/users")["items"])
company = first(f"/imports/{running}/companies", lambda row: row["addresses"] > 3)
known = {
    "INTEGRATION": integration,
    "IMPORT": running,
    "COMPANY": company,
    "ADDRESS": first(f"/imports/{running}/companies/{company}/addresses"),
    "MANAGED": managed,
    "USER": first(f"/managed-companies/{managed}/users"),
}
print("\n".join(f"{name}={value}" for name, value in known.items()))
