"""Whether AWS would allow the calls of calls.txt that it must, and deny those that it must not.

Terraform renders the policies of infra/bootstrap and of the stack, for both environments and with everything switched on. A policy engine
(tests/infra/simulator) then says for each call what IAM would: with the role's boundary, the bucket's policy and, for a trust policy, the
token or service that asks. Every action that a role is granted needs a line that allows it, so that no right is there for nothing.
"""

import fnmatch
import json
import os
import re
import subprocess

from tools import HERE, PACKAGED, Failed, Stack, resources

ENVIRONMENTS = ("staging", "prod")
ACCOUNT = "123456789012"  # moto's
REGION = "us-east-1"
# The stack with every role that it can have.
EVERYTHING = {
    "capacity": "spot", "slack": {"team_id": "T0123ABCD", "channel_id": "C0123ABCD"}, "cost_anomaly_monitor": True, "lambda_passes": ["19:00"], "release": PACKAGED,
}
# How bootstrap is told the repository, and how a token then names it; the other form must not be let in.
FORMS = {
    "by name": (["-var=github_repository=someone/mecris"], "repo:someone/mecris"),
    "by number": (["-var=github_repository=someone/mecris", "-var=github_owner_id=583231", "-var=github_repository_id=456789"], "repo:someone@583231/mecris@456789"),
}
HOST = "token.actions.githubusercontent.com"
# The engine knows the claims of this issuer's tokens and of none of GitHub's. AWS compares both alike, so the policy and the token are
# asked about under this name.
KNOWN = "accounts.google.com"
WORST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
# What every call through the network has; the engine looks at them only where a policy asks.
ALWAYS = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}


def missing():
    """Why the check cannot run; None if it can."""
    return os.environ.get("MECRIS_NO_IAM_SIMULATOR") or (None if os.environ.get("MECRIS_IAM_SIMULATOR") else "no policy engine is installed (scripts/check-infra installs it)")


def words(environment, other):
    """The words that stand for condition keys in calls.txt."""
    def tags(kind, of):
        return {f"aws:{kind}Tag/Project": "mecris", f"aws:{kind}Tag/Environment": of}

    return {
        "ours": tags("Resource", environment), "theirs": tags("Resource", other), "halfours": {"aws:ResourceTag/Project": "mecris"},
        "tagged": tags("Request", environment), "mistagged": tags("Request", other),
        "bounded": {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/mecris-boundary-{environment}"},
    }


def alternatives(text):
    """The texts that a text with {a,b} stands for."""
    found = re.search(r"\{([^{}]*)\}", text)
    if not found:
        return [text]
    return [whole for choice in found.group(1).split(",") for whole in alternatives(text[:found.start()] + choice + text[found.end():])]


def wanted(environment, form):
    """(line number, role, whether it is to be allowed, the words of the call) of each call in calls.txt for an environment."""
    other = next(name for name in ENVIRONMENTS if name != environment)
    places = {"<env>": environment, "<other>": other, "<account>": ACCOUNT, "<here>": f"{REGION}:{ACCOUNT}", "<repository>": FORMS[form][1],
              "<other-form>": next(token for name, (_, token) in FORMS.items() if name != form)}
    role = None
    for number, line in enumerate((HERE / "calls.txt").read_text().splitlines(), 1):
        if line.startswith("["):
            role = line.strip("[]")
        elif line and not line.startswith("#"):
            for place, value in places.items():
                line = line.replace(place, value)
            verdict, rest = line.split(" ", 1)
            if role is None or verdict not in ("allow", "deny") or "<" in rest:
                raise Failed(f"tests/infra/calls.txt:{number}: expected [role] lines, and below them \"allow\" or \"deny\" with a call: {line}")
            yield from ((number, role, verdict == "allow", call.split()) for call in alternatives(rest))


def rendered(url):
    """By environment: the roles of the stack. By name: the policy of each bucket."""
    stacks, buckets = {}, {}
    for environment in ENVIRONMENTS:
        with Stack(url) as stack:
            stack.init()
            plan = stack.plan(environment=environment, permissions_boundary=f"mecris-boundary-{environment}", **EVERYTHING)
        stacks[environment] = gathered(plan)
        for address, kind, values in resources(plan):
            if kind == "aws_s3_bucket_policy":
                buckets[f"mecris-{environment}-{ACCOUNT}"] = json.loads(values["policy"])
    return stacks, buckets


def bootstrapped(url, change=None, forms=tuple(FORMS)):
    """By form: the plan of infra/bootstrap; `change` may edit the copy before."""
    plans = {}
    with Stack(url, "infra/bootstrap") as stack:
        if change:
            change(stack)
        stack.terraform("init", "-input=false")
        for form in forms:
            stack.terraform("plan", "-input=false", *FORMS[form][0], "-out=check.tfplan")
            plans[form] = json.loads(stack.terraform("show", "-json", "check.tfplan").stdout)
    return plans


def gathered(plan):
    """The roles of a plan by the name of their resource: policies, boundary, trust. infra/bootstrap's have the environment's name in them."""
    roles = {}

    def role(address):
        _, name, *key = re.split(r"[.\[]", address.replace('"]', "").replace('["', "["), maxsplit=2)
        return roles.setdefault((name, key[0].split("/")[0] if name == "apply" else ""), {"identity": [], "boundary": None, "trust": None})

    for address, kind, values in resources(plan):
        if kind == "aws_iam_role":
            role(address).update(trust=json.loads(values["assume_role_policy"]), boundary=values.get("permissions_boundary"))
        elif kind == "aws_iam_role_policy" or (kind == "aws_iam_policy" and ".apply[" in address):
            role(address)["identity"].append(json.loads(values["policy"]))
    return roles


def everybody(bootstrap, stack, environment):
    """The roles that calls.txt names, for an environment, with the text of each boundary in place of its ARN."""
    boundaries = {values["name"]: json.loads(values["policy"]) for address, kind, values in resources(bootstrap) if kind == "aws_iam_policy" and ".boundary" in address}
    found = [*gathered(bootstrap).items(), *stack.items()]
    roles = {name: dict(role) for (name, of), role in found if of in ("", environment)}
    # The boundary that a role of its own making has is the one that the policy asks for, whichever that is.
    asked = {arn for policy in roles["apply"]["identity"] for statement in policy["Statement"]
             for arn in [statement.get("Condition", {}).get("ArnEquals", {}).get("iam:PermissionsBoundary")] if arn}
    if len(asked) != 1:
        raise Failed(f"the apply role of {environment} may make roles with {sorted(asked) or 'any boundary or none'}; expected one boundary")
    roles["made"] = {"identity": [WORST], "boundary": asked.pop(), "trust": None}
    for name, role in roles.items():
        if role["boundary"]:
            policy = role["boundary"].split(":policy/")[1]
            if policy not in boundaries:
                raise Failed(f"{environment}: the role {name} has the boundary {policy}; infra/bootstrap makes {sorted(boundaries)}")
            role["boundary"] = [boundaries[policy]]
    return roles


def request(roles, buckets, environment, role, call):
    """One call as the engine wants it."""
    name = role.removeprefix("trust ")
    if name not in roles:
        raise Failed(f"tests/infra/calls.txt: no role is called \"{role}\"; there are {sorted(roles)}, each also with \"trust \"")
    context, known = {}, words(environment, next(other for other in ENVIRONMENTS if other != environment))
    for word in call[0 if role.startswith("trust ") else 2:]:
        key, equals, value = word.partition("=")
        if not equals and key not in known:
            raise Failed(f"tests/infra/calls.txt: \"{word}\" is neither a condition key with its value nor one of {sorted(known)}")
        context |= {key: value} if equals else known[key]
    if role.startswith("trust "):
        service = context.pop("service", None)
        sub, aud = context.pop("sub", None), context.pop("aud", "sts.amazonaws.com")
        if sub:
            context |= {f"{KNOWN}:sub": sub, f"{KNOWN}:aud": aud}
        return {
            "principal": service or f"arn:aws:iam::{ACCOUNT}:oidc-provider/{HOST}", "action": "sts:AssumeRole" if service else "sts:AssumeRoleWithWebIdentity",
            "resource": f"arn:aws:iam::{ACCOUNT}:role/any", "account": ACCOUNT, "context": context, "identity": [], "boundary": None,
            "resource_policy": json.loads(json.dumps(roles[name]["trust"]).replace(f"{HOST}:", f"{KNOWN}:")),
        }
    action, resource = call[0], call[1] if call[1] == "*" else f"arn:aws:{call[1]}"
    return {
        "principal": f"arn:aws:iam::{ACCOUNT}:role/mecris-{name}-{environment}", "action": action, "resource": resource, "account": ACCOUNT, "context": ALWAYS | context,
        "given": list(context), "identity": roles[name]["identity"], "boundary": roles[name]["boundary"],
        "resource_policy": buckets.get(resource.removeprefix("arn:aws:s3:::").split("/")[0]),
    }


def answered(requests):
    """What the engine says to each request."""
    done = subprocess.run(["node", HERE / "simulator/simulate.mjs"], input=json.dumps({"modules": os.environ["MECRIS_IAM_SIMULATOR"], "calls": requests}), capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise Failed(f"the policy engine ended with {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def unproven(roles, calls):
    """Actions that a role is granted and that no line of calls.txt needs."""
    for name, role in roles.items():
        used = {call[0] for _, of, allowed, call in calls if of == name and allowed}
        granted = {action for policy in role["identity"] for statement in policy["Statement"] for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])}
        if name != "made":
            yield from (f"{name} is granted {action}, and no line of tests/infra/calls.txt needs it" for action in sorted(granted) if not any(fnmatch.fnmatchcase(call, action) for call in used))


def problems(plans, stacks, buckets):
    """(sentences about what is wrong, number of calls allowed, number denied) for both forms and environments."""
    found, counts, seen = [], {True: 0, False: 0}, set()
    for form, plan in plans.items():
        for environment in ENVIRONMENTS:
            roles, calls = everybody(plan, stacks[environment], environment), list(wanted(environment, form))
            found += unproven(roles, calls)
            # The other form changes nobody's rights but who is trusted.
            calls = [call for call in calls if call[1].startswith("trust ") or form == next(iter(FORMS))]
            requests = [request(roles, buckets, environment, role, call) for _, role, _, call in calls]
            for (number, role, allowed, call), asked, answer in zip(calls, requests, answered(requests)):
                where = f"tests/infra/calls.txt:{number}: {environment}, {role}: {' '.join(call)}"
                ignored = set(answer.get("ignored", ())) & set(asked.get("given", ()))
                if "error" in answer:
                    found.append(f"{where}: the engine cannot express it: {answer['error']}")
                elif ignored:
                    found.append(f"{where}: this call has no {sorted(ignored)}, so the line does not say what it means to")
                elif (answer["result"] == "Allowed") != allowed:
                    found.append(f"{where}: {answer['result']}, and has to be {'allowed' if allowed else 'denied'}")
                else:
                    key = (form if role.startswith("trust ") else "", environment, role, *call)
                    counts[allowed] += key not in seen
                    seen.add(key)
    return sorted(set(found)), counts[True], counts[False]


def every_call_is_decided_as_it_must_be(url):
    """The check."""
    found, allowed, denied = problems(bootstrapped(url), *rendered(url))
    if found:
        raise Failed("\n".join(found))
    return f"{allowed} of {allowed} calls allowed that must be, {denied} of {denied} denied"
