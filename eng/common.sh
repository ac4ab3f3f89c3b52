# Sourced by every script here and by ./autobid.
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
CACHE="${AUTOBID_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/autobid}"

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en

# Progress goes to stderr: stdout belongs to the command the user asked for.
say() { printf 'autobid: %s\n' "$*" >&2; }
die() { printf 'autobid: error: %s\n' "$*" >&2; exit 1; }

require_dotnet() {
  command -v dotnet >/dev/null || die "the .NET 10 SDK is not on PATH; install it and run this again"
  dotnet --list-sdks | grep -q '^10\.' || die "needs the .NET 10 SDK; found: $(dotnet --list-sdks | tr '\n' ' ')"
}

# apt_install PACKAGE...: false where packages cannot be installed from here.
apt_install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  say "installing $* (apt)"
  local log; log="$(mktemp)"
  if { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null; then
    rm -f "$log"; return 0
  fi
  tail -n 3 "$log" >&2; rm -f "$log"; return 1
}

# require_tools COMMAND=PACKAGE...: installs what is missing, or says what to install.
require_tools() {
  local pair missing=()
  for pair in "$@"; do command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}"); done
  [ ${#missing[@]} = 0 ] || apt_install "${missing[@]}" || die "please install: ${missing[*]}"
}

# under_lock FILE COMMAND...: one at a time per FILE. The command does not inherit the lock (-o), so that the
# build servers that it leaves behind cannot hold it.
under_lock() {
  local lock="$1"; shift
  mkdir -p "$(dirname "$lock")"
  flock -n -o "$lock" true || say "waiting for another autobid process ($lock)"
  flock -o "$lock" "$@"
}
