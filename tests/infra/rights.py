"""Who may do what: the policies of a plan against AWS' list of actions, and the instance's rights against what the code calls."""

import json
import os
import re

import warnings

import boto3

warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
import parliament  # noqa: E402

from assertions import listed, statements
from tools import ROOT, Failed, resources

# Where the code is that calls AWS; another tree can be named while a change that calls more is not merged
# yet.
SOURCE = os.environ.get("MECRIS_SOURCE", str(ROOT))

# The SSM agent of the image, not ours, needs these for a session; AmazonSSMManagedInstanceCore has them and
# twelve more.
SESSION = {
    "ssm:UpdateInstanceInformation", "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
}
# Crate of the SDK -> service of botocore (for its list of operations) and prefix of its IAM actions.
CRATES = {"secretsmanager": ("secretsmanager", "secretsmanager"), "ssm": ("ssm", "ssm"), "cloudwatchlogs": ("logs", "logs"), "cloudwatch": ("cloudwatch", "cloudwatch"),
          "sts": ("sts", "sts"), "s3": ("s3", "s3"), "autoscaling": ("autoscaling", "autoscaling")}
# Methods of object_store's trait, and what S3 asks a right for.
STORE = {"put": "s3:PutObject", "put_opts": "s3:PutObject", "put_multipart": "s3:PutObject", "put_multipart_opts": "s3:PutObject", "get": "s3:GetObject", "get_opts": "s3:GetObject",
         "get_range": "s3:GetObject", "head": "s3:GetObject", "delete": "s3:DeleteObject", "delete_stream": "s3:DeleteObject", "list": "s3:ListBucket",
         "list_with_offset": "s3:ListBucket", "list_with_delimiter": "s3:ListBucket", "copy": "s3:GetObject", "rename": "s3:DeleteObject"}
# Targets of the JSON protocol -> prefix of their IAM actions.
TARGETS = {"Logs_20140328": "logs", "secretsmanager": "secretsmanager", "AmazonSSM": "ssm"}
# Granted without a condition of the source: what a call needs although it has another name.
IMPLIED = {}


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def called_by_the_agent():
    """IAM actions of each call that the agent's source makes, with the file that makes it."""
    calls = {}
    for folder, _, files in os.walk(os.path.join(SOURCE, "agent/src")):
        for name in files:
            path = os.path.join(folder, name)
            if not name.endswith(".rs") or "/tests" in os.path.relpath(path, SOURCE) or name == "tests.rs":
                continue
            text = re.sub(r"//.*", "", open(path).read()).split("#[cfg(test)]")[0]
            for crate, (service, prefix) in CRATES.items():
                if re.search(rf"\baws_sdk_{crate}\b", text):
                    for operation in boto3.client(service, region_name="us-east-1").meta.service_model.operation_names:
                        if re.search(rf"\.{snake(operation)}\(\)", text):
                            calls.setdefault(f"{prefix}:{operation}", set()).add(path)
            if "object_store" in text or "ObjectStore" in text:
                for method, action in STORE.items():
                    if re.search(rf"\b(store|remote|inner|objects|bucket)\b[\w.()?\s]*\.{method}\(", text):
                        calls.setdefault(action, set()).add(path)
    return calls


def called_at_boot():
    """The same for user-data, which calls AWS with curl."""
    text = (ROOT / "userdata/boot.sh.tftpl").read_text()
    calls = {f"cloudwatch:{action}": {"userdata"} for action in re.findall(r"\bAction=([A-Z]\w+)", text)}
    target = re.search(r"X-Amz-Target: (\w+)\.\$1", text)
    if target:
        calls |= {f"{TARGETS[target.group(1)]}:{operation}": {"userdata"} for operation in re.findall(r"\bcall ([A-Z]\w+)", text)}
    calls |= {f"{TARGETS[name]}:{operation}": {"userdata"} for name, operation in re.findall(r"X-Amz-Target: (\w+)\.([A-Z]\w+)", text)}
    if re.search(r'"\$s3/\$bucket/\$key"', text):
        calls["s3:GetObject"] = {"userdata"}
    if re.search(r'"\$s3/\$bucket\?list-type=2', text):
        calls["s3:ListBucket"] = {"userdata"}
    return calls


def granted(plan, role="agent"):
    """Actions that a role has, by default the instance's."""
    return {action for address, _, field, statement in statements(resources(plan)) if address.startswith(f"aws_iam_role_policy.{role}[") and field == "policy"
            for action in listed(statement["Action"]) if statement["Effect"] == "Allow"}


def the_instance_may_do_what_it_does_and_no_more(plan):
    """No call without a right, no right without a call."""
    calls = called_by_the_agent()
    for action, where in called_at_boot().items():
        calls.setdefault(action, set()).update(where)
    if not any(action.startswith("s3:") for action in calls):
        raise Failed("no call of S3 was found in the agent's source: the search is broken")
    rights = granted(plan)
    missing, unused = set(calls) - rights, rights - set(calls) - SESSION
    if missing or unused:
        raise Failed("\n".join(
            [f"{action} is called in {', '.join(sorted(os.path.relpath(path, SOURCE) for path in calls[action]))}, and no policy in infra/policies/agent-*.json.tftpl allows it" for action in sorted(missing)]
            + [f"{action} is allowed in infra/policies/agent-*.json.tftpl, and nothing calls it" for action in sorted(unused)]))
    return f"{len(calls)} actions called, {len(rights)} granted, {len(SESSION)} of them for sessions"


def the_function_may_do_what_a_pass_does_and_no_more(plan):
    """The same for passes by Lambda: `run` calls what the agent calls but for the journal, and Lambda itself writes the log."""
    journal = os.path.join(SOURCE, "agent/src/journal") + os.sep
    calls = {action for action, where in called_by_the_agent().items() if not all(path.startswith(journal) for path in where)}
    wanted, rights = calls | {"logs:CreateLogStream", "logs:PutLogEvents"}, granted(plan, "lambda")
    if not {"ssm:GetParameter", "secretsmanager:GetSecretValue", "s3:PutObject"} <= calls or any(action.startswith("logs:") for action in calls):
        raise Failed(f"a pass calls {sorted(calls)}: the search is broken, or something but the journal calls CloudWatch Logs now")
    if wanted != rights:
        raise Failed("\n".join([f"{action} is called in a pass, and no policy in infra/policies/lambda-*.json.tftpl allows it" for action in sorted(wanted - rights)]
                               + [f"{action} is allowed in infra/policies/lambda-*.json.tftpl, and no pass calls it" for action in sorted(rights - wanted)]))
    more = {resource for address, _, _, statement in statements(resources(plan)) if address.startswith("aws_iam_role_policy.lambda[") and "s3:GetObject" in listed(statement["Action"])
            for resource in listed(statement["Resource"])}
    if any(not resource.endswith("/agent/state/*") for resource in more):
        raise Failed(f"a pass may read {sorted(more)}, not the state alone")
    return f"{len(calls)} actions called, {len(rights)} granted"


def findings(plan):
    """Parliament's opinion of every policy of a plan: unknown actions, resources that do not fit them, bad conditions."""
    for address, _, values in resources(plan):
        for field in ("policy", "assume_role_policy"):
            if isinstance(values.get(field), str):
                document = json.loads(values[field])
                if field == "policy" and not any("Principal" in statement for statement in document["Statement"]):
                    for finding in parliament.analyze_policy_string(values[field], ignore_private_auditors=True).findings:
                        yield f"{address}: {finding.issue} {finding.detail} {finding.location.get('string', '')}".rstrip()
                else:
                    for statement in document["Statement"]:
                        for action in listed(statement["Action"]):
                            service, _, name = action.partition(":")
                            try:
                                parliament.expand_action(action)
                            except parliament.UnknownActionException:
                                yield f"{address}: UNKNOWN_ACTION {action}"


def every_policy_is_sound(*plans):
    """No finding of parliament in any plan."""
    found = [finding for plan in plans for finding in findings(plan)]
    if found:
        raise Failed("\n".join(sorted(set(found))))
    return f"{sum(1 for plan in plans for _ in statements(resources(plan)))} statements"
