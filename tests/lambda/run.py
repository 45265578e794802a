#!/usr/bin/env python3
"""Runs the built functions as Lambda does, under `cargo lambda watch`, and imports with events of the folder `events`.

Usage: SANDBOX=… run.py FUNCTIONS

SANDBOX is the first line that the sandbox prints: tables, secrets and PSAs are its own, while its workers are held back, so that the
work is done here. FUNCTIONS holds NAME/bootstrap for each function. `cargo lambda` is looked for on the PATH.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

EVENTS = Path(__file__).parent / "events"
FUNCTIONS = ("setup", "fetch", "plan", "execute")
PATIENCE = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.loads(answer.read() or b"null")


class Lambda:
    """The functions behind cargo-lambda's emulation of Lambda."""

    def __init__(self, folder, face, log):
        self.port, self.log, self.processes = free_port(), log, []
        self.start(["cargo", "lambda", "watch", "--only-lambda-apis", "-A", "127.0.0.1", "-P", str(self.port)], dict(os.environ))
        end = time.monotonic() + PATIENCE
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            assert time.monotonic() < end and self.processes[0].poll() is None, "cargo lambda watch does not start"
            time.sleep(0.1)
        for name in FUNCTIONS:
            environment = {
                "AWS_LAMBDA_RUNTIME_API": f"http://127.0.0.1:{self.port}/.rt/{name}",
                "AWS_LAMBDA_FUNCTION_NAME": name,
                "AWS_LAMBDA_FUNCTION_VERSION": "1",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
                "AWS_REGION": "eu-west-1",
                "AWS_ACCESS_KEY_ID": "local",
                "AWS_SECRET_ACCESS_KEY": "local",
                "AWS_ENDPOINT_URL_DYNAMODB": face["dynamodb"],
                "AWS_ENDPOINT_URL_SECRETS_MANAGER": face["secrets"],
                "PSA_ALLOWED_ORIGINS": f"{face['connectwise']['url']},{face['autotask']['url']}",
                "RECORDS_TABLE": "RecordsTable",
                "IMPORTS_TABLE": "ImportsTable",
                "SECRET_PREFIX": "psa-import/",
                "RUST_LOG": "info",
            }
            self.start([str(folder / name / "bootstrap")], environment)

    def start(self, command, environment):
        self.processes.append(subprocess.Popen(command, env=environment, stdout=self.log, stderr=self.log))

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            process.wait(timeout=20)

    def invoke(self, function, event, **values):
        """Sends an event of the folder, with what stands in capitals in it replaced."""
        text = (EVENTS / f"{event}.json").read_text()
        for name, value in values.items():
            text = text.replace(name.upper(), value)
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write(text)
            file.flush()
            command = ["cargo", "lambda", "invoke", function, "--invoke-address", "127.0.0.1"]
            command += ["--invoke-port", str(self.port), "--data-file", file.name]
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, f"{event}: {done.stdout}{done.stderr}"
        answer = json.loads(done.stdout)
        if "statusCode" in answer:
            body = json.loads(answer.get("body") or "null")
            assert answer["statusCode"] < 300, f"{event}: {answer['statusCode']} {body}"
            return body
        return answer

    def work(self, function, expected, **values):
        """Calls a worker until it is done, as the state machine does."""
        end = time.monotonic() + PATIENCE
        while (answer := self.invoke(function, "work", **values))["outcome"] != "done":
            assert time.monotonic() < end, answer
        state = self.invoke("plan", "show-import", **values)["state"]
        assert state == expected, f"{values}: {state}"


def main(folder):
    face = json.loads(os.environ["SANDBOX"])
    post(f"{face['control']}/workers", {"paused": True})
    with tempfile.TemporaryFile("w+") as log:
        local = Lambda(Path(folder), face, log)
        try:
            # A call from outside reaches the function, which finds nobody signed in: only API Gateway can say who calls.
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{local.port}/lambda-url/setup/integrations", timeout=PATIENCE)
                raise AssertionError("nobody was let in")
            except urllib.error.HTTPError as refused:
                problem = json.loads(refused.read())
                assert (refused.code, problem["code"]) == (403, "not_administrator"), problem
            for integration in local.invoke("setup", "list-integrations")["items"]:
                kind, ours = integration["kind"], {"integration": integration["id"]}
                ours["import"] = local.invoke("fetch", "start-import", **ours)["id"]
                local.work("fetch", "review", **ours)
                rows = local.invoke("plan", "list-rows", **ours)["items"]
                assert len(rows) > 20, rows
                local.invoke("plan", "select-companies", **ours)
                ours["hash"] = local.invoke("plan", "show-plan", **ours)["hash"]
                local.invoke("execute", "execute-import", **ours)
                local.work("execute", "done", **ours)
                # Both PSAs hold the same clients: the second import finds those of the first.
                result = local.invoke("execute", "show-result", **ours)["companies"]
                made = result["created"] + result["linked"]
                assert made > 10, result
                # The next night: nothing has changed, and delivered twice it is one import.
                triggered = local.invoke("fetch", "schedule", **ours)
                assert triggered["outcome"] == "started", triggered
                again = local.invoke("fetch", "schedule", **ours)
                assert again == {"outcome": "already", "import": triggered["import"]}, again
                ours["import"] = triggered["import"]
                assert local.invoke("fetch", "sweep") == {"underWay": 1, "takenUp": 0, "due": 0, "started": 0}
                local.work("fetch", "review", **ours)
                local.work("execute", "executing", **ours)
                local.work("execute", "done", **ours)
                print(f"{kind}: {made} companies created or linked, and unchanged in the night")
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read()[-8000:])
            raise
        finally:
            local.stop()
    post(f"{face['control']}/workers", {"paused": False})


if __name__ == "__main__":
    main(*sys.argv[1:])
