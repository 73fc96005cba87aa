"""All checks of the infrastructure, in order of what they cost. scripts/check-infra runs it and says how."""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time

import assertions
import calls
import cluster
import cost
import cycle
import drill
import mutations
import passes
import rights
import settings
import windows
from tools import HERE, PACKAGED, ROOT, Failed, Stack, fake_aws

# Plans that take every branch there is between them.
PLANS = {
    "the default": {},
    "prod, everything": {
        "environment": "prod", "capacity": "spot", "instance_types": ["t4g.small", "t4g.medium", "c7g.medium"], "egress_ports": [587], "window_start": "21:30",
        "window_days": ["MON", "WED"], "permissions_boundary": "mecris-boundary-prod", "cost_anomaly_monitor": True,
        "slack": {"team_id": "T0123ABCD", "channel_id": "C0123ABCD"}, "agent_settings": "[walk]\ngoal = \"bike\"\nfrom = \"14:00\"\nuntil = \"18:00\"\n",
        "lambda_passes": ["19:00", "07:45"], "release": PACKAGED,
    },
    "IPv6 only, x86, weekends": {
        "egress": "ipv6", "architecture": "x86_64", "instance_types": ["t3.small"], "window_days": ["SAT", "SUN"], "window_hours": 2.25,
        "lambda_passes": ["00:00"], "release": {**PACKAGED, "zip_sha256": "0f" * 32},
    },
}


# Parliament's findings about GitHub's roles that are left as they are.
ACCEPTED = [
    r'apply-stack"\]: RESOURCE_POLICY_PRIVILEGE_ESCALATION',  # who applies makes the bucket and its policy; that is the job
    # A call of EC2 is about several resources, each in a statement of its own with the condition that it has; calls.py decides about each.
    r'apply-network"\]: RESOURCE_MISMATCH',
    # AWS has named a resource for these since parliament's list was made.
    r"RESOURCE_MISMATCH \[{'action': '(sns:Unsubscribe|chatbot:TagResource)'",
    # Reads and account-wide things that have no name to limit them by when they are made.
    r"RESOURCE_STAR (\['|, '|(ce|chatbot):\w+'|cloudwatch:DescribeAlarms'|ec2:DescribeVpcAttribute')+\]",
]


class Report:
    """Prints one line for each check, and knows at the end how it went."""

    def __init__(self):
        self.failed, self.skipped, self.passed = [], [], []

    def run(self, name, check, *arguments):
        began = time.monotonic()
        try:
            said = check(*arguments)
        except Failed as failure:
            self.failed.append(name)
            print(f"FAILED  {name}\n{failure}\n", flush=True)
        else:
            self.passed.append(name)
            print(f"ok      {name}: {said} ({time.monotonic() - began:.0f} s)", flush=True)

    def skip(self, name, why):
        self.skipped.append(name)
        print(f"!! SKIPPED: {name}: {why}", flush=True)


def command(*words, folder=ROOT, allowed=(0,), **options):
    """Runs a command; its own words when it fails."""
    done = subprocess.run([str(word) for word in words], cwd=folder, capture_output=True, text=True, **options)
    if done.returncode not in allowed:
        raise Failed(f"{done.stdout[-6000:]}{done.stderr[-3000:]}".strip())
    return done.stdout


def formatting():
    command("terraform", "fmt", "-check", "-recursive", "-diff", ROOT / "infra")
    return "as terraform fmt writes it"


def validate(url):
    for module in ("infra", "infra/bootstrap"):
        with Stack(url, module) as stack:
            stack.init()
            stack.terraform("validate")
    return "both root modules"


def tests(url):
    with Stack(url) as stack:
        stack.init()
        done = stack.terraform("test", allowed=(0, 1), timeout=900)
    last = done.stdout.strip().splitlines()[-1]
    if done.returncode or not last.startswith("Success!") or " 0 passed" in last:
        raise Failed(f"{last}\n{done.stderr[-6000:]}")
    return last


def one_plan(url, plans, name, changes):
    with Stack(url) as stack:
        stack.init()
        plans[name] = stack.plan(**changes)
    sentences = assertions.problems(plans[name])
    if sentences:
        raise Failed("\n".join(sentences))
    return f"{len(assertions.resources(plans[name]))} resources, {len(assertions.RULES)} rules"


def documented():
    """Every alarm has its paragraph in the runbook."""
    runbook = (ROOT / "docs/RUNBOOK.md").read_text()
    alarms = assertions.ALARMS | assertions.LAMBDA_ALARMS
    for alarm in sorted(alarms):
        chapter = runbook.partition(f"\n### {alarm}\n")[2].split("\n### ")[0]
        for part in ("*Meaning.*", "*First look.*", "*Fix.*"):
            if part not in chapter:
                raise Failed(f"docs/RUNBOOK.md, \"### {alarm}\", lacks {part}")
    if "\n### no-launch\n" not in runbook:
        raise Failed("docs/RUNBOOK.md lacks \"### no-launch\", which a mail refers to")
    return f"{len(alarms)} alarms in the runbook"


def affordable(url):
    with Stack(url) as stack:
        stack.init()
        plan = stack.plan()
    net, gross = cost.total(plan)
    if net > cost.CEILING_USD:
        raise Failed(f"the default costs {net:.2f} USD a month, more than {cost.CEILING_USD:.2f}")
    return f"{net:.2f} USD a month ({gross:.2f} without allowances), {cost.CEILING_USD:.2f} is the ceiling"


def bootstrap_policies(url):
    """The roles of GitHub: parliament's opinion, and that the one that plans only reads."""
    with Stack(url, "infra/bootstrap") as stack:
        stack.terraform("init", "-input=false")
        stack.terraform("plan", "-input=false", "-var=github_repository=someone/mecris", "-out=check.tfplan")
        plan = json.loads(stack.terraform("show", "-json", "check.tfplan").stdout)
    found = [finding for finding in rights.findings(plan) if not any(re.search(accepted, finding) for accepted in ACCEPTED)]
    for address, _, field, statement in assertions.statements(assertions.resources(plan)):
        if address == "aws_iam_role_policy.plan":
            buckets = {resource for resource in assertions.listed(statement["Resource"]) if re.search(r":mecris-(staging|prod)-", resource)}
            # Reading a bucket begins with HeadBucket, which AWS allows to those who may list.
            if any(":s3:::" in bucket for bucket in buckets) and "s3:ListBucket" not in assertions.listed(statement["Action"]):
                found.append(f"{address}: a plan cannot look at {sorted(buckets)} without s3:ListBucket")
            found += [f"{address}: {action} is more than reading" for action in assertions.listed(statement["Action"])
                      if not action.split(":")[1].startswith(("Get", "List", "Describe", "View"))]
        if field == "assume_role_policy":
            subjects = assertions.listed(statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"])
            found += [f"{address}: {subject} is too wide" for subject in subjects if "*" in subject or not subject.startswith("repo:someone/mecris:")]
            if "apply" in address and any(":environment:" not in subject for subject in subjects):
                found.append(f"{address} is given to jobs without an environment")
    # AWS counts the inline policies of a role (the plan role has one) together, and a managed one by itself, without white space.
    size = {address: len(re.sub(r"\s", "", values["policy"])) for address, kind, values in assertions.resources(plan) if kind in ("aws_iam_role_policy", "aws_iam_policy")}
    found += [f"{role}: {characters} characters of policies, more than AWS takes" for role, characters in size.items() if characters > (6144 if role.startswith("aws_iam_policy") else 10240)]
    if found:
        raise Failed("\n".join(sorted(set(found))))
    return f"sound, the plan role only reads, {max(size.values())} characters of policies at most"


def bootstrap_refusals(url):
    """The numbers of GitHub come together and are whole, and the name has no wildcard."""
    refused = {"an owner without a repository": ["-var=github_owner_id=1"], "a repository without an owner": ["-var=github_repository_id=1"],
               "half a number": ["-var=github_owner_id=1.5", "-var=github_repository_id=1"], "a wildcard": ["-var=github_repository=someone/*"]}
    with Stack(url, "infra/bootstrap") as stack:
        stack.terraform("init", "-input=false")
        for name, variables in refused.items():
            done = stack.terraform("plan", "-input=false", "-var=github_repository=someone/mecris", *variables, allowed=(0, 1))
            if done.returncode == 0 or "Invalid value for variable" not in done.stderr:
                raise Failed(f"infra/bootstrap takes {name}: {done.stderr[-500:]}")
    return f"{len(refused)} refused"


def checkov():
    binary = pathlib.Path(sys.prefix).parent / "checkov" / "bin" / "checkov"
    said = command(binary, "-d", "infra", "--framework", "terraform", "kubernetes", "--config-file", HERE / "checkov.yaml", "--compact", "--quiet", "--skip-download", "--output", "cli", timeout=300)
    return said.strip().splitlines()[-1] if said.strip() else "nothing found beyond the skip list"


def main():
    options = argparse.ArgumentParser(prog="check-infra")
    options.add_argument("--only", metavar="WORD", help="only checks whose name has WORD in it")
    options.add_argument("--mutations", action="store_true", help="instead: the mutations and their score")
    options.add_argument("--quick", action="store_true", help="without `terraform test`, apply and destroy")
    chosen = options.parse_args()
    report, plans = Report(), {}

    def run(name, check, *arguments, skip=None):
        if chosen.only and chosen.only not in name:
            return
        if skip:
            report.skip(name, skip)
        else:
            report.run(name, check, *arguments)

    if not shutil.which("terraform"):
        report.skip("everything", "terraform is not installed (https://developer.hashicorp.com/terraform/install, 1.11 or newer)")
    else:
        with fake_aws() as url:
            probe = Stack(url)
            with probe:
                try:
                    probe.init()
                except Failed as failure:
                    report.skip("everything but formatting", f"the provider hashicorp/aws is neither in a local mirror nor can the registry be reached\n{str(failure)[-400:]}")
                    run("formatting", formatting)
                    return finish(report)
            if chosen.mutations:
                report.run("mutations", mutations.score, url, chosen.only)
                return finish(report)
            run("formatting", formatting)
            run("documented", documented)
            run("validate", validate, url)
            run("every zone", windows.every_zone_is_accepted)
            run("the backstop follows every stop", windows.the_backstop_follows_every_stop)
            no_agent = None if windows.agent() else "no mecris-agent was built (cargo build, or MECRIS_AGENT_BIN)"
            run("a year is what the agent says", windows.a_year_is_what_the_agent_says, skip=no_agent)
            for name, changes in PLANS.items():
                run(f"plan: {name}", one_plan, url, plans, name, changes)
            run("policies: bootstrap", bootstrap_policies, url)
            run("bootstrap: refusals", bootstrap_refusals, url)

            def planned():
                """The plans above, made now if --only left them out."""
                for name, changes in PLANS.items():
                    if name not in plans:
                        one_plan(url, plans, name, changes)
                return plans

            run("policies: parliament", lambda: rights.every_policy_is_sound(*planned().values()))
            run("policies: what the code calls", lambda: rights.the_instance_may_do_what_it_does_and_no_more(planned()["the default"]))
            run("policies: what a pass by Lambda calls", lambda: rights.the_function_may_do_what_a_pass_does_and_no_more(planned()["prod, everything"]))
            run("policies: calls that must be allowed and denied", calls.every_call_is_decided_as_it_must_be, url, skip=calls.missing())
            run("settings: the agent takes them", lambda: settings.the_agent_takes_them(url, planned()["the default"]), skip=no_agent)
            run("cluster: what Kubernetes takes", cluster.is_what_kubernetes_takes)
            run("cluster: the same everywhere", cluster.says_the_same_everywhere)
            run("cluster: the agent takes its settings", cluster.the_agent_takes_its_settings, skip=no_agent)
            run("cluster: only the pinned bytes", cluster.the_script_starts_only_these_bytes)
            run("cost", affordable, url)
            run("checkov", checkov)
            if not chosen.quick:
                run("terraform test", tests, url)
        if not chosen.quick:
            with fake_aws() as url:
                run("from nothing to nothing", cycle.from_nothing_to_nothing, url)
            with fake_aws() as url:
                run("a pass by Lambda", passes.a_pass_by_lambda, url, skip=passes.missing())
            with fake_aws() as url:
                run("first deploy, rollback, destroy", drill.first_deploy_second_version_rollback_destroy, url)
    return finish(report)


def nothing():
    raise Failed("no check has this word in its name")


def finish(report):
    if not (report.failed or report.skipped or report.passed):
        report.run("--only", nothing)
    print(f"\n{len(report.failed)} failed, {len(report.skipped)} skipped" + (": " + ", ".join(report.failed) if report.failed else ""))
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
