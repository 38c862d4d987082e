#!/usr/bin/env bash
# Prints the version of this tree, which stands in Directory.Build.props.
set -euo pipefail
sed -n 's:.*<VersionPrefix>\(.*\)</VersionPrefix>.*:\1:p' "$(dirname "$0")/../Directory.Build.props"
