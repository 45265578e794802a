"""What the simulator holds, read without any client library, and the comparison with what a client lists."""

import base64
import json
import os
import sys

import requests

PAGE = 200


class Held:
    """Reads the sandbox named by the environment variable SANDBOX: the first line that it prints."""

    def __init__(self):
        self.access = json.loads(os.environ["SANDBOX"])["connectwise"]
        self.origin = self.access["url"]
        info = requests.get(f"{self.origin}/login/companyinfo/{self.access['companyId']}", timeout=20).json()
        self.base = f"{self.origin}/{info['Codebase']}apis/3.0"
        user = "{companyId}+{publicKey}:{privateKey}".format(**self.access)
        self.headers = {
            "Authorization": "Basic " + base64.b64encode(user.encode()).decode(),
            "clientId": self.access["clientId"],
        }

    def _get(self, path, headers, params):
        answer = requests.get(f"{self.base}/{path}", headers=self.headers | headers, params=params, timeout=20)
        answer.raise_for_status()
        return answer.json()

    def count(self, path, **params):
        return self._get(f"{path}/count", {}, params)["count"]

    def all(self, path, **params):
        """Every record by id; as many as the count says, or the simulator contradicts itself."""
        rows, page = [], None
        while page != []:
            after = rows[-1]["id"] if rows else 0
            page = self._get(path, {"pagination-type": "forward-only"}, params | {"pageSize": PAGE, "pageId": after})
            rows += page
        if len(rows) != self.count(path, **params):
            sys.exit(f"{path}: {len(rows)} listed, {self.count(path, **params)} counted")
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

    def raises(self, what, error, call):
        try:
            answer = call()
        except error as raised:
            self.same(what, type(raised).__name__, error.__name__)
        else:
            self.same(what, answer, error.__name__)

    @staticmethod
    def _size(held):
        return f"{len(held)} rows" if isinstance(held, list) else "a record" if isinstance(held, dict) else held

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed or not self.passed else 0)
