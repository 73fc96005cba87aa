"""One life of an installation on the fake AWS, by the scripts that a person uses: deploy, secrets, the check boot, destroy.

The fake cannot run an instance. The caller (tests/tests/boot) does that. This program and the caller exchange lines of JSON:

1. The caller sends what to install: {"binary", "arch", "instance_types", "settings", "secrets"}.
2. The program sends {"aws", "instance", "user_data"} when an instance is to boot, and the caller boots it.
3. The program sends {"deployed"} with the last words of scripts/deploy, which waits for the report of that boot.
4. The caller sends any line when the instance is off. The program sends what the instance left: {"streams", "ready_seconds", "generations"}.
5. The program destroys the stack and sends {"kept", "left"}.

If a step fails, the program sends {"failed"} and ends.
"""

import base64
import datetime
import json
import pathlib
import subprocess
import sys
import time

from cycle import bootstrap, client, everything
from tools import Failed, Stack, fake_aws


def say(**what):
    print(json.dumps(what), flush=True)


def hear():
    line = sys.stdin.readline()
    if not line:
        raise Failed("the caller went away")
    return json.loads(line)


class Person:
    """Who types the commands, in a copy of the repository."""

    def __init__(self, stack):
        self.folder = stack.folder
        self.environment = {**stack.environment, "TF_VAR_alert_email": "me@example.org"}

    def starts(self, *words, **options):
        return subprocess.Popen(words, cwd=self.folder, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def runs(self, *words, stdin=""):
        done = subprocess.run(words, cwd=self.folder, env=self.environment, text=True, capture_output=True, input=stdin, timeout=580)
        if done.returncode:
            raise Failed(f"$ {' '.join(words)}\nexit {done.returncode}\n{done.stdout[-1500:]}\n{done.stderr[-2500:]}")
        return done.stdout


def asked_for(url, deploy):
    """The id of the instance that the group started, and the user-data that its launch template gives it."""
    groups, ec2 = client(url, "autoscaling"), client(url, "ec2")
    while True:
        if deploy.poll() is not None:
            raise Failed(f"scripts/deploy ended before an instance was there: {deploy.stderr.read()[-2500:]}")
        group = groups.describe_auto_scaling_groups(AutoScalingGroupNames=["mecris-staging"])["AutoScalingGroups"][0]
        if group["Instances"]:
            break
        time.sleep(0.2)  # the fake has nothing to wait on
    template = group["MixedInstancesPolicy"]["LaunchTemplate"]["LaunchTemplateSpecification"]
    version = ec2.describe_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"], Versions=[template["Version"]])["LaunchTemplateVersions"][0]
    return group["Instances"][0]["InstanceId"], base64.b64decode(version["LaunchTemplateData"]["UserData"])


def left_by_the_instance(url, bucket):
    """Log streams, the seconds until ready, and the generations of the state."""
    now = datetime.datetime.now(datetime.timezone.utc)
    points = client(url, "cloudwatch").get_metric_statistics(
        Namespace="Mecris/staging", MetricName="BootReadySeconds", Dimensions=[{"Name": "Environment", "Value": "staging"}], StartTime=now - datetime.timedelta(hours=1),
        EndTime=now + datetime.timedelta(hours=1), Period=7200, Statistics=["Sum"])["Datapoints"]
    return {
        "streams": [stream["logStreamName"] for stream in client(url, "logs").describe_log_streams(logGroupName="/mecris/staging")["logStreams"]],
        "ready_seconds": sum(point["Sum"] for point in points),
        "generations": [o["Key"] for o in client(url, "s3").list_objects_v2(Bucket=bucket, Prefix="agent/state/").get("Contents", [])],
    }


def life(url):
    wanted = hear()
    bootstrap(url)
    before = everything(url)
    with Stack(url) as stack:
        person = Person(stack)
        same = ("--arch", wanted["arch"], "--var", f"instance_types={json.dumps(wanted['instance_types'])}", "--var", f"agent_settings={wanted['settings']}", "--var", "agent_role=main", "--yes")
        person.runs("scripts/deploy", "staging", "--binary", wanted["binary"], "--version", "1.2.3", "--no-wait", *same)
        for name, value in wanted["secrets"].items():
            person.runs("scripts/secrets", "set", "staging", name, stdin=value)

        with person.starts("scripts/deploy", "staging", "--same", *same) as deploy:
            instance, user_data = asked_for(url, deploy)
            say(aws=url, instance=instance, user_data=user_data.hex())
            said, errors = deploy.communicate(timeout=900)
        if deploy.returncode:
            raise Failed(f"scripts/deploy --same: exit {deploy.returncode}: {errors[-2500:]}")
        say(deployed=said.strip().splitlines()[-1])

        hear()
        say(**left_by_the_instance(url, "mecris-staging-123456789012"))
        person.runs("scripts/destroy", "staging", "--yes", "--keep", "kept")
        kept = [path.read_bytes()[:4].hex() for path in pathlib.Path(stack.folder, "kept").iterdir()]
    left = {kind: sorted(set(names) - set(before[kind])) for kind, names in everything(url).items()}
    say(kept=kept, left={kind: names for kind, names in left.items() if names})


def main():
    try:
        with fake_aws() as url:
            life(url)
    except (Failed, subprocess.TimeoutExpired) as failure:
        say(failed=str(failure))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
