# shellcheck shell=bash
# Functions that the scripts for an installation share. They source this file, with the root folder in $root.
# shellcheck disable=SC2034,SC2154 # variables of one side that the other side uses

# The default of the variable `region`. Version 1 of the AWS CLI knows only the second name; Terraform and
# version 2 know the first.
region=${AWS_REGION:-${AWS_DEFAULT_REGION:-us-east-1}}
export AWS_REGION=$region AWS_DEFAULT_REGION=$region TF_VAR_region=$region
other_boundary=${TF_VAR_permissions_boundary:-}

die() { # text, exit code
    echo "${0##*/}: $1" >&2
    exit "${2:-1}"
}

need() { # Programs that have to be there.
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || die "$program is not installed; docs/RUNBOOK.md, \"First deploy\", says from where" 69
    done
}

environment_named() { # Sets $environment, and the boundary of its roles unless another is named.
    case "${1:-}" in
        staging | prod) environment=$1 ;;
        "") die "which environment? staging or prod" 64 ;;
        *) die "\"$1\" is no environment; allowed: staging, prod" 64 ;;
    esac
    # infra/bootstrap makes it. It bounds what a person applies in the same way as what a workflow applies.
    export TF_VAR_permissions_boundary=${other_boundary:-mecris-boundary-$environment}
}

need_address() { # Terraform asks for it, whatever it does.
    [[ ${TF_VAR_alert_email:-} ]] || grep -qs '^ *alert_email' "$root/infra/env/$environment.tfvars" ||
        die "where do the alarms go? export TF_VAR_alert_email=you@example.org (docs/RUNBOOK.md, \"First deploy\")" 64
}

tf() { terraform -chdir="$root/infra" "$@"; }

open_state() { # Points Terraform at the environment's state. The bucket's name follows from the account, as infra/bootstrap made it.
    local account
    account=$(aws sts get-caller-identity --query Account --output text) || die "AWS does not know who you are: log in first (aws sso login, or AWS_PROFILE)" 75
    state_bucket=mecris-tfstate-$account
    bucket=mecris-$environment-$account
    tf init -input=false -reconfigure -backend-config="bucket=$state_bucket" -backend-config="key=$environment.tfstate" \
        -backend-config="region=$region" >/dev/null ||
        die "the state in s3://$state_bucket/$environment.tfstate cannot be opened; has infra/bootstrap been applied? (docs/RUNBOOK.md, \"First deploy\")"
}

output() { # One output of the environment, empty if there is none yet.
    { tf output -json "$1" 2>/dev/null || :; } | python3 -c 'import json,sys
value = sys.stdin.read().strip()
value = json.loads(value) if value else ""
for key in sys.argv[1:]: value = value.get(key, "") if isinstance(value, dict) else ""
print("" if value is None else value)' "${@:2}"
}

group_now() { # "<desired> <instance or None>" of the primary group.
    aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names "mecris-$environment" \
        --query "AutoScalingGroups[0].[DesiredCapacity, Instances[?LifecycleState=='InService'].InstanceId | [0]]" --output text
}

in_window() { # Whether the schedule wants an instance now.
    tf output -json schedule | python3 -c '
import datetime, json, sys, zoneinfo
schedule = json.load(sys.stdin)
now = datetime.datetime.now(zoneinfo.ZoneInfo(schedule["zone"])).replace(tzinfo=None)
def last(cron):
    minute, hour, _, _, days = cron.split()
    for back in range(8):
        day = now.date() - datetime.timedelta(back)
        at = datetime.datetime.combine(day, datetime.time(int(hour), int(minute)))
        if at <= now and (days == "*" or str((day.weekday() + 1) % 7) in days.split(",")):
            return at
sys.exit(0 if last(schedule["start"]) > last(schedule["stop"]) or schedule["forced"] else 1)'
}
