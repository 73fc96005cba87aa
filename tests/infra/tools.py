"""Where things are, how Terraform is run, and the fake AWS: what every check needs."""

import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "infra"
# What the root module reads, wherever it is copied to.
PARTS = ["infra", "scripts", "userdata", "systemd", "agent/src/telemetry/cloudwatch_metrics.json"]

REQUIRED = {
    "environment": "staging",
    "time_zone": "America/New_York",
    "alert_email": "me@example.org",
    "release": {"version": "1.2.3", "sha256": "ab" * 32},
}
# A release with a package for Lambda. Its digest looks like a real one, so that each digit is tried.
PACKAGED = {**REQUIRED["release"], "zip_sha256": hashlib.sha256(b"package").hexdigest()}


class Failed(Exception):
    """A check found something; the text says what, where, and what is allowed."""


def terraform_environment(folder):
    """Environment for Terraform without a network: the provider from a local mirror where there is one, else from the registry."""
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}
    for name in [name for name in environment if name.startswith(("TF_VAR_", "TF_CLI_ARGS", "AWS_"))]:
        del environment[name]
    environment["TF_CLI_ARGS"] = "-no-color"
    mirror = provider_mirror()
    if mirror:
        config = pathlib.Path(folder) / "terraform.rc"
        config.write_text(
            "disable_checkpoint = true\nprovider_installation {\n"
            f'  filesystem_mirror {{\n    path    = "{mirror}"\n    include = ["registry.terraform.io/*/*"]\n  }}\n'
            '  direct {\n    exclude = ["registry.terraform.io/*/*"]\n  }\n}\n'
        )
        environment["TF_CLI_CONFIG_FILE"] = str(config)
    return environment


def provider_mirror():
    """The folder that holds `registry.terraform.io`, if this machine has one."""
    for top in (os.environ.get("TERRAFORM_MIRROR"), "/opt", "/usr/local/share", os.path.expanduser("~/.terraform.d")):
        if top and os.path.isdir(top):
            for path, folders, _ in os.walk(top):
                if "registry.terraform.io" in folders:
                    return path
                if path[len(top):].count(os.sep) >= 3:
                    folders.clear()
    return None


@contextlib.contextmanager
def fake_aws():
    """moto on a free port of 127.0.0.1; yields its URL."""
    environment = {**os.environ, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
    server = subprocess.Popen([sys.executable, HERE / "fake_aws.py", "127.0.0.1", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True)
    try:
        line = server.stdout.readline().split()
        if line[:1] != ["ready"]:
            raise Failed("the fake AWS (moto) did not start")
        yield line[1]
    finally:
        server.stdin.close()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()  # it holds nothing that anybody wants
            server.wait()


class Stack:
    """A copy of the root module in a scratch folder, so that a check can change it and leaves nothing behind."""

    def __init__(self, aws_url, module="infra"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mecris-infra-"))
        for part in PARTS:
            source, target = ROOT / part, self.folder / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns(".terraform", "*.tfstate*", "*.tfplan"))
            elif source.exists():
                shutil.copy(source, target)
        self.module = self.folder / module
        self.environment = terraform_environment(self.folder)
        self.environment |= {
            "AWS_ENDPOINT_URL": aws_url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def terraform(self, *arguments, allowed=(0,), timeout=500):
        """Runs Terraform in the module; any exit code that is not allowed is a failure with Terraform's own words."""
        done = subprocess.run(["terraform", *arguments], cwd=self.module, env=self.environment, capture_output=True, text=True, timeout=timeout)
        if done.returncode not in allowed:
            raise Failed(f"terraform {' '.join(arguments[:2])}: exit {done.returncode}\n{done.stdout[-1500:]}\n{done.stderr[-3000:]}".rstrip())
        return done

    def init(self, *backend):
        """Initialises, with the local backend unless a backend's settings are given."""
        override = self.module / "backend_override.tf"
        if backend:
            override.unlink(missing_ok=True)
        else:
            override.write_text('terraform {\n  backend "local" {}\n}\n')
        self.terraform("init", "-input=false", "-reconfigure", *[f"-backend-config={setting}" for setting in backend])

    def variables(self, **changes):
        """Writes variables (the required ones with changes) where Terraform finds them by itself."""
        (self.module / "check.auto.tfvars.json").write_text(json.dumps({**REQUIRED, **changes}))

    def plan(self, **changes):
        """The plan with these variables, as Terraform's own JSON."""
        self.variables(**changes)
        self.terraform("plan", "-input=false", "-lock=false", "-out=check.tfplan")
        return json.loads(self.terraform("show", "-json", "check.tfplan").stdout)


def resources(plan):
    """(address, type, values) of everything that is planned, with what is only known after apply left out."""
    def walk(module):
        for resource in module.get("resources", []):
            if resource["mode"] == "managed":
                yield resource["address"], resource["type"], resource.get("values", {})
        for child in module.get("child_modules", []):
            yield from walk(child)

    return list(walk(plan["planned_values"]["root_module"]))
