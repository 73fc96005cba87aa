"""The first deploy as docs/RUNBOOK.md writes it, on an empty account of the fake AWS, with the real scripts: then a second version, a
rollback, a failed boot, and the end. What an instance does is played here: the fake starts instances, but runs nothing in them."""

import base64
import datetime
import hashlib
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import threading
import time

from cycle import client, everything
from passes import package
from tools import ROOT, Failed, Stack


class Instances(threading.Thread):
    """Plays the instances of the fake: each new one reports its boot to the log group, as user-data does."""

    def __init__(self, url, says):
        super().__init__(daemon=True)
        self.url, self.says, self.seen, self.over = url, says, set(), threading.Event()

    def run(self):
        groups, logs = client(self.url, "autoscaling"), client(self.url, "logs")
        while not self.over.wait(0.3):
            for group in groups.describe_auto_scaling_groups()["AutoScalingGroups"]:
                for instance in group["Instances"]:
                    if instance["InstanceId"] not in self.seen:
                        self.seen.add(instance["InstanceId"])
                        stream = f"{instance['InstanceId']}/boot"
                        logs.create_log_stream(logGroupName="/mecris/staging", logStreamName=stream)
                        text = self.says(self.deployed(), instance["InstanceId"])
                        logs.put_log_events(logGroupName="/mecris/staging", logStreamName=stream, logEvents=[{"timestamp": int(time.time() * 1000), "message": text}])

    def deployed(self):
        """The version of the newest launch template."""
        found = client(self.url, "ec2").describe_launch_template_versions(LaunchTemplateName="mecris-staging", Versions=["$Latest"])
        return found["LaunchTemplateVersions"][0]["VersionDescription"].split()[-1]


def ready(version, instance):
    return f"mecris-boot: ready: version {version} (aarch64) on {instance}, 12.34 s after the start of user-data"


def runbook_commands():
    """The commands of the runbook's chapter on the first deploy, as written there."""
    chapter = (ROOT / "docs/RUNBOOK.md").read_text().split("## First deploy", 1)[1].split("\n## ", 1)[0]
    return [line.strip() for block in re.findall(r"```sh\n(.*?)```", chapter, re.DOTALL) for line in block.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")]


# In place of a session, which needs the plugin and a machine at the other end: notes what was asked for, and
# asks with what curl is given.
SESSION = """#!/usr/bin/env bash
[[ "$1 $2" == "ssm start-session" ]] || exec {aws} "$@"
printf '%s\\n' "$@" >session
for file in "$TMPDIR"/*; do
    [[ -e $file ]] || continue # a shell needs none
    stat -c %a "$file" >mode
    curl -sS -K "$file" {echo}
done
"""


class Echo(http.server.BaseHTTPRequestHandler):
    """Says which token it was asked with."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.headers.get("Authorization", "none").encode())

    def log_message(self, *_):
        pass


def connects(sh, here, url):
    """scripts/connect: a shell and a port, on the instance of whichever group has one; the token reaches curl and nothing else."""
    token = 'pa"ss\\wo:rd-0123456789'
    sh("scripts/secrets set staging MECRIS_API_TOKENS", f"phone:{token},laptop:0123456789abcdef")
    groups = client(url, "autoscaling")
    groups.set_desired_capacity(AutoScalingGroupName="mecris-staging", DesiredCapacity=1)
    instance = groups.describe_auto_scaling_groups()["AutoScalingGroups"][0]["Instances"][0]["InstanceId"]
    echo = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=echo.serve_forever, daemon=True).start()
    for folder in ("bin", "tmp"):
        (here / folder).mkdir()
    (here / "bin/aws").write_text(SESSION.format(aws=shutil.which("aws"), echo=f"http://127.0.0.1:{echo.server_address[1]}/"))
    (here / "bin/aws").chmod(0o755)
    connect = 'export TMPDIR="$PWD/tmp" PATH="$PWD/bin:$PATH"; scripts/connect staging'
    shell = sh(connect)
    asked = (here / "session").read_text().split()
    if asked != ["ssm", "start-session", "--target", instance] or shell.stdout:
        raise Failed(f"scripts/connect staging asked for {asked}: {shell.stdout}")
    port = sh(f"{connect} --forward 8001")
    asked = (here / "session").read_text().split()
    wanted = ["ssm", "start-session", "--target", instance, "--document-name", "AWS-StartPortForwardingSession", "--parameters", "portNumber=8000,localPortNumber=8001"]
    if asked != wanted or (here / "mode").read_text() != "600\n" or port.stdout != f"Bearer {token}":
        raise Failed(f"scripts/connect staging --forward 8001 asked for {asked}; curl sent {port.stdout}")
    if "http://127.0.0.1:8001/narrator/context" not in port.stderr or list((here / "tmp").iterdir()) or token in port.stderr:
        raise Failed(f"scripts/connect left a file in {list((here / 'tmp').iterdir())}, or said {port.stderr}")
    sh("scripts/secrets remove staging MECRIS_API_TOKENS")
    none = sh(f"{connect} --forward", allowed=(1,))
    if "there is no MECRIS_API_TOKENS in mecris/staging" not in none.stderr:
        raise Failed(f"scripts/connect without a token says {none.stderr}")
    echo.shutdown()
    groups.set_desired_capacity(AutoScalingGroupName="mecris-staging", DesiredCapacity=0)


def build(here, content):
    """What scripts/build-release would leave in dist; the package's SHA-256 as AWS writes it."""
    binary = here / "dist/mecris-agent-aarch64"
    binary.write_bytes(content)
    package(binary, f"{binary}.zip")
    return base64.b64encode(hashlib.sha256(pathlib.Path(f"{binary}.zip").read_bytes()).digest()).decode()


def passes_use(url, digest, when):
    """The alias that schedules start is a version with this package."""
    found = client(url, "lambda").get_function_configuration(FunctionName="mecris-staging-pass", Qualifier="live")["CodeSha256"]
    if found != digest:
        raise Failed(f"{when}, passes by Lambda are made with the package {found}, not {digest}")


def first_deploy_second_version_rollback_destroy(url):
    """Every command has to work as written, in order, on an account where nothing is."""
    with Stack(url) as stack:
        here = stack.folder
        environment = {**stack.environment, "ANSWER": "staging", "TF_VAR_alert_email": "me@example.org"}
        (here / "dist").mkdir()
        first = build(here, b"first binary")
        # A window that is not now, whenever this runs: what a deploy opens for its check it has to close.
        day = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(3)).strftime("%a").upper()
        settings = here / "infra/env/staging.tfvars"
        settings.write_text(re.sub(r"window_days *=.*", f'window_days = ["{day}"]', settings.read_text()) + 'lambda_passes = ["21:30"]\n')

        def sh(command, stdin="", allowed=(0,)):
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=here, env=environment, input=stdin, capture_output=True, text=True, timeout=300)
            if done.returncode not in allowed:
                raise Failed(f"$ {command}\nexit {done.returncode}\n{done.stdout[-1500:]}\n{done.stderr[-2500:]}")
            return done

        commands = runbook_commands()
        if len(commands) < 5:
            raise Failed("docs/RUNBOOK.md has no commands in \"First deploy\"")
        instances = Instances(url, ready)
        instances.start()
        try:
            return follow(commands, instances, sh, here, url, first)
        finally:
            instances.over.set()
            instances.join()


def alarms_are_tested(sh, glass, url):
    """scripts/alarm-test: sets one alarm where somebody is subscribed, and none where nobody confirmed."""
    cloudwatch = client(url, "cloudwatch")

    def state():
        return cloudwatch.describe_alarms(AlarmNames=["mecris-staging-notification-failed"])["MetricAlarms"][0]

    pending = '[[ "$1 $2" != "sns list-subscriptions-by-topic" ]] || { printf "email\\tme@example.org\\tPendingConfirmation\\n"; exit; }'
    (glass / "aws").write_text(f'#!/usr/bin/env bash\n{pending}\nexec {shutil.which("aws")} "$@"\n')
    before = state()["StateValue"]
    nobody = sh('PATH="$PWD/glass:$PATH" scripts/alarm-test staging', allowed=(1,))
    if "UNCONFIRMED  email me@example.org" not in nobody.stdout or "nobody gets the alarms" not in nobody.stderr or state()["StateValue"] != before:
        raise Failed(f"an address that did not confirm: {nobody.stdout} {nobody.stderr}")
    said = sh("scripts/alarm-test staging").stdout
    found = state()
    if "confirmed    email" not in said or found["StateValue"] != "ALARM" or "scripts/alarm-test" not in found["StateReason"]:
        raise Failed(f"scripts/alarm-test says {said}; the alarm is {found['StateValue']}: {found['StateReason']}")


def follow(commands, instances, sh, here, url, first):
    """The whole life, command by command."""
    for command in commands:
        # What a person types or what another test builds is given here; everything else is run as it stands.
        if command.startswith(("git clone", "cd mecris", "scripts/build-release", "gh api", "aws configure", "aws sso")):
            continue
        stdin = "canary-secret-value" if command.startswith("scripts/secrets set") else "staging\n"
        sh(command, stdin)
        if "infra/bootstrap apply" in command:
            before = everything(url)
    secret = json.loads(client(url, "secretsmanager").get_secret_value(SecretId="mecris/staging", VersionStage="AWSCURRENT")["SecretString"])
    if "canary-secret-value" not in secret.values():
        raise Failed(f"the secrets were not set: {sorted(secret)}")

    passes_use(url, first, "after the first deploy and the first boot")

    second = build(here, b"second binary")
    sh("scripts/deploy staging --binary dist/mecris-agent-aarch64 --version 0.2.0 --yes")
    if instances.deployed() != "0.2.0":
        raise Failed(f"deployed is {instances.deployed()}")
    passes_use(url, second, "after the second deploy")
    glass = here / "glass"
    glass.mkdir()
    forbidden = '[[ "$1 $2" != "s3api head-bucket" ]] || { echo "An error occurred (403) when calling the HeadBucket operation: Forbidden" >&2; exit 254; }'
    (glass / "aws").write_text(f'#!/usr/bin/env bash\n{forbidden}\nexec {shutil.which("aws")} "$@"\n')
    (glass / "aws").chmod(0o755)
    blind = sh('PATH="$PWD/glass:$PATH" scripts/deploy staging --same --yes --no-wait', allowed=(1,))
    if "(403)" not in blind.stderr:
        raise Failed(f"that nobody may look whether there is a bucket was not said: {blind.stderr[-800:]}")
    passes_use(url, second, "after a deploy that could not see the bucket")
    (here / "dist/alone").write_bytes(b"third binary")
    alone = sh("scripts/deploy staging --binary dist/alone --version 0.3.0 --yes", allowed=(1,))
    if "release.zip_sha256 is not set" not in " ".join(alone.stderr.split()):
        raise Failed(f"a version without a package for Lambda was not refused with a sentence: {alone.stderr[-800:]}")
    again = sh("scripts/deploy staging --binary /dev/null --version 0.2.0 --yes", allowed=(1,))
    if "in the bucket already with other bytes" not in again.stderr:
        raise Failed("another binary under the same version was not refused")

    began = time.monotonic()
    listed = sh("scripts/rollback staging --list").stdout
    if "artifacts/0.1.0/" not in listed or ".sha256" in listed or ".zip" in listed:
        raise Failed(f"rollback --list says {listed}")
    sh("scripts/rollback staging 0.1.0")
    took = time.monotonic() - began
    if instances.deployed() != "0.1.0":
        raise Failed("the rollback did not bring the old version back")
    passes_use(url, first, "after the rollback")
    if took > 300:
        raise Failed(f"the rollback took {took:.0f} s, the objective is 300")

    instances.says = lambda version, instance: f"mecris-boot: FAILED at step verify of version {version} (aarch64) on {instance}, code 1: wrong bytes"
    bad = sh("scripts/deploy staging --release 0.2.0 --yes", allowed=(1,))
    if "FAILED at step verify" not in bad.stderr:
        raise Failed(f"a failed boot was not reported: {bad.stderr[-300:]}")
    desired = client(url, "autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]["DesiredCapacity"]
    if desired != 0:
        raise Failed("the instance that was opened for the check was left open")
    instances.over.set()

    connects(sh, here, url)
    alarms_are_tested(sh, glass, url)
    names = sh("scripts/secrets list staging").stdout.split()
    sh(f"scripts/secrets remove staging {names[0]}")
    if sh("scripts/secrets list staging").stdout.split() != names[1:]:
        raise Failed("scripts/secrets remove did not remove")
    for wrong, words in {"scripts/secrets set staging PASSWORD": "is no secret that the agent knows", "scripts/secrets set staging SMTP_URL value": "not given on the command line",
                         "scripts/deploy test --same": "is no environment", "scripts/connect staging": "no instance of staging runs now", "scripts/connect staging --forward 70000": "is no port"}.items():
        if words not in sh(wrong, allowed=(1, 64)).stderr:
            raise Failed(f"{wrong} does not say \"{words}\"")

    client(url, "s3").put_object(Bucket="mecris-staging-123456789012", Key="agent/state/0000000007.db.zst", Body=b"state")
    said = sh("scripts/destroy staging --keep kept", "staging\n").stdout
    if "1 generations" not in said or (here / "kept/mecris-staging-0000000007.db.zst").read_bytes() != b"state":
        raise Failed("destroy did not keep the newest state")
    for path in pathlib.Path(here).rglob("*"):
        if path.is_file() and b"canary-secret-value" in path.read_bytes():
            raise Failed(f"a secret's value is in {path.name}")
    state = [o["Key"] for o in client(url, "s3").list_objects_v2(Bucket="mecris-tfstate-123456789012").get("Contents", [])]
    for key in state:
        if b"canary-secret-value" in client(url, "s3").get_object(Bucket="mecris-tfstate-123456789012", Key=key)["Body"].read():
            raise Failed(f"a secret's value is in Terraform's state {key}")
    left = {kind: sorted(set(names) - set(before[kind])) for kind, names in everything(url).items()}
    left = {kind: names for kind, names in left.items() if names}
    if left:
        raise Failed(f"destroy leaves {left}")
    return f"{len(commands)} commands of the runbook, rollback in {took:.0f} s"
