# Sourced: what the portable build and test need, installed where it is missing.

die() {
  echo "error: $*" >&2
  exit 1
}

# install_missing COMMAND|FILE PACKAGE ...: the packages of what is not there, in one go.
install_missing() {
  local packages=() run=()
  while [ $# -gt 0 ]; do
    command -v "$1" >/dev/null || [ -e "$1" ] || packages+=("$2")
    shift 2
  done
  [ ${#packages[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null \
    || die "missing: ${packages[*]} (names of Debian packages); install them and run this again"
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null \
      || die "missing: ${packages[*]}; run 'apt-get install ${packages[*]}' as root"
    run=(sudo)
  fi
  echo "installing: ${packages[*]}"
  "${run[@]}" apt-get update -qq && "${run[@]}" apt-get install -y -qq "${packages[@]}" >/dev/null \
    || die "could not install ${packages[*]}"
}

[ "$(uname -sm)" = "Linux x86_64" ] \
  || die "the portable test crosses from Linux on x86-64, and this is $(uname -sm)"
command -v swiftc >/dev/null || die "no swiftc on the path; install Swift 6.2 or later from swift.org"
toolchain=$(dirname "$(readlink -f "$(command -v swiftc)")")
clang=$toolchain/clang
[ -x "$clang" ] || die "no clang beside swiftc in $toolchain"
wasm_ld=$toolchain/wasm-ld
[ -x "$wasm_ld" ] || die "no wasm-ld beside swiftc in $toolchain"
install_missing qemu-aarch64 qemu-user node nodejs \
  /usr/aarch64-linux-gnu/include/stdio.h libc6-dev-arm64-cross \
  /usr/lib/gcc-cross/aarch64-linux-gnu libgcc-12-dev-arm64-cross
