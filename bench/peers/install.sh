#!/usr/bin/env bash
# Makes the environment of the systems that Shrike is measured against: Python packages in bench/.venv, ONNX Runtime
# for Node in bench/.cache/node. Running it again changes nothing unless a pinned version changed.
# With `tests`, only what tests run, in a tenth of the time, where there is no environment yet.
set -u
cd "$(dirname "$0")/../.." || exit 1

venv=bench/.venv
requirements=bench/peers/requirements.txt
node_peers=bench/.cache/node
onnxruntime_node=1.30.0

fail() {
  printf 'bench:peers: %s\n' "$@" >&2
  exit 1
}

find_python() {
  local candidate
  for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
}

make_venv() {
  local python
  python=$(find_python)
  [ -n "$python" ] || fail 'no Python 3.11 or later found (tried PYTHON, python3, python3.11 to python3.14).' \
    'Install one, or name it: PYTHON=/path/to/python3 npm run bench:peers'
  "$python" -c 'import venv, ensurepip' 2>/dev/null || fail "$python has no venv module." \
    'On Debian and Ubuntu: apt-get install python3-venv'
  echo "Python peers: making $venv with $("$python" --version)"
  "$python" -m venv "$venv" || fail "$python could not make $venv (see above)."
}

install_what_tests_run() {
  if [ -x "$venv/bin/schemathesis" ]; then return; fi
  [ -x "$venv/bin/python" ] || make_venv
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile --only-binary :all: -c "$requirements" \
    schemathesis safetensors numpy || fail 'the packages could not be installed (see above).'
}

install_python_peers() {
  # The environment is right when it holds exactly the list that is in the repository now.
  if [ -x "$venv/bin/python" ] && cmp -s "$requirements" "$venv/installed.txt"; then
    echo "Python peers: up to date in $venv"
    return
  fi
  [ -x "$venv/bin/python" ] || make_venv
  echo 'Python peers: installing the pinned packages (some 600 MB to download the first time)'
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: -r "$requirements" ||
    fail 'the packages could not be installed (see above). Is the package index reachable, and is there a wheel for this' \
      'Python version and processor? Run the same command again when it is: it goes on where it stopped.'
  "$venv/bin/python" -c 'import sklearn, imblearn, pandas, fastapi, uvicorn, onnxruntime' ||
    fail "the packages were installed into $venv but can't be loaded (see above)."
  cp "$requirements" "$venv/installed.txt"
  echo "Python peers: ready in $venv"
}

# ONNX Runtime for Node is one more rival of one benchmark: without it the others still run, so it only warns.
install_node_peers() {
  local package="$node_peers/node_modules/onnxruntime-node/package.json"
  if grep -qs "\"version\": \"$onnxruntime_node\"" "$package"; then
    echo "Node peer: up to date in $node_peers"
    return
  fi
  mkdir -p "$node_peers"
  printf '{ "private": true }\n' >"$node_peers/package.json"
  # Its install script would download the GPU libraries; the CPU's are in the package itself.
  if ONNXRUNTIME_NODE_INSTALL=skip npm install --prefix "$node_peers" --save-exact --no-audit --no-fund --loglevel error \
    "onnxruntime-node@$onnxruntime_node"; then
    echo "Node peer: ready in $node_peers"
  else
    echo "bench:peers: onnxruntime-node could not be installed; one-row scoring is compared with Python's only." >&2
  fi
}

if [ "${1-}" = tests ]; then
  install_what_tests_run
  exit 0
fi
install_python_peers
install_node_peers
command -v wrk >/dev/null || echo 'bench:peers: wrk is not installed; the HTTP benchmark needs it (apt-get install wrk).' >&2
command -v taskset >/dev/null || echo 'bench:peers: taskset (util-linux) is missing; the HTTP benchmark needs it.' >&2
exit 0
