# shellcheck shell=bash
# Puts the pinned policy engine into the build folder and its place into MECRIS_IAM_SIMULATOR. What hinders that
# is in MECRIS_NO_IAM_SIMULATOR; the check that needs the engine is then skipped with this reason.
# Source this file from a script whose working directory is the root of the repository.

install_simulator() {
    local source=tests/infra/simulator folder
    folder="$(realpath -m "${CARGO_TARGET_DIR:-target}")/infra-simulator-$(cat $source/package.json $source/package-lock.json | sha256sum | cut -c1-12)"
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        export MECRIS_NO_IAM_SIMULATOR="node or npm is not installed (https://nodejs.org, 20 or newer)"
        return
    fi
    mkdir -p "$folder"
    exec 9>"$folder/lock"
    flock 9
    if [[ ! -e $folder/installed ]]; then
        echo "Installing the policy engine into $folder ..." >&2
        cp $source/package.json $source/package-lock.json "$folder/"
        # No script of a package is run.
        if npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error >&2; then
            touch "$folder/installed"
        else
            export MECRIS_NO_IAM_SIMULATOR="npm could not install it (its own words are above)"
        fi
    fi
    exec 9>&-
    [[ ! -e $folder/installed ]] || export MECRIS_IAM_SIMULATOR=$folder/node_modules
}
install_simulator
