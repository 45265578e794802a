"""What the simulator holds, read without any client library, and the comparison with what a client lists."""

import json
import os
import sys

import requests

PAGE = 200


class Held:
    """Reads the sandbox named by the environment variable SANDBOX: the first line that it prints."""

    def __init__(self):
        self.access = json.loads(os.environ["SANDBOX"])["autotask"]
        self.origin = self.access["url"]
        zone = requests.get(
            f"{self.origin}/atservicesrest/v1.0/zoneInformation", params={"user": self.access["username"]}, timeout=20
        ).json()
        self.base = f"{zone['url']}V1.0"
        self.headers = {
            "UserName": self.access["username"],
            "Secret": self.access["secret"],
            "ApiIntegrationCode": self.access["integrationCode"],
        }

    def _post(self, path, body):
        answer = requests.post(f"{self.base}/{path}", headers=self.headers, json=body, timeout=20)
        answer.raise_for_status()
        return answer.json()

    def get(self, path):
        answer = requests.get(f"{self.base}/{path}", headers=self.headers, timeout=20)
        answer.raise_for_status()
        return answer.json()

    def all(self, entity):
        """Every record by id; as many as the count says, or the simulator contradicts itself."""
        rows, page = [], None
        while page is None or len(page) == PAGE:
            after = rows[-1]["id"] if rows else -1
            query = {"filter": [{"op": "gt", "field": "id", "value": after}], "MaxRecords": PAGE}
            page = self._post(f"{entity}/query", query)["items"]
            rows += page
        everything = {"filter": [{"op": "exist", "field": "id"}]}
        count = self._post(f"{entity}/query/count", everything)["queryCount"]
        if len(rows) != count:
            sys.exit(f"{entity}: {len(rows)} listed, {count} counted")
        return rows


class Checks:
    """Prints one line for each comparison, and at the end how many there were."""

    def __init__(self, client):
        self.client, self.passed, self.failed = client, 0, 0

    def same(self, what, listed, held):
        if listed == held:
            self.passed += 1
            print(f"{self.client}: {what}: the same ({self._size(held)})")
        else:
            self.failed += 1
            print(f"{self.client}: {what}: DIFFERENT\n  client: {listed!r:.500}\n  held:   {held!r:.500}")

    def raises(self, what, error, text, call):
        try:
            answer = call()
        except error as raised:
            self.same(what, text if text in str(raised) else str(raised), text)
        else:
            self.same(what, answer, error.__name__)

    @staticmethod
    def _size(held):
        return f"{len(held)} rows" if isinstance(held, list) else "a record" if isinstance(held, dict) else held

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed or not self.passed else 0)
