"""Whether the checks catch mistakes: each mutation is one edit of the stack, and has to be caught by some check.

The first 24 are in the style of those that were measured on another stack, the next 17 are of this one, the last 15 of its passes by
Lambda, which a second plan has. `validate` catches some of them, `plan` a few more; the rest is what assertions.py and rights.py are for.
16 more are one widened (or lost) line of GitHub's roles, which calls.py has to notice. A mutation that survives is a missing rule.
"""

import re

import assertions
import calls
import rights
from tools import PACKAGED, Failed, Stack

# The default, and with passes by Lambda.
PLANS = [{}, {"lambda_passes": ["21:30", "07:15"], "release": PACKAGED}]

# name: file, pattern (of which there has to be exactly one place), replacement
MUTATIONS = {
    # In the style of the measured ones.
    "unknown attribute": ("network.tf", r"enable_dns_support  ", "enable_dns_suport  "),
    "missing required argument": ("monitoring.tf", r"  protocol  = \"email\"\n", ""),
    "unknown resource type": ("secrets.tf", r'"aws_secretsmanager_secret"', '"aws_secretmanager_secret"'),
    "undeclared reference": ("ec2.tf", r"aws_security_group\.agent\.id", "aws_security_group.agents.id"),
    "undeclared variable": ("ec2.tf", r"var\.volume_gb", "var.volume_size"),
    "wrong type": ("ec2.tf", r"max_size                  = 1", 'max_size                  = "one"'),
    "unknown enum of the volume": ("ec2.tf", r'"gp3"', '"gp4"'),
    "unknown comparison operator": ("monitoring.tf", r'"GreaterThanThreshold"(\n  threshold           = 0)', r'"GreaterThan"\1'),
    "unknown bucket ownership": ("modules/private_bucket/main.tf", r"BucketOwnerEnforced", "BucketOwner"),
    "unknown encryption": ("modules/private_bucket/main.tf", r'"AES256"', '"AES128"'),
    "broken policy JSON": ("policies/agent-logs.json.tftpl", r'"Effect": "Allow",', '"Effect": "Allow"'),
    "policy that is no policy": ("policies/agent-secret.json.tftpl", r'"Effect": "Allow"', '"Effect": "Alow"'),
    "bad ARN of the target": ("schedule.tf", r'"arn:\$\{local\.partition\}:scheduler:::', '"arn:${local.partition}:scheduler::'),
    "log retention that CloudWatch does not know": ("monitoring.tf", r"var\.log_days", "31"),
    "IMDS value that EC2 does not know": ("ec2.tf", r'http_tokens                 = "required"', 'http_tokens                 = "require"'),
    "duplicate resource": ("secrets.tf", r"\Z", '\nresource "aws_secretsmanager_secret" "agent" {\n  name = "again"\n}\n'),
    "dependency cycle": ("network.tf", r"vpc_id          {1,18}= aws_vpc\.main\.id", "vpc_id = aws_security_group.agent.vpc_id == null ? aws_launch_template.agent.id : aws_autoscaling_group.agent[\"primary\"].id"),
    "spot strategy that does not exist": ("ec2.tf", r'"price-capacity-optimized"', '"cheapest"'),
    "instance type that does not exist": ("variables_compute.tf", r'\["t4g\.small"\]\n', '["t3.smal"]\n'),
    "recurrence that is no cron": ("schedule.tf", r"recurrence             = local\.cron\.start", 'recurrence             = "at ten"'),
    "rate with the wrong plural": ("schedule.tf", r"= module\.calendar\.backstop_cron", '= "rate(5 minute)"'),
    "typo in an IAM action": ("policies/agent-config.json.tftpl", r"ssm:GetParameter", "ssm:GetParamter"),
    "typo in a dashboard key": ("monitoring.tf", r'view    = "timeSeries"', 'veiw    = "timeSeries"'),
    "min_size above max_size": ("ec2.tf", r"min_size                  = 0", "min_size                  = 2"),
    # Of this stack.
    "IMDSv1 allowed": ("ec2.tf", r'http_tokens                 = "required"', 'http_tokens                 = "optional"'),
    "IMDS through a hop": ("ec2.tf", r"http_put_response_hop_limit = 1", "http_put_response_hop_limit = 2"),
    "way in for SSH": ("network.tf", r'description = "The agent: nothing comes in, TLS goes out\."', 'description = "The agent"\n  ingress {\n    from_port   = 22\n    to_port     = 22\n    protocol    = "tcp"\n    cidr_blocks = ["0.0.0.0/0"]\n  }'),
    "every action on the bucket": ("policies/agent-state.json.tftpl", r'\["s3:GetObject", "s3:PutObject", "s3:DeleteObject"\]', '"s3:*"'),
    "listing the whole bucket": ("policies/agent-state.json.tftpl", r',\s*"Condition": \{[^\n]*', ""),
    "missing binary that looks like a missing right": ("policies/agent-artifact.json.tftpl", r'"s3:prefix": "artifacts/\*"', '"s3:prefix": "binaries/*"'),
    "unencrypted disk": ("ec2.tf", r"encrypted             = true", "encrypted             = false"),
    "stop that leaves one running": ("schedule.tf", r'(stop.*?start_time[^\n]*\n.*?desired_capacity       = )0', r"\g<1>1"),
    "size left out of the start": ("schedule.tf", r'(recurrence             = local\.cron\.start\n.*?\n)  min_size               = 0\n', r"\1"),
    "scheduled action without a hash": ("schedule.tf", r'"stop-\$\{local\.schedule_hash\.stop\}"', '"stop"'),
    "backstop switched off": ("schedule.tf", r"(  schedule_expression          = module)", '  state = "DISABLED"\n\\1'),
    "dead-man's switch that trusts silence": ("monitoring.tf", r'missing = "breaching"', 'missing = "notBreaching"'),
    "alarm on a metric nobody emits": ("monitoring.tf", r"local\.metric\.BootFailed", '"BootFailure"'),
    "bucket open to the public": ("modules/private_bucket/main.tf", r"block_public_policy     = true", "block_public_policy     = false"),
    "secret's value in Terraform": ("secrets.tf", r"\Z", '\nresource "aws_secretsmanager_secret_version" "agent" {\n  secret_id     = aws_secretsmanager_secret.agent.id\n  secret_string = "{}"\n}\n'),
    "unlimited CPU credits": ("ec2.tf", r'cpu_credits = "standard"', 'cpu_credits = "unlimited"'),
    "NAT gateway": ("network.tf", r"\Z", '\nresource "aws_eip" "nat" {\n  domain = "vpc"\n}\n\nresource "aws_nat_gateway" "main" {\n  allocation_id = aws_eip.nat.id\n  subnet_id     = values(aws_subnet.public)[0].id\n}\n'),
    # Of its passes by Lambda.
    "Lambda runtime that does not exist": ("lambda.tf", r'"provided\.al2023"', '"provided.al2024"'),
    "log group that nobody asked for": ("lambda.tf", r'("aws_cloudwatch_log_group" "lambda" \{\n  count = )local\.lambda_on \? 1 : 0', r"\g<1>1"),
    "package that is not pinned": ("lambda.tf", r"    postcondition \{.*?\n    \}\n", ""),
    "package of another version": ("lambda.tf", r'"\$\{local\.artifact_key\}\.zip"', '"artifacts/latest/mecris-agent.zip"'),
    "alias that nobody looked at": ("lambda.tf", r"= data\.aws_lambda_function\.published\[0\]\.version", "= aws_lambda_function.pass[0].version"),
    "package for another processor": ("lambda.tf", r'\? "arm64" : "x86_64"\]', '? "x86_64" : "arm64"]'),
    "two passes at once": ("lambda.tf", r"reserved_concurrent_executions = 1", "reserved_concurrent_executions = 2"),
    "passes that keep the instance's dead-man's switch quiet": ("lambda.tf", r'"\$\{var\.environment\}-lambda"', "var.environment"),
    "secret in the function's environment": ("lambda.tf", r"      MECRIS_LOG_FORMAT ", '      BEEMINDER_AUTH_TOKEN = "token"\n      MECRIS_LOG_FORMAT '),
    "failed pass that is made again": ("lambda.tf", r"maximum_retry_attempts       = 0", "maximum_retry_attempts       = 2"),
    "pass on another clock": ("lambda.tf", r"  schedule_expression_timezone = local\.aws_zone\n", ""),
    "pass that goes past the alias": ("lambda.tf", r"aws_lambda_alias\.live\[0\]\.arn", "aws_lambda_function.pass[0].arn"),
    "schedule that may start every function": ("policies/passes-invoke.json.tftpl", r'"\$\{lambda_arn\}:\$\{lambda_alias\}"', '"*"'),
    "function that may read the binaries": ("policies/lambda-state.json.tftpl", r'"Resource": ("[^"]*/state/\*")', r'"Resource": [\1, "arn:${partition}:s3:::${bucket_name}/artifacts/*"]'),
    "missing pass that is no alarm": ("lambda.tf", r'missing = "breaching"', 'missing = "notBreaching"'),
    # Of who notices that nobody watches.
    "switch that waits for data": ("monitoring.tf", r'"IF\(FILL\(passes, 0\) < 1, 1, 0\)"', '"IF(passes < 1, 1, 0)"'),
    "group that nobody counts": ("ec2.tf", r'"GroupDesiredCapacity", ', ""),
    "hour without an instance": ("monitoring.tf", r"seconds    = 300, periods = 3", "seconds    = 300, periods = 12"),
    "metrics of both environments in one place": ("main.tf", r'"Mecris/\$\{var\.environment\}"', '"Mecris"'),
    "launch that fails in silence": ("policies/topic.json.tftpl", r'"events\.amazonaws\.com"', '"cloudwatch.amazonaws.com"'),
}


# The same for infra/bootstrap: each one widens or loses one right.
BOOTSTRAP = {
    "boundary with every secret": ("policies/boundary.json.tftpl", r"secret:mecris/\$\{environment\}-\*", "secret:mecris/*"),
    "boundary with both buckets": ("policies/boundary.json.tftpl", r"mecris-\$\{environment\}-\$\{account_id\}/\*", "mecris-*/*"),
    "boundary with both groups": ("policies/boundary.json.tftpl", r'autoScalingGroupName/mecris-\$\{environment\}"', 'autoScalingGroupName/mecris-*"'),
    "boundary with the logs of both": ("policies/boundary.json.tftpl", r"log-group:/mecris/\$\{environment\}:\*", "log-group:/mecris/*"),
    "boundary with the metrics of both": ("policies/boundary.json.tftpl", r'"cloudwatch:namespace": "Mecris/\$\{environment\}"', '"cloudwatch:namespace": ["Mecris/staging", "Mecris/prod"]'),
    "roles with the boundary of the other environment": ("policies/apply-roles.json.tftpl", r"\$\{boundary_arns\[environment\]\}", "arn:${partition}:iam::${account_id}:policy/mecris-boundary-*"),
    "roles of every environment handed on": ("policies/apply-roles.json.tftpl", r'("Sid": "HandOnOwnRoles".*?)role/mecris-\$\{environment\}-\*', r"\1role/mecris-*"),
    "roles for every service": ("policies/apply-roles.json.tftpl", r',\s*"Condition": \{\s*"StringEquals": \{\s*"iam:PassedToService".*?\}\s*\}', ""),
    "Terraform's state of both": ("policies/plan.json.tftpl", r"/\$\{environment\}\.\$\{suffix\}", "/*"),
    "settings of both read": ("github.tf", r"scope        = each\.value\[0\]", 'scope        = "*"'),
    "tags on what is there": ("policies/apply-network.json.tftpl", r',\s*"ec2:CreateAction": \[.*?\]', ""),
    "changes by the project's tag alone": ("policies/apply-network.json.tftpl", r'("Sid": "ChangeAndRemoveOnlyOurs".*?"mecris"), "aws:ResourceTag/Environment": "\$\{environment\}"', r"\1"),
    "instances of every size": ("policies/apply-network.json.tftpl", r',\s*"ec2:InstanceType": \$\{jsonencode\(instance_types\)\}', ""),
    "instances from anybody's template": ("policies/apply-network.json.tftpl", r'("Sid": "StartThemFromOwnTemplateInOwnNetwork".*?\]),\s*"Condition": \{[^\n]*', r"\1"),
    "subscriptions of everybody": ("policies/apply-stack.json.tftpl", r'("Action": "sns:Unsubscribe",\s*"Resource": )"[^"]*"', r'\1"*"'),
    "prod without its environment": ("github.tf", r'\["\$\{local\.repository\}:environment:\$\{each\.key\}"\]', '["${local.repository}:environment:${each.key}", local.plan_subjects[1]]'),
    "route that cannot be made": ("policies/apply-network.json.tftpl", r'\s*"ec2:CreateRoute",', ""),
}


def mutate(stack, name):
    """Makes the edit in the copy. An edit that fits nowhere, or twice, is a mistake of this table and not of the stack."""
    file, pattern, replacement = (MUTATIONS | BOOTSTRAP)[name]
    path = stack.module / file
    text, times = re.subn(pattern, replacement, path.read_text(), flags=re.DOTALL)
    if times != 1:
        raise Failed(f"mutation \"{name}\" fits in {file} {times} times, not once")
    path.write_text(text)


def caught_by(url, name):
    """Which check catches it (None: none), with its first words."""
    with Stack(url) as stack:
        mutate(stack, name)
        try:
            stack.init()
            stack.variables()
            stack.terraform("validate")
        except Failed as refusal:
            return "validate", first(refusal)
        plans = []
        for changes in PLANS:
            try:
                plans.append(stack.plan(**changes))
            except Failed as refusal:
                return "plan", first(refusal)
            sentences = assertions.problems(plans[-1])
            if sentences:
                return "assertions", sentences[0]
        # Parliament last: it is the slowest. The second plan has every policy of the first.
        findings = list(rights.findings(plans[-1]))
        if findings:
            return "parliament", findings[0]
        try:
            rights.the_instance_may_do_what_it_does_and_no_more(plans[-1])
            rights.the_function_may_do_what_a_pass_does_and_no_more(plans[-1])
        except Failed as refusal:
            return "rights", str(refusal)
        return None, ""


def caught_in_bootstrap(url, name, stacks, buckets):
    """The same for a mutation of infra/bootstrap."""
    try:
        plans = calls.bootstrapped(url, lambda stack: mutate(stack, name), forms=["by name"])
    except Failed as refusal:
        return "plan", first(refusal)
    try:
        found = calls.problems(plans, stacks, buckets)[0]
    except Failed as refusal:
        return "calls", str(refusal)
    return ("calls", f"{found[0]} ({len(found)} lines)") if found else (None, "")


def first(refusal):
    """The line of Terraform's output that says what is wrong."""
    return next((line.strip("│ ").removeprefix("Error: ") for line in str(refusal).splitlines() if "Error: " in line), str(refusal)[:80])


def score(url, only=None):
    """Prints a line for each mutation; fails if one survives."""
    names = [name for name in [*MUTATIONS, *BOOTSTRAP] if not only or only in name]
    if calls.missing():
        names = [name for name in names if name in MUTATIONS]
        print(f"!! SKIPPED: the mutations of infra/bootstrap: {calls.missing()}", flush=True)
    stacks = calls.rendered(url) if any(name in BOOTSTRAP for name in names) else None
    count, survivors = {}, []
    for name in names:
        check, words = caught_by(url, name) if name in MUTATIONS else caught_in_bootstrap(url, name, *stacks)
        count[check] = count.get(check, 0) + 1
        if check is None:
            survivors.append(name)
        print(f"    {check or 'SURVIVES':<11} {name}: {words}"[:160], flush=True)
    summary = f"{len(names) - len(survivors)} of {len(names)} caught: " + ", ".join(f"{count[check]} by {check}" for check in count if check)
    if survivors:
        raise Failed(f"{summary}; not caught: {', '.join(survivors)}")
    return summary
