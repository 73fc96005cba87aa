"""The life of an installation on the fake AWS: state bucket by bootstrap, apply, a second plan, a changed window, destroy."""

import base64
import gzip
import json

import boto3

from tools import Failed, Stack


def client(url, service):
    return boto3.client(service, endpoint_url=url, region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")


def everything(url):
    """What is in the account that this stack could have put there: kind -> names."""
    ec2, iam = client(url, "ec2"), client(url, "iam")
    return {
        "groups": [g["AutoScalingGroupName"] for g in client(url, "autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]],
        "scheduled actions": [a["ScheduledActionName"] for a in client(url, "autoscaling").describe_scheduled_actions()["ScheduledUpdateGroupActions"]],
        "schedules": [s["Name"] for s in client(url, "scheduler").list_schedules()["Schedules"]],
        "launch templates": [t["LaunchTemplateName"] for t in ec2.describe_launch_templates()["LaunchTemplates"]],
        "networks": [v["VpcId"] for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]],
        "subnets": [s["SubnetId"] for s in ec2.describe_subnets()["Subnets"] if not s["DefaultForAz"]],
        "security groups": [g["GroupName"] for g in ec2.describe_security_groups()["SecurityGroups"] if g["GroupName"] != "default"],
        "gateways": [g["InternetGatewayId"] for g in ec2.describe_internet_gateways()["InternetGateways"]],
        "instances": [i["InstanceId"] for r in ec2.describe_instances()["Reservations"] for i in r["Instances"] if i["State"]["Name"] != "terminated"],
        "roles": [r["RoleName"] for r in iam.list_roles()["Roles"] if "/aws-service-role/" not in r["Path"] and not r["RoleName"].startswith("AWSServiceRole")],
        "instance profiles": [p["InstanceProfileName"] for p in iam.list_instance_profiles()["InstanceProfiles"]],
        "buckets": [b["Name"] for b in client(url, "s3").list_buckets()["Buckets"] if "tfstate" not in b["Name"]],
        "secrets": [s["Name"] for s in client(url, "secretsmanager").list_secrets()["SecretList"]],
        "parameters": [p["Name"] for p in client(url, "ssm").describe_parameters(ParameterFilters=[{"Key": "Name", "Option": "BeginsWith", "Values": ["/mecris"]}])["Parameters"]],
        "log groups": [g["logGroupName"] for g in client(url, "logs").describe_log_groups()["logGroups"]],
        "topics": [t["TopicArn"] for t in client(url, "sns").list_topics()["Topics"]],
        "alarms": [a["AlarmName"] for a in client(url, "cloudwatch").describe_alarms()["MetricAlarms"]],
        "dashboards": [d["DashboardName"] for d in client(url, "cloudwatch").list_dashboards()["DashboardEntries"]],
        "functions": [f["FunctionName"] for f in client(url, "lambda").list_functions()["Functions"]],
        "budgets": [b["BudgetName"] for b in client(url, "budgets").describe_budgets(AccountId="123456789012").get("Budgets", [])],
    }


def bootstrap(url):
    """The state bucket and GitHub's roles, by infra/bootstrap as the README says; then the same again changes nothing."""
    with Stack(url, "infra/bootstrap") as stack:
        stack.terraform("init", "-input=false")
        stack.terraform("apply", "-input=false", "-auto-approve", "-var=github_repository=someone/mecris")
        done = stack.terraform("plan", "-input=false", "-detailed-exitcode", "-var=github_repository=someone/mecris", allowed=(0, 2))
        if done.returncode:
            raise Failed(f"bootstrap: the second plan changes something:\n{done.stdout[-3000:]}")
        outputs = json.loads(stack.terraform("output", "-json").stdout)
    return outputs["state_bucket"]["value"]


def from_nothing_to_nothing(url):
    """apply -> second plan is empty -> the window changes -> destroy leaves nothing, with the state in the bucket and locked there."""
    state_bucket = bootstrap(url)
    after_bootstrap = everything(url)
    with Stack(url) as stack:
        stack.init(f"bucket={state_bucket}", "key=staging.tfstate", "region=us-east-1")
        stack.variables()
        stack.terraform("apply", "-input=false", "-auto-approve")

        again = stack.terraform("plan", "-input=false", "-detailed-exitcode", allowed=(0, 2))
        if again.returncode:
            raise Failed(f"the second plan changes something:\n{again.stdout[-3000:]}")

        template = client(url, "ec2").describe_launch_template_versions(LaunchTemplateName="mecris-staging", Versions=["$Latest"])["LaunchTemplateVersions"][0]
        script = gzip.decompress(base64.b64decode(template["LaunchTemplateData"]["UserData"])).decode()
        if not script.startswith("#!/bin/sh") or "ab" * 32 not in script:
            raise Failed("the launch template's user-data is not the boot script of this release")

        first = sorted(everything(url)["scheduled actions"])
        stack.variables(window_start="14:00")
        stack.terraform("plan", "-input=false", "-out=changed.tfplan")
        changes = json.loads(stack.terraform("show", "-json", "changed.tfplan").stdout)["resource_changes"]
        for change in changes:
            if change["type"] == "aws_autoscaling_schedule" and sorted(change["change"]["actions"]) != ["create", "delete"]:
                raise Failed(f"{change['address']} is changed in place ({change['change']['actions']}); it would fire at the old time")
        stack.terraform("apply", "-input=false", "changed.tfplan")
        second = sorted(everything(url)["scheduled actions"])
        if len(second) != len(first) or set(first) & set(second):
            raise Failed(f"scheduled actions before {first}, after {second}")

        objects = [o["Key"] for o in client(url, "s3").list_objects_v2(Bucket=state_bucket).get("Contents", [])]
        if objects != ["staging.tfstate"]:
            raise Failed(f"the state bucket has {objects}, not the state alone")
        stack.terraform("destroy", "-input=false", "-auto-approve")
    left = {kind: sorted(set(names) - set(after_bootstrap[kind])) for kind, names in everything(url).items()}
    left = {kind: names for kind, names in left.items() if names}
    if left:
        raise Failed(f"destroy leaves {left}")
    return "applied, second plan empty, both scheduled actions replaced, nothing left"
