# shellcheck shell=bash
# Puts the pinned Python tools of tests/infra on PATH; installs them into the build folder the first time.
# Source this file from a script whose working directory is the root of the repository.

requirements=tests/infra/requirements
tools="$(realpath -m "${CARGO_TARGET_DIR:-target}")/infra-tools-$(cat $requirements/*.txt | sha256sum | cut -c1-12)"
mkdir -p "$tools"
exec 9>"$tools/lock"
flock 9
if [[ ! -e $tools/installed ]]; then
    echo "Installing the checkers into $tools ..." >&2
    # checkov needs another version of boto3 than the checks, so it gets its own virtual environment.
    for set in checks checkov; do
        { python3 -m venv --clear "$tools/$set" &&
            "$tools/$set/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement "$requirements/$set.txt"; } >&2 || exit 69
    done
    touch "$tools/installed"
fi
exec 9>&-
export PATH="$tools/checks/bin:$PATH" PYTHONDONTWRITEBYTECODE=1
