"""What a plan costs in a month, by line, from infra/prices.json. What has no price there is an error, not zero."""

import argparse
import json
import sys

from tools import PACKAGED, ROOT, Failed, Stack, fake_aws, resources

PRICES = json.loads((ROOT / "infra/prices.json").read_text())
CEILING_USD = 4.00
WEEKS_A_MONTH = 365.25 / 12 / 7
HOURS_A_MONTH = WEEKS_A_MONTH * 7 * 24
PRICED = {"aws_launch_template", "aws_secretsmanager_secret", "aws_cloudwatch_metric_alarm", "aws_cloudwatch_dashboard", "aws_cloudwatch_log_group", "aws_s3_bucket", "aws_lambda_function"}
VARIANTS = {
    "default": {},
    "IPv6 only": {"egress": "ipv6"},
    "spot": {"capacity": "spot"},
    "t4g.nano": {"instance_types": ["t4g.nano"]},
    "spot and IPv6 only": {"capacity": "spot", "egress": "ipv6"},
    "with two passes a day by Lambda": {"lambda_passes": ["21:30", "07:15"], "release": PACKAGED},
}


def hours(plan):
    """Instance hours a month, from the cron expressions of start and stop."""
    schedule = plan["planned_values"]["outputs"]["schedule"]["value"]
    start, stop = ([int(field) for field in schedule[name].split()[:2]] for name in ("start", "stop"))
    minutes = (stop[1] * 60 + stop[0] - start[1] * 60 - start[0]) % 1440
    days = schedule["start"].split()[4]
    return minutes / 60 * (7 if days == "*" else len(days.split(","))) * WEEKS_A_MONTH


def lines(plan):
    """(what, how much of it, US dollars a month, of which the always-free allowance pays) of a plan."""
    found, prices, assumed, free = resources(plan), PRICES["month"], PRICES["assumed"], PRICES["always_free_a_month"]
    unknown = {kind for _, kind, _ in found} - PRICED - set(PRICES["costs_nothing"])
    if unknown:
        raise Failed(f"no price for {', '.join(sorted(unknown))}: put one into infra/prices.json, or the type into costs_nothing there")
    running = hours(plan)
    template = next(values for _, kind, values in found if kind == "aws_launch_template")
    spot = plan["variables"].get("capacity", {}).get("value") == "spot"
    market = "spot" if spot else "on-demand"
    try:
        hourly = PRICES["hour"][market][template["instance_type"]]
    except KeyError:
        raise Failed(f"no {market} price for {template['instance_type']} in infra/prices.json") from None
    yield f"{template['instance_type']}, {market}", f"{running:.1f} h", running * hourly, 0
    if template["network_interfaces"][0]["associate_public_ip_address"] == "true":
        yield "public IPv4 address", f"{running:.1f} h", running * PRICES["hour"]["public_ipv4"], 0
    disk = template["block_device_mappings"][0]["ebs"][0]["volume_size"]
    yield "disk (gp3)", f"{disk} GB for {running:.1f} h", disk * prices["gp3_gb"] * running / HOURS_A_MONTH, 0
    passes = passes_a_month(plan)
    secrets = sum(kind == "aws_secretsmanager_secret" for _, kind, _ in found)
    calls = assumed["secret_calls_an_hour"] * running + passes
    yield "secret", f"{secrets}, {calls:.0f} calls", secrets * prices["secret"] + calls * PRICES["use"]["secret_call"], 0
    puts, gets = (assumed[f"s3_{kind}_an_hour"] * running + assumed[f"s3_{kind}_a_lambda_pass"] * passes for kind in ("puts", "gets"))
    yield "state in S3", f"{assumed['s3_gb']} GB, {puts:.0f} writes", assumed["s3_gb"] * prices["s3_gb"] + puts * PRICES["use"]["s3_put"] + gets * PRICES["use"]["s3_get"], 0
    alarms = sum(max(1, sum(bool(query.get("metric")) for query in values.get("metric_query") or [])) for _, kind, values in found if kind == "aws_cloudwatch_metric_alarm")
    yield allowance("alarms", alarms, free["alarm_metrics"], prices["alarm_metric"], f"{alarms} metrics")
    # A custom metric is billed for the hours in which it has data. Passes by Lambda have two of their own,
    # one hour each time.
    metrics = len(json.loads((ROOT / "agent/src/telemetry/cloudwatch_metrics.json").read_text()))
    metric_hours = metrics * running + 2 * passes
    yield allowance("metrics", metric_hours / HOURS_A_MONTH, free["custom_metrics"], prices["custom_metric"], f"{metrics} in those hours")
    boards = sum(kind == "aws_cloudwatch_dashboard" for _, kind, _ in found)
    yield allowance("dashboard", boards, free["dashboards"], prices["dashboard"], f"{boards}")
    gigabytes = assumed["log_gb_an_hour"] * running + assumed["log_gb_a_lambda_pass"] * passes
    yield allowance("logs", gigabytes, free["log_gb"], PRICES["use"]["log_gb_ingested"] + prices["log_gb_stored"], f"{gigabytes:.2f} GB")
    for function in (values for _, kind, values in found if kind == "aws_lambda_function"):
        seconds = passes * assumed["lambda_seconds_a_pass"] * function["memory_size"] / 1024
        processor = function["architectures"][0]
        yield allowance("Lambda", seconds, free["lambda_gb_seconds"], PRICES["use"][f"lambda_gb_second_{processor}"], f"{passes:.0f} passes, {seconds:.0f} GB seconds")
        yield allowance("calls of Lambda and its schedule", passes, min(free["lambda_requests"], free["scheduler_invocations"]), PRICES["use"]["lambda_request"] + PRICES["use"]["scheduler_invocation"], f"{passes:.0f}")


def passes_a_month(plan):
    """Passes by Lambda a month: one a day for each schedule."""
    return 7 * WEEKS_A_MONTH * sum(address.startswith("aws_scheduler_schedule.pass[") for address, _, _ in resources(plan))


def allowance(what, number, free, price, how_much):
    return what, how_much, number * price, min(number, free) * price


def total(plan):
    """US dollars a month after the always-free allowances, and before them."""
    found = list(lines(plan))
    return sum(usd - free for _, _, usd, free in found), sum(usd for _, _, usd, _ in found)


def eks_usd():
    """A cluster with one t4g.small that is always there, for infra/eks.yaml alone. Who has a cluster pays for the secret."""
    hour = PRICES["hour"]
    usd = HOURS_A_MONTH * (hour["eks_control_plane"] + hour["on-demand"]["t4g.small"] + hour["public_ipv4"]) + 20 * PRICES["month"]["gp3_gb"] + PRICES["month"]["secret"]
    return usd, usd


def table(plans):
    """Two tables in Markdown: the default by line, and everything by total."""
    out = [f"Prices of {PRICES['as_of']}, {PRICES['region']}. {PRICES['source']}", "", "| line of the default | how much | USD a month | paid by the always-free allowance |", "|---|---|---:|---:|"]
    for what, how_much, usd, free in lines(plans["default"]):
        out.append(f"| {what} | {how_much} | {usd:.2f} | {free:.2f} |")
    net, gross = total(plans["default"])
    out += [f"| **together** | | **{net:.2f}** to pay | ({gross:.2f} without allowances) |", "", "| variant | USD a month | without allowances |", "|---|---:|---:|"]
    rows = {name: total(plan) for name, plan in plans.items()}
    rows["EKS with one t4g.small, from prices alone"] = eks_usd()
    out += [f"| {name} | {net:.2f} | {gross:.2f} |" for name, (net, gross) in rows.items()]
    return "\n".join(out)


def plans():
    """A plan of each variant, against the fake AWS."""
    with fake_aws() as url, Stack(url) as stack:
        stack.init()
        return {name: stack.plan(**changes) for name, changes in VARIANTS.items()}


def main():
    parser = argparse.ArgumentParser(prog="cost")
    parser.add_argument("plan", nargs="?")
    given = parser.parse_args().plan
    try:
        known = {"default": json.load(open(given))} if given else plans()
        print(table(known))
        net = total(known["default"])[0]
    except Failed as failure:
        print(f"cost: {failure}", file=sys.stderr)
        return 1
    if not given and net > CEILING_USD:
        print(f"cost: the default costs {net:.2f} USD a month; {CEILING_USD:.2f} is the ceiling (CEILING_USD in tests/infra/cost.py)", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
