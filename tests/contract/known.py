"""Starts an import, waits until it is in review, and prints one id for each variable of the API's paths."""

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


integration = first("/integrations", lambda item: item["kind"] == "connectwise")
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
