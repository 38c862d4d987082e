#!/bin/sh
# Builds libtorchshim.so: build.sh OUTPUT [LIBTORCH]
# CXX and CXXFLAGS choose the compiler and more of its options. LIBTORCH is a folder with include/ and lib/ (an unpacked libtorch, or the torch folder of a Python wheel); without it, the system's libtorch is used.
set -eu
output=$1
libtorch=${2:-}
here=$(dirname "$0")
compiler=${CXX:-g++}
packages="libtorch-dev libopenblas0-pthread"

fail() {
  # MSBuild shows lines of this form as errors.
  echo "TorchSharp : error LTS0001 : $*" >&2
  exit 1
}

command -v "$compiler" >/dev/null 2>&1 || fail "the C++ compiler '$compiler' was not found; it builds the libtorch shim. On Debian and Ubuntu: apt-get install g++ $packages"

if [ -n "$libtorch" ]; then
  [ -f "$libtorch/include/ATen/core/Tensor.h" ] || fail "LIBTORCH=$libtorch has no include/ATen/core/Tensor.h; name the folder of an unpacked libtorch (it holds include/ and lib/)"
  link="-L$libtorch/lib -Wl,-rpath,$libtorch/lib"
else
  link=
fi
. "$here/libtorch.sh"
[ -n "$standard" ] || fail "libtorch's headers were not found. On Debian and Ubuntu: apt-get install $packages. Or set LIBTORCH to the folder of an unpacked libtorch"

mkdir -p "$(dirname "$output")"
objects=
pids=
for source in "$here"/*.cpp; do
  object=$output.$$.$(basename "$source" .cpp).o
  objects="$objects $object"
  # shellcheck disable=SC2086
  "$compiler" -std=$standard -O2 -fPIC -fvisibility=hidden -w -D_GLIBCXX_USE_CXX11_ABI=$abi $include ${CXXFLAGS:-} -c "$source" -o "$object" &
  pids="$pids $!"
done
for pid in $pids; do
  wait "$pid" || fail "the libtorch shim did not compile; the compiler's messages stand above"
done
# A CUDA build's libtorch.so needs its libtorch_cuda.so, so that naming the first, although nothing in it is called, loads the second and registers its kernels.
# shellcheck disable=SC2086
"$compiler" -shared -o "$output.$$" $objects $link -Wl,--no-as-needed -ltorch -ltorch_cpu -lc10 ||
  fail "the libtorch shim did not link. On Debian and Ubuntu: apt-get install $packages"
# shellcheck disable=SC2086
rm -f $objects
# In one step: a program that has the former library open keeps it.
mv -f "$output.$$" "$output"
