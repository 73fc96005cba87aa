"""What has to be true of every plan of the root module. Each rule is a function that yields sentences; no sentence, no problem."""

import base64
import fnmatch
import gzip
import json
import re

import boto3

import alarm_days
from tools import ROOT, resources

TAGS = {"Project", "Environment", "ManagedBy"}
METRICS = set(json.loads((ROOT / "agent/src/telemetry/cloudwatch_metrics.json").read_text()))
ZONES = {line.split()[1] for line in (ROOT / "infra/modules/calendar/timezones.txt").read_text().splitlines()}
SECRET = re.compile(r"AKIA[0-9A-Z]{16}|\bAC[0-9a-f]{32}\b|\bSK[0-9a-f]{32}\b|sk-ant-[A-Za-z0-9-]{8,}|xox[bp]-|hooks\.slack\.com/services/|-----BEGIN [A-Z ]*PRIVATE KEY")
# Anything else would need a price in infra/prices.json and a reason here. A NAT gateway, an address or a load
# balancer is not among them.
TYPES = {
    "aws_autoscaling_group", "aws_autoscaling_schedule", "aws_budgets_budget", "aws_ce_anomaly_monitor", "aws_ce_anomaly_subscription",
    "aws_chatbot_slack_channel_configuration", "aws_cloudwatch_dashboard", "aws_cloudwatch_event_rule", "aws_cloudwatch_event_target",
    "aws_cloudwatch_log_group", "aws_cloudwatch_metric_alarm", "aws_iam_instance_profile", "aws_iam_role",
    "aws_iam_role_policy", "aws_internet_gateway", "aws_lambda_alias", "aws_lambda_function", "aws_lambda_function_event_invoke_config", "aws_launch_template", "aws_route", "aws_route_table", "aws_route_table_association",
    "aws_s3_bucket", "aws_s3_bucket_lifecycle_configuration", "aws_s3_bucket_ownership_controls", "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block", "aws_s3_bucket_server_side_encryption_configuration", "aws_s3_bucket_versioning",
    "aws_scheduler_schedule", "aws_secretsmanager_secret", "aws_security_group", "aws_sns_topic", "aws_sns_topic_policy",
    "aws_sns_topic_subscription", "aws_ssm_document", "aws_ssm_parameter", "aws_subnet", "aws_vpc", "aws_vpc_security_group_egress_rule",
}
ALARMS = {"no-successful-pass", "nobody-watches", "outside-window", "agent-errors", "notification-failed", "watchdog-restarts", "unit-failed", "boot-failed", "too-many-hours"}
LAMBDA_ALARMS = {"lambda-pass-failed", "lambda-pass-missing"}
LAMBDA_TYPES = {kind for kind in TYPES if kind.startswith("aws_lambda_")}
DASHBOARD = {
    "widget": {"type", "x", "y", "width", "height", "properties"},
    "metric": {"title", "region", "view", "stat", "period", "metrics"},
    "alarm": {"title", "alarms"},
    "log": {"title", "region", "query", "view"},
}
# For these AWS has no resource to name, or the resource is the machine itself; a condition narrows the first.
ANY_RESOURCE = {
    "cloudwatch:PutMetricData", "ssm:UpdateInstanceInformation", "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
}


def enum(service, shape):
    """The values that AWS' own description of a service knows."""
    return set(boto3.client(service, region_name="us-east-1").meta.service_model.shape_for(shape).enum)


def problems(plan):
    """Every sentence of every rule."""
    found = resources(plan)
    sentences = []
    for rule in RULES:
        try:
            sentences += [f"{rule.__name__}: {sentence}" for sentence in rule(plan, found)]
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            # What cannot be looked at is not fine.
            sentences.append(f"{rule.__name__}: could not be checked: {type(error).__name__} {error}")
    return sentences


def wanted_passes(plan):
    """Times of day at which the plan wants a pass by Lambda."""
    return plan["variables"].get("lambda_passes", {}).get("value", [])


def window_days(plan):
    """The days of the week on which the plan has a window, from Monday on."""
    wanted = plan["variables"].get("window_days", {}).get("value", alarm_days.WEEK)
    return [day for day in alarm_days.WEEK if day in wanted]


def wanted_alarms(plan):
    return ALARMS | (LAMBDA_ALARMS if wanted_passes(plan) else set())


def of(found, *types):
    return [(address, values) for address, kind, values in found if kind in types]


def only_known_types(_, found):
    for address, kind, _ in found:
        if kind not in TYPES:
            yield f"{address} is of a type that is not expected here"


def no_way_in(_, found):
    for address, values in of(found, "aws_security_group"):
        if values.get("ingress"):
            yield f"{address} lets something in"
    for address, kind, _ in found:
        if kind in ("aws_vpc_security_group_ingress_rule", "aws_security_group_rule"):
            yield f"{address} is an ingress rule"


def only_tls_out(plan, found):
    ports = {443, *plan["variables"].get("egress_ports", {}).get("value", [])}
    rules = of(found, "aws_vpc_security_group_egress_rule")
    if {values["from_port"] for _, values in rules} != ports:
        yield f"egress goes to {sorted({values['from_port'] for _, values in rules})}, not to {sorted(ports)}"
    for address, values in rules:
        if values["ip_protocol"] != "tcp" or values["from_port"] != values["to_port"]:
            yield f"{address} opens more than one TCP port"
    ipv6_only = plan["variables"].get("egress", {}).get("value") == "ipv6"
    ipv4 = [address for address, values in rules if values.get("cidr_ipv4")] + [
        address for address, values in of(found, "aws_route") if values.get("destination_cidr_block")
    ]
    if ipv6_only and ipv4:
        yield f"egress is ipv6, but {', '.join(ipv4)} goes to IPv4"
    if not ipv6_only and len(ipv4) < 2:
        yield "egress is ipv4, but there is no way to IPv4"


def instance(plan, found):
    templates = of(found, "aws_launch_template")
    if len(templates) != 1:
        yield f"{len(templates)} launch templates, not one"
    for address, values in templates:
        options = values["metadata_options"][0]
        if options["http_tokens"] != "required" or options["http_endpoint"] != "enabled":
            yield f"{address}: metadata without a token (IMDSv1) is allowed"
        if options["http_put_response_hop_limit"] != 1:
            yield f"{address}: the metadata hop limit is {options['http_put_response_hop_limit']}, not 1"
        if values.get("key_name"):
            yield f"{address} has a key pair"
        for device in values["block_device_mappings"]:
            disk = device["ebs"][0]
            if disk["encrypted"] != "true" or disk["volume_type"] != "gp3" or disk["delete_on_termination"] != "true":
                yield f"{address}: the disk has to be encrypted gp3 that goes with the instance"
        if values["instance_type"].startswith("t") and [c["cpu_credits"] for c in values["credit_specification"]] != ["standard"]:
            yield f"{address}: CPU credits are unlimited, which bills without a bound"
        if {spec["resource_type"] for spec in values["tag_specifications"]} != {"instance", "volume", "network-interface"}:
            yield f"{address} does not tag instance, volume and network interface"
        public = plan["variables"].get("egress", {}).get("value", "ipv4") == "ipv4"
        for card in values["network_interfaces"]:
            if card["associate_public_ip_address"] != str(public).lower():
                yield f"{address}: public IPv4 is {card['associate_public_ip_address']}, wanted {public}"
        if values["instance_initiated_shutdown_behavior"] != "terminate":
            yield f"{address}: a machine that shuts itself down stays, and its disk costs money"


def user_data_is_small_and_says_no_secret(plan, found):
    for address, values in of(found, "aws_launch_template"):
        packed = base64.b64decode(values["user_data"])
        text = gzip.decompress(packed).decode()
        if len(packed) > 16384:
            yield f"{address}: user-data is {len(packed)} bytes, EC2 takes 16384"
        release = plan["variables"]["release"]["value"]
        for wanted in (release["sha256"], release["version"], "#!/bin/sh"):
            if wanted not in text:
                yield f"{address}: user-data does not have {wanted}"
        if SECRET.search(text):
            yield f"{address}: user-data has what looks like a secret"
        for installer in (r"\b(dnf|yum|apt-get|apt|pip3?|npm|snap)\s+(-\S+\s+)*install\b", r"curl[^\n|]*\|\s*(ba)?sh\b"):
            if re.search(installer, text):
                yield f"{address}: user-data installs packages"


def group(plan, found):
    types = enum("ec2", "InstanceType")
    for address, values in of(found, "aws_autoscaling_group"):
        sizes = (values["min_size"], values["max_size"], values["desired_capacity"])
        if sizes != (0, 1, 0):
            yield f"{address}: sizes are {sizes}, not 0, 1, 0"
        policy = values["mixed_instances_policy"][0]
        spread = policy["instances_distribution"][0]
        if spread["spot_allocation_strategy"] not in ("lowest-price", "capacity-optimized", "capacity-optimized-prioritized", "price-capacity-optimized"):
            yield f"{address}: spot_allocation_strategy \"{spread['spot_allocation_strategy']}\" is none of AWS'"
        if spread["on_demand_allocation_strategy"] not in ("lowest-price", "prioritized"):
            yield f"{address}: on_demand_allocation_strategy \"{spread['on_demand_allocation_strategy']}\" is none of AWS'"
        spot = plan["variables"].get("capacity", {}).get("value") == "spot" and values["name"].endswith(plan["variables"]["environment"]["value"])
        if spread["on_demand_percentage_above_base_capacity"] != (0 if spot else 100) or spread["on_demand_base_capacity"] != 0:
            yield f"{address}: the share of on-demand instances is not {0 if spot else 100} %"
        for override in policy["launch_template"][0]["override"]:
            if override["instance_type"] not in types:
                yield f"{address}: AWS has no instance type {override['instance_type']}"
        if values["health_check_type"] != "EC2":
            yield f"{address}: health_check_type is {values['health_check_type']}"
    if len(of(found, "aws_subnet")) < 2:
        yield "fewer than two zones: one without capacity means a day without a watch"


CRON = re.compile(r"^([0-5]?[0-9]|[0-4]-59/5) (2[0-3]|1?[0-9]|\*) \* \* (\*|[0-6](,[0-6])*)$")
SCHEDULER = re.compile(r"^(cron\([0-5]?[0-9] (2[0-3]|1?[0-9]) \? \* (SUN|MON|TUE|WED|THU|FRI|SAT)(,(SUN|MON|TUE|WED|THU|FRI|SAT))* \*\)|at\(\d{4}-\d\d-\d\dT\d\d:\d\d:00\))$")


def schedule(_, found):
    actions = of(found, "aws_autoscaling_schedule")
    groups = of(found, "aws_autoscaling_group")
    for address, values in actions:
        if not CRON.match(values["recurrence"]):
            yield f"{address}: \"{values['recurrence']}\" is no cron expression of Auto Scaling"
        if values["time_zone"] not in ZONES:
            yield f"{address}: {values['time_zone']} is no canonical IANA zone"
        wanted = (0, 1, 0) if ".stop" in address else (0, 1, 1)
        if (values["min_size"], values["max_size"], values["desired_capacity"]) != wanted:
            yield f"{address}: the three sizes are not {wanted}"
        if not re.search(r"-[0-9a-f]{8}$", values["scheduled_action_name"]):
            yield f"{address}: the name has no hash of the schedule in it, so a change would fire at the old time"
    names = [values["autoscaling_group_name"] for address, values in actions if ".stop" in address]
    if sorted(names) != sorted(values["name"] for _, values in groups):
        yield "not every group has exactly one scheduled stop"
    if sum(".start" in address for address, _ in actions) != 1:
        yield "there is not exactly one scheduled start"
    backstops = [(address, values) for address, values in of(found, "aws_scheduler_schedule") if ".backstop" in address]
    if len(backstops) != len(groups):
        yield "not every group has an independent stop"
    stop = {values["recurrence"] for address, values in actions if ".stop" in address}
    for address, values in of(found, "aws_scheduler_schedule"):
        if not SCHEDULER.match(values["schedule_expression"]):
            yield f"{address}: \"{values['schedule_expression']}\" is no expression of EventBridge Scheduler"
        if address.startswith("aws_scheduler_schedule.pass["):
            continue  # passes() looks at these
        target = values["target"][0]
        order = json.loads(target["input"])
        if not target["arn"].endswith(":scheduler:::aws-sdk:autoscaling:updateAutoScalingGroup"):
            yield f"{address} does not call UpdateAutoScalingGroup"
        if {key: order.get(key) for key in ("MinSize", "MaxSize", "DesiredCapacity")} != {"MinSize": 0, "MaxSize": 1, "DesiredCapacity": 0}:
            yield f"{address} does not stop the group"
        if order["AutoScalingGroupName"] not in [group["name"] for _, group in groups]:
            yield f"{address} stops a group that does not exist"
        if values.get("state", "ENABLED") != "ENABLED":
            yield f"{address} is switched off"
        if "cron(" in values["schedule_expression"]:
            minutes = [int(m) + 60 * int(h) for m, h in [values["schedule_expression"][5:].split()[:2]]][0]
            stops = [int(at.split()[0]) + 60 * int(at.split()[1]) for at in stop]
            if any(not 5 <= (minutes - at) % 1440 <= 30 for at in stops):
                yield f"{address} is not 5 to 30 minutes after the scheduled stop"


def passes(plan, found):
    """Passes by Lambda: all of it or nothing, exactly this package, once at each time, and nothing that the instance's alarms would count."""
    variables, times = plan["variables"], wanted_passes(plan)
    functions = of(found, "aws_lambda_function")
    if not times:
        for address, kind, _ in found:
            if kind in LAMBDA_TYPES or re.search(r"\.(lambda|pass|passes)\b", address):
                yield f"{address} is there although nobody asked for passes by Lambda"
        return
    if [address for address, _ in functions] != ["aws_lambda_function.pass[0]"]:
        yield f"functions: {[address for address, _ in functions]}, not exactly one"
    environment, release = variables["environment"]["value"], variables["release"]["value"]
    x86 = variables.get("architecture", {}).get("value") == "x86_64"
    parameter = next(values["name"] for _, values in of(found, "aws_ssm_parameter"))
    for address, values in functions:
        wanted = {
            "runtime": "provided.al2023", "architectures": ["x86_64" if x86 else "arm64"], "package_type": "Zip", "publish": True, "reserved_concurrent_executions": 1,
            "s3_bucket": next(bucket["bucket"] for _, bucket in of(found, "aws_s3_bucket")), "s3_key": plan["planned_values"]["outputs"]["artifact_key"]["value"] + ".zip",
            "source_code_hash": base64.b64encode(bytes.fromhex(release["zip_sha256"])).decode(), "vpc_config": [], "layers": None,
        }
        for key, value in wanted.items():
            if values.get(key) != value:
                yield f"{address}: {key} is {values.get(key)}, wanted {value}"
        if not 120 <= values["timeout"] <= 900:
            yield f"{address}: a timeout of {values['timeout']} s is too short for a channel in doubt, or more than Lambda takes"
        if values["tracing_config"][0]["mode"] != "PassThrough":
            yield f"{address}: X-Ray is on"
        settings = values["environment"][0]["variables"]
        if settings != {"MECRIS__CONFIG__SSM_PARAMETER": parameter, "MECRIS__STATE__PATH": "/tmp/mecris_usage.db", "MECRIS__TELEMETRY__ENVIRONMENT": f"{environment}-lambda", "MECRIS_LOG_FORMAT": "json"}:
            yield f"{address}: its environment is {settings}"
    # Bytes that are not those of the plan are found after they were fetched, and before anything uses them.
    if "data.aws_lambda_function.published" not in {check["address"]["to_display"] for check in plan.get("checks", [])}:
        yield "the alias takes whatever is in the bucket: data.aws_lambda_function.published has no condition"
    invoked = of(found, "aws_lambda_function_event_invoke_config")
    if [(values["maximum_retry_attempts"], values["qualifier"]) for _, values in invoked] != [(0, "live")]:
        yield "a pass that failed would be made again, by the version that is not the alias'"
    schedules = {address: values for address, values in of(found, "aws_scheduler_schedule") if address.startswith("aws_scheduler_schedule.pass[")}
    zone = plan["planned_values"]["outputs"]["schedule"]["value"]["zone"]
    crons = sorted(f"cron({int(time[3:])} {int(time[:2])} ? * SUN,MON,TUE,WED,THU,FRI,SAT *)" for time in times)
    if sorted(values["schedule_expression"] for values in schedules.values()) != crons:
        yield f"passes are scheduled at {sorted(values['schedule_expression'] for values in schedules.values())}, not at {crons}"
    for address, values in schedules.items():
        if values["schedule_expression_timezone"] != zone or values["flexible_time_window"][0]["mode"] != "OFF" or values.get("state", "ENABLED") != "ENABLED":
            yield f"{address} is not on, or not on the clock of {zone}, or not at its minute"
    configured = {resource["address"]: resource.get("expressions", {}) for resource in plan["configuration"]["root_module"]["resources"]}
    if "data.aws_lambda_function.published[0].version" not in configured["aws_lambda_alias.live"]["function_version"].get("references", []):
        yield "aws_lambda_alias.live uses a version whose bytes nobody looked at"
    target = configured["aws_scheduler_schedule.pass"]["target"][0]
    if "aws_lambda_alias.live[0].arn" not in target["arn"]["references"] or "aws_iam_role.passes[0].arn" not in target["role_arn"]["references"]:
        yield "aws_scheduler_schedule.pass does not start the alias by the role for it"
    logs = {values["name"] for _, values in of(found, "aws_cloudwatch_log_group")}
    if {values["logging_config"][0]["log_group"] for _, values in functions} - logs:
        yield "the function writes into a log group that is not ours, without a retention"
    for address, _, _, statement in statements(found):
        if address.startswith("aws_iam_role_policy.passes") and statement["Resource"] != f"arn:aws:lambda:{variables.get('region', {}).get('value', 'us-east-1')}:123456789012:function:mecris-{environment}-pass:live":
            yield f"{address} may start {statement['Resource']}"


def bucket(_, found):
    for kind in ("aws_s3_bucket", "aws_s3_bucket_public_access_block", "aws_s3_bucket_versioning", "aws_s3_bucket_policy",
                 "aws_s3_bucket_server_side_encryption_configuration", "aws_s3_bucket_lifecycle_configuration", "aws_s3_bucket_ownership_controls"):
        if len(of(found, kind)) != 1:
            yield f"there is not exactly one {kind}"
    for address, values in of(found, "aws_s3_bucket_public_access_block"):
        for switch in ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"):
            if values[switch] is not True:
                yield f"{address}: {switch} is off"
    for address, values in of(found, "aws_s3_bucket_versioning"):
        if values["versioning_configuration"][0]["status"] != "Enabled":
            yield f"{address}: versions are not kept"
    for address, values in of(found, "aws_s3_bucket_lifecycle_configuration"):
        if any(rule.get("expiration") for rule in values["rule"]):
            yield f"{address} deletes current objects: the state would go with them"
        if not any(rule.get("noncurrent_version_expiration") for rule in values["rule"]):
            yield f"{address} keeps old versions for ever"
    for address, values in of(found, "aws_s3_bucket"):
        if values.get("force_destroy"):
            yield f"{address}: destroy would take the state with it"


def secrets_stay_out(plan, found):
    for address, kind, _ in found:
        if kind == "aws_secretsmanager_secret_version":
            yield f"{address} would put a secret's value into Terraform's state"
    text = json.dumps([plan["planned_values"], plan["variables"]])
    if SECRET.search(text):
        yield f"the plan has what looks like a secret: {SECRET.search(text).group()[:6]}..."


def statements(found):
    for address, kind, values in found:
        for field in ("policy", "assume_role_policy"):
            if isinstance(values.get(field), str):
                for statement in json.loads(values[field])["Statement"]:
                    yield address, kind, field, statement


def listed(value):
    return value if isinstance(value, list) else [value]


def rights(_, found):
    for address, _, field, statement in statements(found):
        if statement["Effect"] != "Allow":
            continue
        if "NotAction" in statement or "NotResource" in statement or "NotPrincipal" in statement:
            yield f"{address}: allows everything but something"
        for action in listed(statement.get("Action", [])):
            if "*" in action:
                yield f"{address}: action {action}"
        if "*" in listed(statement.get("Resource", [])) and not set(listed(statement["Action"])) <= ANY_RESOURCE:
            yield f"{address}: {sorted(set(listed(statement['Action'])) - ANY_RESOURCE)} on every resource"
        if "cloudwatch:PutMetricData" in listed(statement.get("Action", [])) and "cloudwatch:namespace" not in json.dumps(statement.get("Condition", {})):
            yield f"{address}: metrics of every namespace"
        if "s3:ListBucket" in listed(statement.get("Action", [])) and "s3:prefix" not in json.dumps(statement.get("Condition", {})):
            yield f"{address}: lists the whole bucket"
        principal = statement.get("Principal", {})
        if principal == "*" or (isinstance(principal, dict) and "AWS" in principal):
            yield f"{address}: lets in accounts or everybody"
        # EC2 and Lambda take roles of the caller's own account only (iam:PassRole), and say no source.
        if field == "assume_role_policy" and principal.get("Service") not in ("ec2.amazonaws.com", "lambda.amazonaws.com") and "aws:SourceAccount" not in json.dumps(statement.get("Condition", {})):
            yield f"{address}: a service may assume it on behalf of another account"


def the_instance_sees_what_it_looks_for(plan, found):
    patterns = [pattern for address, _, _, statement in statements(found) if address.startswith("aws_iam_role_policy.agent[") and "s3:ListBucket" in listed(statement["Action"])
                for pattern in listed(statement["Condition"]["StringLike"]["s3:prefix"])]
    for prefix, why in {plan["planned_values"]["outputs"]["artifact_key"]["value"]: "a missing binary would look like a missing right", "agent/state/": "no generation would be found"}.items():
        if not any(fnmatch.fnmatchcase(prefix, pattern) for pattern in patterns):
            yield f"the instance may not list {prefix}: {why}"


def trust(_, found):
    wanted = {"agent": {"ec2.amazonaws.com"}, "backstop": {"scheduler.amazonaws.com"}, "fall_back": {"events.amazonaws.com", "ssm.amazonaws.com"}, "slack": {"chatbot.amazonaws.com"},
              "lambda": {"lambda.amazonaws.com"}, "passes": {"scheduler.amazonaws.com"}}
    for address, values in of(found, "aws_iam_role"):
        services = {service for statement in json.loads(values["assume_role_policy"])["Statement"] for service in listed(statement["Principal"]["Service"])}
        if services != wanted[address.split(".")[1].split("[")[0]]:
            yield f"{address}: {sorted(services)} may assume it"


def boundary(plan, found):
    name = plan["variables"].get("permissions_boundary", {}).get("value")
    for address, values in of(found, "aws_iam_role"):
        if name and not (values.get("permissions_boundary") or "").endswith(f":policy/{name}"):
            yield f"{address} is outside the permissions boundary {name}"


def alarms(plan, found):
    environment = plan["variables"]["environment"]["value"]
    seen = set()
    # Where a metric is written -> the names that it may have there, and its dimensions.
    known = {"AWS/Lambda": ({"Errors"}, {"FunctionName": f"mecris-{environment}-pass"})} | {
        f"AWS/AutoScaling {group['name']}": (set(group["enabled_metrics"]), {"AutoScalingGroupName": group["name"]}) for _, group in of(found, "aws_autoscaling_group")
    }
    for address, values in of(found, "aws_cloudwatch_metric_alarm"):
        name = values["alarm_name"].removeprefix(f"mecris-{environment}-")
        seen.add(name)
        queries = [query["metric"][0] for query in values.get("metric_query", []) if query.get("metric")]
        writer = f"{environment}-lambda" if name in LAMBDA_ALARMS else environment
        ours = {f"Mecris/{writer}": (METRICS, {"Environment": writer})}
        for metric in queries or [values]:
            place = metric["namespace"] if metric["namespace"] != "AWS/AutoScaling" else f"AWS/AutoScaling {metric['dimensions'].get('AutoScalingGroupName')}"
            names, dimensions = (known | ours).get(place, ((), None))
            if metric["metric_name"] not in names or metric["dimensions"] != dimensions:
                yield f"{address}: nobody writes {metric['metric_name']} in {place} with {metric['dimensions']}"
        if values["treat_missing_data"] != ("breaching" if name in ("no-successful-pass", "lambda-pass-missing") else "notBreaching"):
            yield f"{address}: treat_missing_data is {values['treat_missing_data']}"
        if name in alarm_days.SWITCHES:
            yield from (f"{address}: {sentence}" for sentence in alarm_days.problems(name, values, window_days(plan), [int(time[:2]) * 60 + int(time[3:]) for time in wanted_passes(plan)]))
        if values.get("actions_enabled") is False:
            yield f"{address} tells nobody"
        if name == "lambda-pass-missing":
            # Every pass is within this of the one before it, and the switch may not be slower than it has to
            # be.
            minutes = sorted(int(time[:2]) * 60 + int(time[3:]) for time in wanted_passes(plan))
            gap = max(after - before for before, after in zip(minutes, [*minutes[1:], minutes[0] + 1440]))
            if queries[0]["period"] != 3600 or not gap + 60 < values["evaluation_periods"] * 60 <= gap + 180:
                yield f"{address} is no dead-man's switch for passes {gap} minutes apart"
            if values["datapoints_to_alarm"] != values["evaluation_periods"]:
                yield f"{address} rings between two passes"
        if name == "too-many-hours" and values["threshold"] != (plan["variables"].get("window_hours", {}).get("value", 5) + 0.5) * 60:
            yield f"{address}: the threshold is {values['threshold']} minutes"
        if (values.get("period") or 0) * values["evaluation_periods"] > 7 * 86400:
            yield f"{address} looks back for more than seven days, which CloudWatch refuses"
    wanted = wanted_alarms(plan)
    if seen != wanted:
        yield f"alarms missing: {sorted(wanted - seen)}; without an entry here and in docs/RUNBOOK.md: {sorted(seen - wanted)}"
    configured = {resource["address"]: resource.get("expressions", {}) for resource in plan["configuration"]["root_module"]["resources"]}
    for address in ("aws_cloudwatch_metric_alarm.agent", "aws_cloudwatch_metric_alarm.switch", "aws_cloudwatch_metric_alarm.too_many_hours", "aws_cloudwatch_metric_alarm.lambda"):
        if "aws_sns_topic.alarms.arn" not in configured[address].get("alarm_actions", {}).get("references", []):
            yield f"{address} does not tell the topic"


def failed_launches(plan, found):
    """Every group's failed launch goes to the topic, which lets that rule publish."""
    environment = plan["variables"]["environment"]["value"]
    groups = {group["name"] for _, group in of(found, "aws_autoscaling_group")}
    rules = {values["name"]: json.loads(values["event_pattern"]) for _, values in of(found, "aws_cloudwatch_event_rule")}
    name = f"mecris-{environment}-no-launch"
    pattern = rules.get(name, {})
    if pattern.get("detail-type") != ["EC2 Instance Launch Unsuccessful"] or set(pattern.get("detail", {}).get("AutoScalingGroupName", [])) != groups:
        yield f"{name} does not listen to all of {sorted(groups)}: {pattern}"
    publishers = [statement for address, _, _, statement in statements(found) if address == "aws_sns_topic_policy.alarms" and statement["Effect"] == "Allow" and statement["Principal"].get("Service") == "events.amazonaws.com"]
    if not any(f":rule/{name}" in json.dumps(statement.get("Condition", {})) for statement in publishers):
        yield f"the topic takes nothing from {name}"


def dashboard(plan, found):
    boards = of(found, "aws_cloudwatch_dashboard")
    if len(boards) != 1:
        yield "there is not exactly one dashboard"
    for address, values in boards:
        body = json.loads(values["dashboard_body"])
        shown = set()
        for key in set(body) - {"widgets"}:
            yield f"{address}: the key {key} is none of CloudWatch's"
        for widget in body.get("widgets", []):
            for key in set(widget) ^ DASHBOARD["widget"]:
                yield f"{address}: a widget has, or lacks, the key {key}"
            for key in set(widget.get("properties", {})) ^ DASHBOARD.get(widget["type"], set()):
                yield f"{address}: a widget of type {widget['type']} has, or lacks, the property {key}"
            shown |= {metric[1] for metric in widget.get("properties", {}).get("metrics", [])}
            if widget["type"] == "alarm" and {arn.split(":alarm:")[1].split("-", 2)[2] for arn in widget["properties"]["alarms"]} != wanted_alarms(plan):
                yield f"{address} does not show all alarms"
        if shown != METRICS:
            yield f"{address} does not show {sorted(METRICS - shown)}, or shows what nobody emits: {sorted(shown - METRICS)}"


def watching(_, found):
    for address, values in of(found, "aws_cloudwatch_log_group"):
        if not values["retention_in_days"]:
            yield f"{address} keeps logs for ever"
    budgets = of(found, "aws_budgets_budget")
    if not budgets:
        yield "there is no budget"
    for address, values in budgets:
        kinds = {(n["notification_type"], n["comparison_operator"]) for n in values["notification"] if n["subscriber_email_addresses"] or n["subscriber_sns_topic_arns"]}
        if kinds != {("ACTUAL", "GREATER_THAN"), ("FORECASTED", "GREATER_THAN")}:
            yield f"{address} does not warn of both what is spent and what is forecast"
    if [values["protocol"] for _, values in of(found, "aws_sns_topic_subscription")] != ["email"]:
        yield "nobody is subscribed to the alarms by e-mail"


def settings(_, found):
    for address, values in of(found, "aws_ssm_parameter"):
        if values["type"] != "String" or values["tier"] != "Standard":
            yield f"{address} is not a standard parameter of type String"
        if len(values["value"]) > 4096:
            yield f"{address} is too long"
        for wanted in ('environment = "production"', 'source = "secretsmanager:', "emf = true", 'remote = "s3://'):
            if wanted not in values["value"]:
                yield f"{address} lacks {wanted}"


def tags_on_everything(plan, found):
    environment = plan["variables"]["environment"]["value"]
    for address, kind, values in found:
        if "tags_all" in values and not (TAGS <= set(values["tags_all"] or {}) and values["tags_all"]["Environment"] == environment):
            yield f"{address} lacks tags: {sorted(TAGS - set(values['tags_all'] or {}))}"
        if kind == "aws_autoscaling_group" and not TAGS <= {tag["key"] for tag in values["tag"] if tag["propagate_at_launch"]}:
            yield f"{address} does not hand its tags on"


RULES = [
    only_known_types, no_way_in, only_tls_out, instance, user_data_is_small_and_says_no_secret, group, schedule, passes, bucket, secrets_stay_out,
    rights, the_instance_sees_what_it_looks_for, trust, boundary, alarms, failed_launches, dashboard, watching, settings, tags_on_everything,
]
