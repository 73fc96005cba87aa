"""Whether the agent takes the settings that Terraform renders: from the parameter, with the secrets in Secrets Manager, as on an instance."""

import json
import os
import pathlib
import subprocess
import tempfile

from cycle import client
from tools import Failed, resources
from windows import agent

# Names as docs/CONFIGURATION.md has them; the values are nobody's.
SECRETS = {
    "BEEMINDER_AUTH_TOKEN": "beeminder-token-of-nobody", "TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "twilio-token-of-nobody",
    "TWILIO_FROM_NUMBER": "+15005550006", "TWILIO_TO_NUMBER": "+14155550100", "MECRIS_API_TOKENS": "laptop:token-of-nobody-at-all",
}


def the_agent_takes_them(url, plan):
    """`mecris-agent check --offline` with the file of the instance, the parameter and the secret of a plan."""
    values = next(values for _, kind, values in resources(plan) if kind == "aws_ssm_parameter")
    secret = next(values for _, kind, values in resources(plan) if kind == "aws_secretsmanager_secret")
    client(url, "ssm").put_parameter(Name=values["name"], Value=values["value"], Type="String", Overwrite=True)
    client(url, "secretsmanager").create_secret(Name=secret["name"], SecretString=json.dumps(SECRETS))
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "agent.toml"
        file.write_text(f'[config]\nssm_parameter = "{values["name"]}"\n')
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "MECRIS_", "TWILIO_", "BEEMINDER_"))}
        environment |= {
            "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1", "MECRIS__STATE__PATH": f"{folder}/state.db",
        }
        done = subprocess.run([agent(), "--config", file, "check", "--offline"], env=environment, cwd=folder, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise Failed(f"mecris-agent check --offline: exit {done.returncode}\n{done.stdout}{done.stderr[-3000:]}")
    return "mecris-agent check --offline finds nothing wrong"
