"""Deploys the built template to a local AWS (ministack) and imports there, the way it goes in the cloud:

API Gateway with its JWT authorizer → Lambda → table → stream → Pipe → state machine → Lambda, once by schedule, once into LastPass, and
once in the console: browser → API Gateway → console → API Gateway → Lambda. What happened goes table → stream → second Pipe → event bus → rule → queue.

Usage: SANDBOX=… deployed.py FUNCTIONS TEMPLATE

SANDBOX is the first line that the sandbox prints: its PSA simulators are imported from. FUNCTIONS holds NAME/bootstrap for each
function, TEMPLATE is what translate.py made. Changed on the way is only what the place needs: the functions are told where
"AWS" and the simulators are, and what this Pipe does not know (its filter, one record a batch) is done by a Map around the state
machine, whose own states stay as they are. Its Pipes deliver to state machines and topics, not to a bus: so between the second
Pipe and the bus there is a state machine made from the Pipe's own filter and template. That the service reads both so is proved nowhere.
"""

import base64
import hashlib
import http.client
import http.server
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import boto3
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

PATIENCE = 120
BUCKET = "artifacts"
MSP = "noordzee"
CREDENTIALS = {
    "connectwise": ("publicKey", "privateKey", "clientId"),
    "autotask": ("username", "secret", "integrationCode"),
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def encoded(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def listen_at(port, handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Issuer:
    """An identity provider: its discovery document, its keys, a token for one administrator, and a sign-in that asks nothing."""

    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        # Another host than the console's, so that a browser sends cookies only where they belong, and takes this for another site.
        self.url = f"http://localhost:{free_port()}"
        numbers = self.key.public_key().public_numbers()
        number = lambda n: encoded(n.to_bytes((n.bit_length() + 7) // 8, "big"))
        documents = {
            "/.well-known/openid-configuration": {
                "issuer": self.url, "jwks_uri": f"{self.url}/keys", "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token"},
            "/keys": {"keys": [{"kty": "RSA", "kid": "one", "alg": "RS256", "use": "sig", "n": number(numbers.n), "e": number(numbers.e)}]},
        }
        issuer, begun = self, {}

        class Handler(Quiet):
            def do_GET(self):
                path, _, query = self.path.partition("?")
                if path != "/authorize":
                    return self.answer(200, [("content-type", "application/json")], json.dumps(documents[path]).encode())
                asked = dict(urllib.parse.parse_qsl(query))
                code = encoded(os.urandom(16))
                begun[code] = asked
                back = urllib.parse.urlencode({"code": code, "state": asked["state"]})
                self.answer(302, [("location", f"{asked['redirect_uri']}?{back}")])

            def do_POST(self):
                sent = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["content-length"])).decode()))
                asked = begun.pop(sent["code"])
                challenge = encoded(hashlib.sha256(sent["code_verifier"].encode()).digest())
                assert challenge == asked["code_challenge"] and sent["redirect_uri"] == asked["redirect_uri"], sent.keys()
                tokens = {"access_token": issuer.token("psa-import"), "token_type": "Bearer", "expires_in": 3600,
                          "id_token": issuer.token(asked["client_id"], nonce=asked["nonce"])}
                self.answer(200, [("content-type", "application/json")], json.dumps(tokens).encode())

        listen_at(int(self.url.rsplit(":", 1)[1]), Handler)

    def token(self, audience, **more):
        now = int(time.time())
        claims = {"iss": self.url, "aud": audience, "iat": now, "exp": now + 3600, "sub": "ana", "email": "ana@noordzee.example",
                  "msp": MSP, "roles": ["administrator"], **more}
        signed = f'{encoded({"alg": "RS256", "kid": "one"})}.{encoded(claims)}'
        return f"{signed}.{encoded(self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


class Domain:
    """The domain of the API: here its stage has a path of its own, which pages and their links know nothing of."""

    def __init__(self):
        self.url, self.stage, domain = f"http://127.0.0.1:{free_port()}", None, self

        class Handler(Quiet):
            def forward(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                behind = urllib.parse.urlsplit(domain.stage)
                asked = http.client.HTTPConnection(behind.hostname, behind.port, timeout=60)
                passed = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
                asked.request(self.command, behind.path + self.path, body, passed)
                answer = asked.getresponse()
                own = ("content-length", "connection", "transfer-encoding", "date", "server")
                headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in own]
                self.answer(answer.status, headers, answer.read())

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = forward

        listen_at(int(self.url.rsplit(":", 1)[1]), Handler)


class Api:
    def __init__(self, url, token):
        self.url, self.token = url, token

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def ok(self, method, path, body=None):
        status, answer = self.call(method, path, body)
        assert status < 300, f"{method} {path}: {status} {answer}"
        return answer

    def wait(self, path, wanted):
        end = time.monotonic() + PATIENCE
        while True:
            now = self.ok("GET", path)
            if now["state"] in wanted:
                return now
            assert time.monotonic() < end, f"{path} does not get to {wanted}: {now}"
            assert now["state"] not in ("failed", "cancelled"), now
            time.sleep(0.2)


def play_pipe(machine):
    """Hands each record that the Pipe's filter would let through to the state machine, as an array of one."""
    glue, lines = machine["DefinitionString"]["Fn::Join"]
    definition = json.loads(glue.join(lines))
    states = definition["States"]
    states["PassesFilter"] = {"Type": "Choice", "Default": "PassedOver",
                              "Choices": [{"And": [{"Variable": "$.dynamodb.Keys.sk.S", "StringEquals": "IMPORT"},
                                                   {"Variable": "$.dynamodb.NewImage.assignment.S", "IsPresent": True}],
                                           "Next": "Batch"}]}
    states["PassedOver"] = {"Type": "Succeed"}
    states["Batch"] = {"Type": "Pass", "Parameters": {"records.$": "States.Array($)"}, "OutputPath": "$.records",
                       "Next": definition["StartAt"]}
    processor = {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "PassesFilter", "States": states}
    each = {"Type": "Map", "ItemProcessor": processor, "ResultPath": None, "End": True}
    machine["DefinitionString"] = json.dumps({"StartAt": "EachRecord", "States": {"EachRecord": each}})


def play_events_pipe(resources):
    """Puts what the second Pipe's filter would let through on the bus, by a state machine that is made from its filter and template."""
    pipe = resources["EventsPipe"]["Properties"]
    (wanted,) = pipe["SourceParameters"]["FilterCriteria"]["Filters"]
    wanted = json.loads(wanted["Pattern"])
    ((attribute, accepted),) = wanted["dynamodb"]["NewImage"].items()
    path = "$.dynamodb.NewImage"
    assert set(wanted) == {"eventName", "dynamodb"} and set(accepted) == {"S"}, wanted
    any_of = lambda variable, texts: {"Or": [{"Variable": variable, "StringEquals": text} for text in texts]}
    passes = [any_of("$.eventName", wanted["eventName"]), {"Variable": f"{path}.{attribute}.S", "IsPresent": True},
              any_of(f"{path}.{attribute}.S", accepted["S"])]

    def parameters(filled):
        """Paths in brackets as paths of the state machine."""
        made = {}
        for name, value in filled.items():
            if isinstance(value, dict):
                made[name] = parameters(value)
            else:
                assert value.startswith("<$.") and value.endswith(">"), f"not known here: {value}"
                made[f"{name}.$"] = value[1:-1]
        return made

    target = pipe.pop("TargetParameters")
    bus = target["EventBridgeEventBusParameters"]
    entry = {"EventBusName": "${ImportEvents}", "Source": bus["Source"], "DetailType": bus["DetailType"], "Detail.$": "$"}
    states = {
        "PassesFilter": {"Type": "Choice", "Default": "PassedOver", "Choices": [{"And": passes, "Next": "Detail"}]},
        "PassedOver": {"Type": "Succeed"},
        "Detail": {"Type": "Pass", "Parameters": parameters(json.loads(target["InputTemplate"])), "Next": "Put"},
        "Put": {"Type": "Task", "Resource": "arn:aws:states:::events:putEvents", "Parameters": {"Entries": [entry]}, "End": True},
    }
    processor = {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "PassesFilter", "States": states}
    each = {"Type": "Map", "ItemProcessor": processor, "ResultPath": None, "End": True}
    definition = json.dumps({"StartAt": "EachRecord", "States": {"EachRecord": each}})
    resources["EventsPlayed"] = {"Type": "AWS::StepFunctions::StateMachine",
                                 "Properties": {"RoleArn": pipe["RoleArn"], "DefinitionString": {"Fn::Sub": definition}}}
    pipe["Target"] = {"Ref": "EventsPlayed"}


def deploy(clients, functions, template, issuer, domain, places):
    s3, cloudformation = clients("s3"), clients("cloudformation")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::Lambda::Function":
            continue
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
            program = zipfile.ZipInfo("bootstrap")
            program.external_attr = 0o755 << 16
            zipped.writestr(program, (functions / name.removesuffix("Function").lower() / "bootstrap").read_bytes())
        s3.put_object(Bucket=BUCKET, Key=f"{name}.zip", Body=archive.getvalue())
        resource["Properties"]["Environment"]["Variables"].update(places)
    template["Resources"]["ConsoleFunction"]["Properties"]["Environment"]["Variables"]["API"] = domain
    # Alarms on sums of metrics are not understood here, and nothing watches.
    resources = template["Resources"]
    sums = [name for name, resource in resources.items() if "Metrics" in resource.get("Properties", {})]
    for name in sums:
        assert resources.pop(name)["Type"] == "AWS::CloudWatch::Alarm", name
    # Nor is there anything that could be asked.
    for name in [name for name, resource in resources.items() if resource["Type"] == "AWS::Logs::QueryDefinition"]:
        del resources[name]
    play_pipe(resources["ImportStateMachine"]["Properties"])
    play_events_pipe(resources)
    # Only in the cloud must these be https.
    for parameter in ("Issuer", "ConsoleOrigin"):
        template["Parameters"][parameter].pop("AllowedPattern", None)
    # Too large to be sent along.
    s3.put_object(Bucket=BUCKET, Key="template.json", Body=json.dumps(template).encode())
    chosen = {"Issuer": issuer, "Audience": "psa-import", "ConsoleOrigin": domain}
    parameters = [{"ParameterKey": name, "ParameterValue": value} for name, value in chosen.items()]
    cloudformation.create_stack(StackName="psa-import", TemplateURL=f"{places['AWS_ENDPOINT_URL']}/{BUCKET}/template.json",
                                Parameters=parameters,
                                Capabilities=["CAPABILITY_IAM"])
    end = time.monotonic() + PATIENCE
    while True:
        stack = cloudformation.describe_stacks(StackName="psa-import")["Stacks"][0]
        if stack["StackStatus"] == "CREATE_COMPLETE":
            return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        if stack["StackStatus"] != "CREATE_IN_PROGRESS" or time.monotonic() > end:
            events = cloudformation.describe_stack_events(StackName="psa-import")["StackEvents"]
            raise AssertionError([event for event in events if "FAILED" in event["ResourceStatus"]] or stack)
        time.sleep(0.2)


def connect(api, kind, face):
    body = {"kind": kind, "name": kind, "address": face[kind]["url"],
            "credentials": {field: face[kind][field] for field in CREDENTIALS[kind]}}
    if "companyId" in face[kind]:
        body["companyId"] = face[kind]["companyId"]
    return api.ok("POST", "/integrations", body)["id"]


def by_hand(api, integration, refusals=frozenset()):
    started = api.ok("POST", f"/integrations/{integration}/imports", {"filter": {}})
    path = f"/imports/{started['id']}"
    api.wait(path, {"review"})
    rows = api.ok("GET", f"{path}/companies?tab=in&status=unmapped&limit=5")["items"]
    row = next(row for row in rows if not row["own"])
    api.ok("PATCH", f"{path}/companies/{row['id']}", {"version": row["version"], "selected": True})
    api.ok("POST", f"{path}/companies/{row['id']}/addresses/select", {"selected": True, "where": {}})
    plan = api.ok("GET", f"{path}/plan")
    api.ok("POST", f"{path}/execute", {"planHash": plan["hash"], "confirmMassChange": True})
    api.wait(path, {"done"})
    result = api.ok("GET", f"{path}/result")
    assert result["companies"]["created"] == 1 and result["users"]["created"] > 0, result
    assert {row["code"] for row in result["errors"]} <= refusals, result
    return started["id"], result


def in_console(api, domain, kind, integration):
    """By the console's own pages, which a browser without a screen checks on the way."""
    environment = dict(os.environ, CONSOLE=f"{domain}/console", INTEGRATION=kind)
    test = ["cargo", "test", "--workspace", "--locked", "--quiet", "--test", "deployed"]
    ran = subprocess.run(test, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (done,) = api.ok("GET", f"/integrations/{integration}/imports")["items"]
    result = api.ok("GET", f"/imports/{done['id']}/result")
    assert result["companies"]["created"] == 1 and not result["errors"], result
    signed_in = [entry["by"] for entry in api.ok("GET", "/audit")["items"] if entry["action"] == "signedIn"]
    assert signed_in == ["ana@noordzee.example"], signed_in
    return done["id"], result


def into_lastpass(api, integration, face):
    """Chooses LastPass, imports there, and leaves it again: companies are made there some time after the request, so the import waits."""
    directory = face["lastpass"]
    refused = api.call("PUT", "/directory", {"kind": "lastpass", "apiKey": directory["apiKey"][::-1]})
    assert (refused[0], refused[1]["code"]) == (422, "directory_unauthorized"), refused
    assert api.ok("GET", "/directory")["kind"] == "builtIn"
    chosen = api.ok("PUT", "/directory", {"kind": "lastpass", "apiKey": directory["apiKey"]})
    assert chosen["kind"] == "lastpass" and directory["apiKey"] not in json.dumps(chosen), chosen
    # It takes no letters like ä in an address, and says so.
    made = by_hand(api, integration, {"directory_refused"})
    assert all(row["directorySays"] for row in made[1]["errors"]), made
    assert api.ok("DELETE", "/directory")["kind"] == "builtIn"
    return made


def by_schedule(api, clients, outputs, integration):
    at = (datetime.now(timezone.utc) + timedelta(seconds=3)).strftime("%Y-%m-%dT%H:%M:%S")
    message = {"msp": MSP, "integration": integration, "token": at}
    target = {"Arn": outputs["ScheduleTarget"], "RoleArn": outputs["ScheduleRole"], "Input": json.dumps(message),
              "DeadLetterConfig": {"Arn": outputs["UndeliveredTriggers"]}}
    clients("scheduler").create_schedule(Name="once", GroupName=outputs["ScheduleGroup"], ScheduleExpression=f"at({at})",
                                         FlexibleTimeWindow={"Mode": "OFF"}, Target=target)
    path = f"/integrations/{integration}/imports"
    end = time.monotonic() + PATIENCE
    while True:
        unattended = [each for each in api.ok("GET", path)["items"] if each["unattended"]]
        if unattended:
            break
        assert time.monotonic() < end, "the schedule starts nothing"
        time.sleep(0.5)
    ended = api.wait(f"/imports/{unattended[0]['id']}", {"done"})
    assert ended["counts"]["companies"]["unchanged"] == 1, ended
    assert ended["counts"]["companies"]["created"] == 0, ended
    return unattended[0]["id"], ended["counts"]


def listen(clients, outputs):
    """A rule of an operator, as README.md shows one: what ended goes to a queue."""
    queue = clients("sqs").create_queue(QueueName="operators")["QueueUrl"]
    arn = clients("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["psa-import"], "detail": {"what": ["ended"]}}
    rule = {"EventBusName": outputs["ImportEvents"], "Name": "ended", "EventPattern": json.dumps(pattern)}
    clients("events").put_rule(**rule)
    clients("events").put_targets(EventBusName=outputs["ImportEvents"], Rule="ended", Targets=[{"Id": "queue", "Arn": arn}])
    return queue


def heard(api, clients, queue, results):
    """One event for each import that ended, with its counts, and nobody's name or address."""
    events, end = {}, time.monotonic() + PATIENCE
    while len(events) < len(results):
        received = clients("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
        for message in received:
            event = json.loads(message["Body"])
            assert (event["source"], event["detail-type"]) == ("psa-import", "Import"), event
            assert "@" not in message["Body"], message
            events[event["detail"]["import"]] = event["detail"]
            clients("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        assert time.monotonic() < end, f"{len(events)} of {len(results)} events came"
    for ended, result in results.items():
        event = events[ended]
        created, failed = (result["companies"][how] + result["users"][how] for how in ("created", "failed"))
        told = (event["what"], event["state"], event["code"], event["msp"], event["rows"]["created"], event["rows"]["failed"])
        assert told == ("ended", "done", "", MSP, str(created), str(failed)), event
        assert api.ok("GET", event["look"]), event
    return sorted(event["unattended"] for event in events.values())


def main(functions, template):
    face = json.loads(os.environ["SANDBOX"])
    template = json.loads(Path(template).read_text())
    issuer, domain, port = Issuer(), Domain(), free_port()
    environment = dict(os.environ, GATEWAY_PORT=str(port), BIND_HOST="127.0.0.1", MINISTACK_HOST="127.0.0.1",
                       MINISTACK_REGION="eu-west-1", AWS_DEFAULT_REGION="eu-west-1", IOT_MTLS_ENABLED="0", SFTP_ENABLED="0")
    aws = f"http://127.0.0.1:{port}"
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-west-1")
    clients = lambda service: session.client(service, endpoint_url=aws)
    with tempfile.TemporaryFile() as log:
        local = subprocess.Popen([sys.executable, "-m", "ministack"], env=environment, stdout=log, stderr=log)
        try:
            end = time.monotonic() + 30
            while True:
                try:
                    clients("sts").get_caller_identity()
                    break
                except Exception:
                    assert time.monotonic() < end and local.poll() is None, "the local AWS does not start"
                    time.sleep(0.2)
            places = {"AWS_ENDPOINT_URL": aws,
                      "LASTPASS_ORIGIN": face["lastpass"]["url"],
                      "PSA_ALLOWED_ORIGINS": ",".join(face[system]["url"] for system in ("connectwise", "autotask", "lastpass"))}
            began = time.monotonic()
            outputs = deploy(clients, Path(functions), template, issuer.url, domain.url, places)
            print(f"deployed {len(template['Resources'])} resources in {time.monotonic() - began:.1f} s")
            api_id = next(api["ApiId"] for api in clients("apigatewayv2").get_apis()["Items"])
            url = domain.stage = f"{aws}/_aws/execute-api/{api_id}/$default"
            for token in (None, "nonsense", issuer.token("somebody else")):
                assert Api(url, token).call("GET", "/integrations")[0] == 401, token
            api = Api(url, issuer.token("psa-import"))
            api.ok("PUT", "/licences", {"total": 1000})
            queue, results = listen(clients, outputs), {}
            for kind in ("connectwise", "autotask"):
                integration = connect(api, kind, face)
                if kind == "connectwise":
                    ended, result = by_hand(api, integration)
                    results[ended] = result
                    print(f"{kind}: imported by hand, {result['users']['created']} users")
                    ended, result = by_schedule(api, clients, outputs, integration)
                    results[ended] = result
                    print(f"{kind}: imported by schedule")
                    ended, result = into_lastpass(api, integration, face)
                    results[ended] = result
                    print(f"{kind}: imported into LastPass, {result['users']['created']} users")
                else:
                    ended, result = in_console(api, domain.url, kind, integration)
                    results[ended] = result
                    print(f"{kind}: imported in the console, {result['users']['created']} users")
            unattended = heard(api, clients, queue, results)
            assert unattended == ["false", "false", "false", "true"], unattended
            print(f"{len(results)} events came by the second pipe, the bus and a rule")
            machine = outputs["StateMachine"]
            # An import has ended a moment before its execution has.
            end = time.monotonic() + 60
            while True:
                executions = clients("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
                states = [execution["status"] for execution in executions]
                if "RUNNING" not in states or time.monotonic() > end:
                    break
                time.sleep(0.2)
            assert set(states) == {"SUCCEEDED"}, states
            print(f"{len(states)} executions, all succeeded")
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read().decode(errors="replace")[-8000:])
            raise
        finally:
            local.terminate()
            local.wait(timeout=20)


if __name__ == "__main__":
    main(*sys.argv[1:])
