#!/bin/sh
# Builds libcudagraphs.so: build.sh OUTPUT LIBTORCH
# CXX and CXXFLAGS choose the compiler and more of its options. Without CUDA graphs the worker only decodes more slowly, so whatever is missing here is told and nothing is built.
set -eu
output=$1
libtorch=$2
here=$(dirname "$0")
compiler=${CXX:-g++}
rm -f "$output"

without() {
  echo "CUDA graphs are not built: $*"
  exit 0
}

[ -f "$libtorch/include/ATen/cuda/CUDAGraph.h" ] || without "$libtorch has no include/ATen/cuda/CUDAGraph.h"

. "$here/../../../polyfills/TorchSharp/native/libtorch.sh"
[ -n "$standard" ] || without "libtorch's headers or the C++ compiler '$compiler' were not found"

# The toolkit's headers: those of the Python wheels beside libtorch's, or an installed toolkit's.
toolkit=
for folder in "$libtorch"/../nvidia/*/include ${CUDA_HOME:+"$CUDA_HOME/include"} /usr/local/cuda/include; do
  [ -d "$folder" ] && toolkit="$toolkit -I$folder"
done
include="$include $toolkit"
# shellcheck disable=SC2086
printf '#include <cuda.h>\n#include <cuda_runtime_api.h>\n' | "$compiler" -E -x c++ $include - >/dev/null 2>&1 ||
  without "cuda.h and cuda_runtime_api.h of the CUDA toolkit, with what they include, were not found; set CUDA_HOME to its folder"

mkdir -p "$(dirname "$output")"
# The toolkit's own library comes with libtorch's. --no-as-needed: libtorch_cuda may be split in parts, of which the first loads the others.
# shellcheck disable=SC2086
"$compiler" -std=$standard -O2 -fPIC -shared -fvisibility=hidden -w -D_GLIBCXX_USE_CXX11_ABI=$abi $include ${CXXFLAGS:-} "$here/graphs.cpp" -o "$output.$$" \
  -L"$libtorch/lib" -Wl,-rpath,"$libtorch/lib" -Wl,--no-as-needed -ltorch -ltorch_cpu -ltorch_cuda -lc10_cuda -lc10 ||
  without "the compiler's messages stand above"
mv -f "$output.$$" "$output"
