"""infra/eks.yaml without a cluster: Kubernetes' own schema, the settings by the agent, and the script that fetches the binary by running it."""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
import tomllib

import kubernetes_validate
import yaml

from tools import ROOT, Failed
from windows import agent

FILE = ROOT / "infra/eks.yaml"
VERSIONS = ["1.31", "1.37"]  # the oldest with everything that is used as stable, and the newest that the validator knows


def documents():
    return {document["kind"]: document for document in yaml.safe_load_all(FILE.read_text())}


def refusals(document):
    """What Kubernetes' schema says against a document, unknown fields among it."""
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as refusal:
            yield f"{document['kind']}, Kubernetes {version}: {'.'.join(map(str, refusal.path))}: {refusal.message}"


def is_what_kubernetes_takes():
    """Every document by the schema; and mistakes, so that silence means something."""
    found = [sentence for document in documents().values() for sentence in refusals(document)]
    if found or set(documents()) != {"Namespace", "ServiceAccount", "ConfigMap", "CronJob"}:
        raise Failed("\n".join(found) or f"infra/eks.yaml has {sorted(documents())}")
    text = FILE.read_text()
    for right, wrong in {"concurrencyPolicy: Forbid": "concurencyPolicy: Forbid", "backoffLimit: 2": "backoffLimit: two", "restartPolicy: Never": "restart: Never"}.items():
        if text.count(right) != 1:
            raise Failed(f"infra/eks.yaml has \"{right}\" {text.count(right)} times, not once")
        broken = [document for document in yaml.safe_load_all(text.replace(right, wrong)) if document["kind"] == "CronJob"][0]
        if not list(refusals(broken)):
            raise Failed(f"the schema does not see the mistake \"{wrong}\"")
    return f"{len(documents())} documents by the schemas of {' and '.join(VERSIONS)}, 3 mistakes seen"


def parts():
    """The job's two containers and the settings."""
    found = documents()
    pod = found["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return found["CronJob"]["spec"], pod, pod["initContainers"][0], pod["containers"][0], found["ConfigMap"]["data"]["agent.toml"]


def says_the_same_everywhere():
    """What is written in two places of the file, and what nothing else would notice."""
    job, pod, fetch, run, settings = parts()
    environment = {variable["name"]: variable["value"] for variable in fetch["env"]}
    told = tomllib.loads(settings)
    start, hours = int(told["window"]["start"][:2]), told["window"]["hours"]
    wanted = {
        "timeZone": (job["timeZone"], told["time_zone"]),
        "schedule": (job["schedule"], f"*/15 {start}-{start + hours - 1} * * *"),
        "the bucket": (told["state"]["remote"], f"s3://{environment['MECRIS_BUCKET']}/agent"),
        "the processor": ({"amd64": "x86_64", "arm64": "aarch64"}[pod["nodeSelector"]["kubernetes.io/arch"]], environment["MECRIS_ARCH"]),
        "the region": (run["env"][0], {"name": "AWS_REGION", "value": environment["AWS_REGION"]}),
        "what can be written": ({"name": "TMPDIR", "value": run["volumeMounts"][-1]["mountPath"]} in run["env"], True),
        "the binary": (run["command"][0], f"{environment['HOME']}/mecris-agent"),
        "concurrency": (job["concurrencyPolicy"], "Forbid"),
        "no release": (environment["MECRIS_SHA256"], "0" * 64),
    }
    wrong = [f"{what}: {one} and {other}" for what, (one, other) in wanted.items() if one != other]
    wrong += [f"{image} is no pinned image" for image in (fetch["image"], run["image"]) if not re.search(r":[0-9a-z.]+$", image) or image.endswith(":latest")]
    if wrong:
        raise Failed("\n".join(wrong))
    return f"{len(wanted)} pairs agree"


def the_agent_takes_its_settings():
    """`mecris-agent check --offline` with the ConfigMap's file."""
    settings = parts()[-1]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "MECRIS_", "TWILIO_", "BEEMINDER_"))}
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "agent.toml")

        def check(text):
            file.write_text(text)
            words = [agent(), "--config", file, "check", "--offline", "--json"]
            return subprocess.run(words, env={**environment, "MECRIS__STATE__PATH": f"{folder}/state.db"}, cwd=folder, capture_output=True, text=True, timeout=120)

        done, wrong = check(settings), check(settings.replace("[beeminder]", "[beminder]"))
    if done.returncode:
        raise Failed(f"mecris-agent check --offline: exit {done.returncode}\n{done.stdout}{done.stderr[-2000:]}")
    if wrong.returncode != 78:
        raise Failed(f"mecris-agent check --offline ends with {wrong.returncode} for a table that does not exist")
    return "mecris-agent check --offline finds nothing wrong"


# In place of the AWS CLI: notes what it was asked, and copies what is in the bucket.
AWS = """#!/bin/sh
echo "$@" >>asked
[ "$1 $2 $3" = "s3 cp --only-show-errors" ] && cp "$BUCKET_FOLDER/${4#s3://}" "$5"
"""


def the_script_starts_only_these_bytes():
    """The init container's own script under sh: the pinned bytes are put in place, others and none stop it."""
    fetch = parts()[2]
    content = b"the binary"
    with tempfile.TemporaryDirectory() as top:
        top = pathlib.Path(top)
        for folder in ("bin", "work", "bucket/bucket/artifacts/1.2.3"):
            (top / folder).mkdir(parents=True)
        (top / "bin/aws").write_text(AWS)
        (top / "bin/aws").chmod(0o755)
        there, binary = top / "bucket/bucket/artifacts/1.2.3/mecris-agent-aarch64", top / "work/mecris-agent"

        def fetched(digest, stored):
            there.unlink(missing_ok=True)
            if stored is not None:
                there.write_bytes(stored)
            environment = {variable["name"]: variable["value"] for variable in fetch["env"]}
            environment |= {"PATH": f"{top}/bin:{os.environ['PATH']}", "HOME": f"{top}/work", "BUCKET_FOLDER": f"{top}/bucket", "MECRIS_BUCKET": "bucket", "MECRIS_VERSION": "1.2.3", "MECRIS_SHA256": digest}
            return subprocess.run([*fetch["command"], *fetch["args"]], env=environment, capture_output=True, text=True, timeout=60)

        digest = hashlib.sha256(content).hexdigest()
        for again in range(2):  # a container that is started once more in the same pod
            done = fetched(digest, content)
            if done.returncode or binary.read_bytes() != content or binary.stat().st_mode & 0o777 != 0o555:
                raise Failed(f"the pinned bytes are not put in place: exit {done.returncode} {done.stderr}")
        asked = (top / "work/asked").read_text().splitlines()
        if asked != ["s3 cp --only-show-errors s3://bucket/artifacts/1.2.3/mecris-agent-aarch64 fetched"] * 2:
            raise Failed(f"the script asked for {asked}")
        for what, stored in {"other bytes": b"other bytes", "no binary": None}.items():
            done = fetched(digest, stored)
            if not done.returncode or binary.exists():
                raise Failed(f"{what}: exit {done.returncode}, {'and a binary is there' if binary.exists() else 'without a binary'}")
            if stored and (digest not in done.stderr or "nothing is started" not in done.stderr):
                raise Failed(f"{what} are refused without a sentence: {done.stderr}")
    return "the pinned bytes are started, others and none are not"
