"""A pass by Lambda as AWS would make it: the stack is applied to the fake AWS, and the function's package and environment, as they are there,
run against a fake of Lambda's Runtime API, with the real agent, moto and the fakes of Beeminder and Twilio.

moto runs a function only in Docker, which this needs nothing of. What is not AWS' here: the machine is this one, not Amazon Linux, and
nobody enforces the function's rights, its memory and its timeout.
"""

import base64
import contextlib
import datetime
import hashlib
import http.server
import io
import json
import os
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.request
import zipfile
import zoneinfo

from cycle import client, everything
from tools import ROOT, Failed, Stack
from windows import agent, built

sys.path.append(str(ROOT / "infra/lambda"))
from package import package  # noqa: E402

PATIENCE = 120  # seconds, for a pass
ZONE = "America/New_York"
BUCKET = "mecris-staging-123456789012"


class RuntimeApi(http.server.ThreadingHTTPServer):
    """Lambda's Runtime API, 2018-06-01: holds `next` until there is an invocation, and refuses answers to any but that one."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), RuntimeCall)
        self.waiting, self.answers, self.current, self.count = queue.Queue(), queue.Queue(), None, 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def invoke(self):
        """One invocation; (response or error, its body, its headers) when the runtime has answered."""
        self.count += 1
        self.waiting.put(f"00000000-0000-4000-8000-{self.count:012}")
        try:
            return self.answers.get(timeout=PATIENCE)
        except queue.Empty:
            raise Failed(f"bootstrap gave no answer to invocation {self.count} in {PATIENCE} s") from None


class RuntimeCall(http.server.BaseHTTPRequestHandler):
    """One request of the runtime."""

    protocol_version = "HTTP/1.1"

    def answer(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path != "/2018-06-01/runtime/invocation/next" or self.server.current:
            return self.answer(403)
        self.server.current = self.server.waiting.get()
        self.answer(200, [("Lambda-Runtime-Aws-Request-Id", self.server.current), ("Lambda-Runtime-Deadline-Ms", "4102444800000"), ("Content-Type", "application/json")], b"{}")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        prefix = f"/2018-06-01/runtime/invocation/{self.server.current}/"
        kind = self.path.removeprefix(prefix)
        if not self.server.current or kind not in ("response", "error"):
            return self.answer(404)
        self.server.current = None
        self.answer(202)
        self.server.answers.put((kind, body, self.headers))

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def fakes():
    """Beeminder with two goals in danger, and Twilio; yields where they are."""
    process = subprocess.Popen([built("mecris-fakes")], stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def accepted(where):
    """How many messages Twilio took."""
    with urllib.request.urlopen(where["twilio"]["base_url"].rstrip("/") + "/_control/accepted", timeout=10) as answer:
        return len(json.load(answer))


def applied(stack, url, binary):
    """Applies the stack without passes, uploads the package as scripts/deploy does, and applies it with one; the function's configuration."""
    now = datetime.datetime.now(zoneinfo.ZoneInfo(ZONE))
    release = {"version": "1.2.3", "sha256": "ab" * 32}
    # A window that is not now, and a pass that is not in it. Staging has a role that leaves goals to prod.
    window = {"time_zone": ZONE, "window_start": f"{(now.hour + 6) % 24:02}:00", "agent_role": "main"}
    stack.init()
    stack.variables(**window)
    stack.terraform("apply", "-input=false", "-auto-approve")
    without = everything(url)
    if without["functions"]:
        raise Failed(f"without lambda_passes there is {without['functions']}")

    zip_file = stack.folder / "package.zip"
    package(binary, zip_file)
    s3, key = client(url, "s3"), "artifacts/1.2.3/mecris-agent-aarch64.zip"
    s3.upload_file(str(zip_file), BUCKET, key)
    digest = hashlib.sha256(zip_file.read_bytes())
    release["zip_sha256"] = digest.hexdigest()
    passes = {**window, "lambda_passes": [f"{now.hour:02}:30"]}
    stack.variables(**passes, release=release)
    stack.terraform("apply", "-input=false", "-auto-approve")
    again = stack.terraform("plan", "-input=false", "-detailed-exitcode", allowed=(0, 2))
    if again.returncode:
        raise Failed(f"the second plan changes something:\n{again.stdout[-3000:]}")

    function = client(url, "lambda").get_function_configuration(FunctionName="mecris-staging-pass", Qualifier="live")
    if function["CodeSha256"] != base64.b64encode(digest.digest()).decode():
        raise Failed(f"the alias is a version with {function['CodeSha256']}")
    return without, passes, release, function


def other_bytes_are_refused(stack, url, passes, release, function):
    """A package with other bytes than the plan's is not used: apply fails with a sentence, and the alias stays where it was."""
    client(url, "s3").put_object(Bucket=BUCKET, Key="artifacts/1.2.4/mecris-agent-aarch64.zip", Body=b"other bytes")
    stack.variables(**passes, release={**release, "version": "1.2.4"})
    refused = stack.terraform("apply", "-input=false", "-auto-approve", allowed=(1,))
    if "Lambda goes on with the version" not in " ".join(refused.stderr.split()):
        raise Failed(f"other bytes are refused without a sentence: {refused.stderr[-1500:]}")
    alias = client(url, "lambda").get_alias(FunctionName="mecris-staging-pass", Name="live")
    if alias["FunctionVersion"] != function["Version"]:
        raise Failed(f"other bytes were refused, and are used all the same: the alias went from {function['Version']} to {alias['FunctionVersion']}")


def unpacked(url, folder):
    """The package in the bucket, unpacked as Lambda does: with the modes that are in it."""
    body = client(url, "s3").get_object(Bucket=BUCKET, Key="artifacts/1.2.3/mecris-agent-aarch64.zip")["Body"].read()
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        for entry in archive.infolist():
            path = pathlib.Path(archive.extract(entry, folder))
            path.chmod(entry.external_attr >> 16 & 0o777)
    if sorted(os.listdir(folder)) != ["bootstrap", "mecris-agent"]:
        raise Failed(f"the package holds {sorted(os.listdir(folder))}")
    return folder / "bootstrap"


def metrics(log):
    """Names of the metrics in these lines of log, with their dimension."""
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{") and '"_aws"' in line]
    return [(name["Name"], line["Environment"]) for line in lines for name in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]]


def served(url, where, function, folder):
    """Four invocations of one runtime: a message, a broken setting, silence because it was said, and Beeminder down."""
    (folder / "tmp").mkdir()
    api, state = RuntimeApi(), folder / "tmp/mecris_usage.db"
    secret = {
        "BEEMINDER_AUTH_TOKEN": where["beeminder"]["auth_token"], "TWILIO_ACCOUNT_SID": where["twilio"]["account_sid"], "TWILIO_AUTH_TOKEN": where["twilio"]["auth_token"],
        "TWILIO_TO_NUMBER": "+14155550100",
    }
    client(url, "secretsmanager").put_secret_value(SecretId="mecris/staging", SecretString=json.dumps(secret))
    environment = {
        **function["Environment"]["Variables"],
        # What Lambda itself sets.
        "PATH": os.environ["PATH"], "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_address[1]}",
        # Where the fakes are, and what depends on the hour of this test.
        "AWS_ENDPOINT_URL": url, "TMPDIR": str(folder / "tmp"), "MECRIS__STATE__PATH": str(state), "MECRIS__BEEMINDER__BASE_URL": where["beeminder"]["base_url"],
        "MECRIS__NOTIFY__SMS__BASE_URL": where["twilio"]["base_url"], "MECRIS__NOTIFY__SMS__MESSAGING_SERVICE_SID": where["twilio"]["messaging_service_sid"],
        "MECRIS__POLICY__QUIET_HOURS": "[]",
    }
    ssm = client(url, "ssm")
    setting = ssm.get_parameter(Name="/mecris/staging/agent.toml")["Parameter"]["Value"]
    bootstrap = unpacked(url, folder / "task")
    with open(folder / "log", "w+") as log, subprocess.Popen([bootstrap], cwd=bootstrap.parent, env=environment, stdout=log, stderr=log) as runtime:
        def said():
            return (folder / "log").read_text()

        def invoke(wanted, why):
            kind, body, headers = api.invoke()
            code = re.search(r"mecris-agent run ended with (\d+)\n$", said())
            found = kind, int(code[1]) if kind == "error" and code else 0
            if found != wanted or (kind == "error") != (headers.get("Lambda-Runtime-Function-Error-Type") == "Function.PassFailed"):
                raise Failed(f"{why}: {found} {body[:400]}, wanted {wanted}\n{said()[-3000:]}")
            return json.loads(body)

        try:
            report = invoke(("response", 0), "a pass")
            if not any(decision["action"] == "notify" for decision in report["decisions"]) or accepted(where) != 1:
                raise Failed(f"the first pass sent {accepted(where)} messages: {report['decisions']}")
            if metrics(said()) != [("SuccessfulPass", "staging-lambda")]:
                raise Failed(f"a pass outside the window counts {metrics(said())}")

            ssm.put_parameter(Name="/mecris/staging/agent.toml", Value="time_zone = 7", Overwrite=True)
            error = invoke(("error", 78), "a pass with a broken setting")
            if set(error) != {"errorType", "errorMessage", "stackTrace"} or "time_zone" not in said():
                raise Failed(f"a broken setting is reported as {error}, with {said()[-1000:]} in the log")
            ssm.put_parameter(Name="/mecris/staging/agent.toml", Value=setting, Overwrite=True)

            # The disk of a machine that is used again may be older than what the instance did since.
            left = [path.name for path in state.parent.glob(state.name + "*")]
            if left:
                raise Failed(f"after a pass whose state is in the bucket there still is {left}")
            report = invoke(("response", 0), "the pass after a failure")
            if accepted(where) != 1 or {decision["reason"] for decision in report["decisions"]} & {"first_of_day", "escalated"}:
                raise Failed(f"on an empty disk it was said again: {accepted(where)} messages, {report['decisions']}")

            control = where["beeminder"]["base_url"].split("/api/")[0] + "/_control/fault"
            fault = urllib.request.Request(control, b'{"fault": {"status": 503}}', {"Content-Type": "application/json"}, method="PUT")
            urllib.request.urlopen(fault, timeout=10).close()
            invoke(("error", 3), "a pass that cannot read Beeminder")
            if '"observations"' not in said():
                raise Failed(f"the report of a pass that failed is not in the log: {said()[-2000:]}")
            if metrics(said())[-1] != ("FailedPass", "staging-lambda"):
                raise Failed(f"a pass that could not read Beeminder counts {metrics(said())[-1]}")
        finally:
            runtime.kill()
            api.shutdown()
    generations = client(url, "s3").list_objects_v2(Bucket=BUCKET, Prefix="agent/state/").get("KeyCount", 0)
    if not generations:
        raise Failed("no pass copied its state to where the instance looks for it")
    return generations


def a_pass_by_lambda(url):
    """From `terraform apply` to four invocations, and back to a stack without any of it."""
    with Stack(url) as stack, fakes() as where, tempfile.TemporaryDirectory(prefix="mecris-lambda-") as folder:
        without, passes, release, function = applied(stack, url, agent())
        generations = served(url, where, function, pathlib.Path(folder))
        other_bytes_are_refused(stack, url, passes, release, function)
        stack.variables(**{**passes, "lambda_passes": []})
        stack.terraform("apply", "-input=false", "-auto-approve")
        left = {kind: sorted(set(names) - set(without[kind])) for kind, names in everything(url).items()}
        left = {kind: names for kind, names in left.items() if names}
        if left:
            raise Failed(f"without lambda_passes there still is {left}")
    return f"applied, second plan empty, 4 invocations, {generations} generations, other bytes refused, nothing left when switched off"


def missing():
    """Why this cannot run here, if it cannot."""
    if not agent() or not built("mecris-fakes"):
        return "no mecris-agent and mecris-fakes were built (cargo build --workspace)"
    return None if shutil.which("curl") else "curl is not installed, which bootstrap needs"
