#!/usr/bin/env bash
# Decides where the packages come from and leaves the answer in .packages/setup:
#   official   the configured sources have every package: nothing else is needed
#   local      they do not: a NuGet.config (git-ignored) adds the local feed for exactly those ids, and a
#              repo-local packages folder keeps them out of the user's global cache
# Delete .packages/setup to decide again.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

hash="$("$ROOT/eng/feed/hash.sh")"
marker="$ROOT/.packages/setup"
ids=(Microsoft.ML.OnnxRuntime.Managed Microsoft.ML.OnnxRuntime.Gpu.Linux Microsoft.ML.OnnxRuntime.Gpu librdkafka.redist)

ours() { grep -qs 'Written by ./autobid setup' "$ROOT/NuGet.config"; }

settled() {
  case "$(cat "$marker" 2>/dev/null)" in
    "official $hash") ! ours ;;
    "local $hash") ours && [ -d "$CACHE/feed/$hash" ] ;;
    *) false ;;
  esac
}

# Prints official or local. Only "no such package" means local: a source that cannot be reached is an error.
probe() {
  local dir log; dir="$(mktemp -d "$CACHE/.probe.XXXXXX")"; log="$dir/log"
  cat >"$dir/probe.csproj" <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework><NuGetAudit>false</NuGetAudit></PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Microsoft.ML.OnnxRuntime.Gpu" Version="[1.29.0]" />
    <PackageReference Include="librdkafka.redist" Version="[2.15.1]" />
  </ItemGroup>
</Project>
XML
  if dotnet restore "$dir/probe.csproj" -v q --nologo >"$log" 2>&1; then echo official
  elif ! grep -q 'NU1301' "$log" && grep -qE 'NU110[123]' "$log"; then echo local
  else say "$(grep -m1 -oE 'error .*' "$log" || tail -n 1 "$log")"; rm -rf "$dir"; die "cannot ask the configured package sources"
  fi
  rm -rf "$dir"
}

# Source names as this machine knows them, asked beside the repository so that our own file is not read back.
source_names() { (cd "$ROOT/.." && dotnet nuget list source) | sed -nE 's/^ +[0-9]+\. +(.*) \[Enabled\]$/\1/p'; }
has_mapping() { (cd "$ROOT/.." && dotnet nuget config paths) | tr '\n' '\0' | xargs -0r grep -lqs '<packageSourceMapping' 2>/dev/null; }
escape() { sed 's/&/\&amp;/g; s/"/\&quot;/g; s/</\&lt;/g'; }

write_config() {
  local feed; feed="$(escape <<<"$1")"
  cat <<XML
<?xml version="1.0" encoding="utf-8"?>
<!-- Written by ./autobid setup. Adds the packages that this machine's sources lack. -->
<configuration>
  <config>
    <add key="globalPackagesFolder" value=".packages" />
  </config>
  <packageSources>
    <add key="autobid-local" value="$feed" />
  </packageSources>
  <packageSourceMapping>
    <packageSource key="autobid-local">
$(printf '      <package pattern="%s" />\n' "${ids[@]}")
    </packageSource>
XML
  # A user's own mapping stays as it is; without one, everything else may come from every other source.
  has_mapping || source_names | escape | while read -r name; do
    printf '    <packageSource key="%s">\n      <package pattern="*" />\n    </packageSource>\n' "$name"
  done
  printf '  </packageSourceMapping>\n</configuration>\n'
}

if [ "${1:-}" != --locked ]; then
  settled || under_lock "$ROOT/.packages/lock" "$ROOT/eng/feed/select-feed.sh" --locked
  exit
fi
settled && exit 0

require_dotnet
mkdir -p "$CACHE/feed"
answer="$CACHE/feed/probe-$( (dotnet nuget list source; echo "$hash") | sha256sum | cut -c1-16)"
[ -s "$answer" ] || { kind="$(probe)"; echo "$kind" >"$answer"; }
kind="$(cat "$answer")"

if [ "$kind" = local ]; then
  [ ! -e "$ROOT/NuGet.config" ] || ours || die "NuGet.config in the repository root is not ours; move its settings to your user's configuration"
  feed="$("$ROOT/eng/feed/build-feed.sh")"
  # Same ids and versions, perhaps from an older feed: what was unpacked from it must not be used.
  for id in "${ids[@]}"; do rm -rf "$ROOT/.packages/${id,,}"; done
  write_config "$feed" >"$ROOT/.packages/NuGet.config.new"
  mv "$ROOT/.packages/NuGet.config.new" "$ROOT/NuGet.config"
elif ours; then
  rm "$ROOT/NuGet.config"
fi
echo "$kind $hash" >"$marker"
